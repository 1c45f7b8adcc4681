"""What `fit` trains on: checked images and labels, and the minibatches that a step draws from them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import draw_indices, to_unit
from bayesian_gan.data.check_images import check_images
from bayesian_gan.data.input_range import UNIT, InputRange
from bayesian_gan.data.labels import UNLABELLED, integer_labels, labelled_weights
from bayesian_gan.data.source import ImageSource, fits, held, image_source, rows_of
from bayesian_gan.errors import InputError
from bayesian_gan.gan.augment import Augment, draw
from bayesian_gan.gan.configured import check_number
from bayesian_gan.gan.order import WHOLE, Half
from bayesian_gan.gan.shards import take_shard
from bayesian_gan.samplers import stateless
from bayesian_gan.seeds import Use


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What `fit` trains on. What a graph reads of it are variables, which `refill` gives other data.

    Attributes:
        images: unlabelled images, uint8 or float32 [N, height, width, channels], or vectors, float32 [N, D]; in
            memory or mapped into it.
        labelled_images: of the same kind, [N_s, ...], or None without labels.
        labels: int32 [N_s], or None.
        weights: of the labelled examples in the labelled term, float32 [N_s]; None where all weigh 1.
        counts: labelled examples of each class, float64 [K], or None.
        kept: places of the labelled examples that each chain learns from, int32 [M, kept]; None where that
            is all of them.
        batch_size: B, unlabelled images and generated images of each generator in a minibatch.
        labelled_batch_size: labelled images in a minibatch.
        input_range: of images of floats.
    """

    images: ImageSource
    labelled_images: tf.Variable | None
    labels: tf.Variable | None
    weights: tf.Variable | None
    counts: tf.Variable | None
    kept: tf.Variable | None
    batch_size: int
    labelled_batch_size: int
    input_range: InputRange = UNIT

    @classmethod
    def hold(cls, checked: "CheckedData") -> "TrainingData":
        """Takes checked data into variables."""
        images, labels, weights, counts, kept = (
            None if values is None else held(values) for values in checked.labelled()
        )
        return cls(
            image_source(checked.images),
            images,
            labels,
            weights,
            counts,
            kept,
            checked.batch_size,
            checked.labelled_batch_size,
            checked.input_range,
        )

    def refill(self, checked: "CheckedData") -> bool:
        """Takes other data of the same shapes; False, and nothing is taken, where they do not fit."""
        same = (self.batch_size, self.labelled_batch_size, self.input_range) == (
            checked.batch_size,
            checked.labelled_batch_size,
            checked.input_range,
        )
        own = (self.labelled_images, self.labels, self.weights, self.counts, self.kept)
        pairs = list(zip(own, checked.labelled(), strict=True))
        if not (same and all(fits(*pair) for pair in pairs) and self.images.refill(checked.images)):
            return False
        for variable, values in pairs:
            if variable is not None:
                variable.assign(values)
        return True


@dataclass(frozen=True, eq=False)
class CheckedData:
    """Data that fit the networks, as arrays; see `TrainingData`."""

    images: np.ndarray
    labelled_images: np.ndarray | None
    labels: np.ndarray | None
    weights: np.ndarray | None
    counts: np.ndarray | None
    kept: np.ndarray | None
    batch_size: int
    labelled_batch_size: int
    input_range: InputRange

    def labelled(self) -> tuple[np.ndarray | None, ...]:
        """What belongs to the labelled examples."""
        return self.labelled_images, self.labels, self.weights, self.counts, self.kept


@dataclass(frozen=True)
class Minibatch:
    """What one chain sees in one iteration.

    Attributes:
        real: float32 [B, height, width, channels] in [-1, 1]; or [B, D].
        labelled: float32 [labelled batch, height, width, channels], or None.
        labels: int32 [labelled batch], or None.
        weights: of these in the labelled term, float32 [labelled batch]; None where all weigh 1.
        z: float32 [generators that move, B, z_dim], in [-1, 1].
    """

    real: tf.Tensor
    labelled: tf.Tensor | None
    labels: tf.Tensor | None
    weights: tf.Tensor | None
    z: tf.Tensor


