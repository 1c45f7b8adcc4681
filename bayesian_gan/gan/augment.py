"""Augmentation: real images, flipped, shifted and turned at random before both players see them."""

import math
from dataclasses import dataclass
from typing import Self

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.configured import Configured
from bayesian_gan.options.augment import parse_augment
from bayesian_gan.samplers import stateless

# What `--augment` means by each of its words.
STRENGTHS: dict[str, dict[str, float]] = {
    "flip": {"flip": 0.5},
    "shift": {"shift": 0.125},
    "affine": {"rotation": 15.0, "zoom": 0.12, "shear": 0.2, "slide": 2.0 / 28.0},
}
# Uniform numbers of one image: its flip, its shift of two sides, and the five of its affine map.
NUMBERS = 8


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Augment(Configured):
    """Transformations t of real images, drawn anew for each image of each minibatch.

    Each factor p(x | theta) of the likelihood, of unlabelled and of labelled images, becomes

        log p_aug(x | theta) = E_t[ log p(t(x) | theta) ],

    a geometric mean over t, of which a step sees an unbiased estimate by one t for each image. There are as
    many factors as before. All that is asked of a real image in a step, feature matching and the averaged
    weights of consistency among it, is asked of t(x), the same in both halves of an iteration.

    An image is first mapped by the affine map, about its centre and by bilinear interpolation, then shifted,
    then flipped. What comes from beyond its edge is the image, reflected with the edge's own pixels.

    Attributes:
        flip: probability of a mirror image, left for right; in [0, 1].
        shift: most whole pixels that an image moves in each direction, as a share of its side; in [0, 0.5].
        rotation: most degrees, either way; in [0, 180].
        zoom: it is enlarged by 1 - zoom to 1 + zoom; in [0, 1).
        shear: most of the horizontal shear, pixels a row; in [0, 1].
        slide: most that the affine map moves it, as a share of its side; in [0, 0.5].

    Raises:
        InputError: an argument out of its range.
    """

    flip: float = 0.0
    shift: float = 0.0
    rotation: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    slide: float = 0.0

    def __post_init__(self) -> None:
        self._check("rotation", low=0, high=180)
        self._check("zoom", low=0, below=1)
        for name, high in (("flip", 1), ("shear", 1), ("shift", 0.5), ("slide", 0.5)):
            self._check(name, low=0, high=high)

    @classmethod
    def of(cls, value: str) -> Self | None:
        """What a value of `--augment` means, such as "flip,shift"; None for "none".

        Raises:
            InputError: it has no such meaning.
        """
        names = parse_augment(value)
        return cls(**{k: v for n in names for k, v in STRENGTHS[n].items()}) if names else None

    def check(self, discriminator: keras.Model) -> None:
        """Raises InputError where the discriminator is of vectors, which cannot be turned."""
        shape = discriminator.input_shape[1:]
        if len(shape) != 3:
            raise InputError(
                f"augment (--augment) is of pictures, and these are vectors of {shape[0]} numbers: leave it out"
            )

    @property
    def is_affine(self) -> bool:
        """Whether it interpolates, which XLA cannot compile."""
        return bool(self.rotation or self.zoom or self.shear or self.slide)

    def __call__(self, images: tf.Tensor, numbers: tf.Tensor) -> tf.Tensor:
        """Transformed images.

        Args:
            images: float32 [B, height, width, channels].
            numbers: `draw` of as many.
        """
        if self.is_affine:
            images = tf.raw_ops.ImageProjectiveTransformV3(
                images=images,
                transforms=self.maps(numbers, images.shape[1], images.shape[2]),
                output_shape=images.shape[1:3],
                fill_value=0.0,
                interpolation="BILINEAR",
                fill_mode="REFLECT",
            )
        if self.shift:
            for axis in (1, 2):
                images = _shifted(images, numbers[:, axis], self.shift, axis)
        if self.flip:
            mirrored = tf.reverse(images, axis=[2])
            images = tf.where((numbers[:, 0] < self.flip)[:, None, None, None], mirrored, images)
        return images

    def maps(self, numbers: tf.Tensor, height: int, width: int) -> tf.Tensor:
        """The affine map of each image, [B, 8]: where the pixel (x, y) of the new image comes from."""
        turn, zoom, shear, right, down = tf.unstack(2.0 * numbers[:, 3:] - 1.0, axis=1)
        angle = turn * (self.rotation * math.pi / 180.0)
        size, lean = 1.0 + self.zoom * zoom, self.shear * shear
        sine, cosine = tf.sin(angle) / size, tf.cos(angle) / size
        # A rotation after a shear.
        a, b, c, d = cosine, cosine * lean - sine, sine, sine * lean + cosine
        x, y = (width - 1) / 2.0, (height - 1) / 2.0
        from_x = x - a * x - b * y + self.slide * width * right
        from_y = y - c * x - d * y + self.slide * height * down
        nothing = tf.zeros_like(a)
        return tf.stack([a, b, from_x, c, d, from_y, nothing, nothing], axis=1)


def draw(seed: tf.Tensor, count: int) -> tf.Tensor:
    """What decides the transformations of so many images: uniform in [0, 1), float32 [count, 8].

    Args:
        seed: int32 [2], of one use.
        count: number of images.
    """
    return stateless.uniform((count, NUMBERS), seed)


def _shifted(images: tf.Tensor, uniform: tf.Tensor, share: float, axis: int) -> tf.Tensor:
    """Each image moved by whole pixels along an axis, and reflected at its edges.

    Args:
        images: [B, height, width, channels].
        uniform: [B], in [0, 1).
        share: of the side, the most that it moves.
        axis: 1 for height, 2 for width.
    """
    side = images.shape[axis]
    most = int(share * side)
    by = tf.cast(tf.floor(uniform * (2 * most + 1)), tf.int32) - most
    places = tf.range(side) - by[:, None]
    places = tf.where(places < 0, -1 - places, places)
    places = tf.where(places >= side, 2 * side - 1 - places, places)
    return tf.gather(images, places, axis=axis, batch_dims=1)