def check_data(
    x: np.ndarray,
    y: Any,
    sample_weight: Any = None,
    class_weight: Mapping[int, float] | None = None,
    *,
    image_shape: tuple[int, ...],
    num_classes: int,
    class_names: Sequence[str] | None,
    batch_size: int,
    labelled_batch_size: int | None,
    input_range: InputRange = UNIT,
    kept_labels: Callable[[np.ndarray], np.ndarray | None] = lambda labels: None,
) -> CheckedData:
    """Checks images and labels; see `BayesianGAN.fit` for the arguments.

    `kept_labels` gives, of the labels of the labelled examples, which of these each chain learns from.

    Raises:
        InputError: they do not fit the networks.
    """
    images = check_images(x, image_shape, input_range, "x")
    check_number("batch_size", batch_size, low=2, whole=True)
    if labelled_batch_size is not None:
        check_number("labelled_batch_size", labelled_batch_size, low=1, whole=True)
    if (y is not None) != (num_classes > 1):
        raise InputError(
            f"a discriminator with {num_classes} logits needs "
            + ("labels y (-1 where there is none)" if y is None else "no labels y")
        )
    if y is None:
        for name, given in (("sample_weight", sample_weight), ("class_weight", class_weight)):
            if given is not None:
                raise InputError(
                    f"{name} weighs the labelled examples, and there are none: leave it out"
                )
        return CheckedData(images, None, None, None, None, None, batch_size, 0, input_range)
    labels = integer_labels(y, len(images), num_classes, class_names)
    labelled = np.flatnonzero(labels != UNLABELLED)
    if not len(labelled):
        raise InputError("y labels no image: all are -1")
    kept = kept_labels(labels[labelled])
    num_kept = len(labelled) if kept is None else kept.shape[1]
    return CheckedData(
        images,
        images[labelled],
        labels[labelled],
        labelled_weights(labels, sample_weight, class_weight),
        np.bincount(labels[labelled], minlength=num_classes).astype(np.float64),
        kept,
        int(batch_size),
        int(labelled_batch_size or min(batch_size, num_kept)),
        input_range,
    )


def draw_minibatch(
    data: TrainingData,
    seed: int,
    chain: int,
    step: tf.Tensor,
    generators: int,
    z_dim: int,
    part: tuple[tf.Tensor | None, int] = (None, 1),
    half: Half = WHOLE,
    augment: Augment | None = None,
    index: int = 0,
) -> Minibatch:
    """The minibatch and the noise of a chain: a function of (seed, chain, step).

    Args:
        data: what is trained on.
        seed: of the model.
        chain: number of the chain.
        step: iteration, an integer scalar.
        generators: how many of the chain move in this iteration.
        z_dim: dimension of z.
        part: number of a shard, or None for the whole minibatch, and how many shards there are.
        half: of the iteration; the images are those of all of it, z is its own.
        augment: what the real images go through; None for nothing.
        index: of the chain in its model.
    """
    z_seed = stateless.seed_pair((seed, Use.Z, chain, *half.fold), step)
    z = stateless.uniform((generators, data.batch_size, z_dim), z_seed, -1.0, 1.0)
    z = take_shard(z, *part, axis=1)
    unlabelled = draw_indices(
        stateless.seed_pair((seed, Use.UNLABELLED, chain)),
        step,
        data.images.shape[0],
        data.batch_size,
    )
    real = to_unit(data.images.gather(take_shard(unlabelled, *part)), data.input_range)

    def augmented(images: tf.Tensor, which: int, count: int) -> tf.Tensor:
        if augment is None:
            return images
        numbers = draw(stateless.seed_pair((seed, Use.AUGMENT, chain, which), step), count)
        return augment(images, take_shard(numbers, *part))

    real = augmented(real, 0, data.batch_size)
    if data.labels is None:
        return Minibatch(real, None, None, None, z)
    places = None if data.kept is None else tf.convert_to_tensor(data.kept)[index]
    num_labels = (data.labels if places is None else places).shape[0]
    drawn = draw_indices(
        stateless.seed_pair((seed, Use.LABELLED, chain)), step, num_labels, data.labelled_batch_size
    )
    drawn = take_shard(drawn if places is None else tf.gather(places, drawn), *part)

    def of_drawn(variable: tf.Variable | None) -> tf.Tensor | None:
        return None if variable is None else tf.gather(tf.convert_to_tensor(variable), drawn)

    labelled = to_unit(rows_of(data.labelled_images, drawn), data.input_range)
    labelled = augmented(labelled, 1, data.labelled_batch_size)
    return Minibatch(real, labelled, of_drawn(data.labels), of_drawn(data.weights), z)
