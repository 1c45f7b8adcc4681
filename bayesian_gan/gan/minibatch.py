"""What `fit` trains on: checked images and labels, and the minibatches that a step draws from them."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import draw_indices, to_unit
from bayesian_gan.data.check_images import check_images
from bayesian_gan.data.source import ImageSource, image_source
from bayesian_gan.errors import InputError
from bayesian_gan.gan.order import WHOLE, Half
from bayesian_gan.gan.shards import take_shard
from bayesian_gan.seeds import ALGORITHM, Use, seed_pair

UNLABELLED = -1


@dataclass(frozen=True)
class TrainingData:
    """What `fit` trains on.

    Attributes:
        images: unlabelled images, uint8 or float32 [N, height, width, channels], or vectors, float32 [N, D]; in
            memory or mapped into it.
        labelled_images: [N_s, height, width, channels], or None without labels.
        labels: int32 [N_s], or None.
        batch_size: B, unlabelled images and generated images of each generator in a minibatch.
        labelled_batch_size: labelled images in a minibatch.
    """

    images: ImageSource
    labelled_images: tf.Tensor | None
    labels: tf.Tensor | None
    batch_size: int
    labelled_batch_size: int

    @property
    def all_labels(self) -> np.ndarray | None:
        """The labels as an array, [N_s]; None without."""
        return None if self.labels is None else self.labels.numpy()


@dataclass(frozen=True)
class Minibatch:
    """What one chain sees in one iteration.

    Attributes:
        real: float32 [B, height, width, channels] in [-1, 1]; or [B, D].
        labelled: float32 [labelled batch, height, width, channels], or None.
        labels: int32 [labelled batch], or None.
        z: float32 [generators that move, B, z_dim], in [-1, 1].
    """

    real: tf.Tensor
    labelled: tf.Tensor | None
    labels: tf.Tensor | None
    z: tf.Tensor


def training_data(
    x: np.ndarray,
    y: np.ndarray | None,
    *,
    image_shape: tuple[int, ...],
    num_classes: int,
    batch_size: int,
    labelled_batch_size: int | None,
) -> TrainingData:
    """Checks images and labels and holds them; see `BayesianGAN.fit` for the arguments.

    Raises:
        InputError: images or labels that do not fit the networks.
    """
    images = check_images(x, image_shape)
    if batch_size < 2:
        raise InputError(f"batch_size must be at least 2, not {batch_size}")
    if (y is not None) != (num_classes > 1):
        raise InputError(
            f"a discriminator with {num_classes} logits needs "
            + ("labels y (-1 where there is none)" if y is None else "no labels y")
        )
    if y is None:
        return TrainingData(image_source(images), None, None, batch_size, 0)
    labels = np.asarray(y)
    if labels.shape != (len(images),) or labels.dtype.kind not in "iu":
        raise InputError(
            f"y must be {len(images)} integers, one for each image, not {labels.dtype} "
            f"of shape {labels.shape}"
        )
    labelled = np.flatnonzero(labels != UNLABELLED)
    if not len(labelled):
        raise InputError("y labels no image: all are -1")
    if labels.min() < UNLABELLED or labels.max() >= num_classes:
        raise InputError(
            f"labels must lie in 0..{num_classes - 1} (-1 for none), not "
            f"{labels.min()}..{labels.max()}"
        )
    return TrainingData(
        image_source(images),
        tf.constant(images[labelled]),
        tf.constant(labels[labelled], tf.int32),
        batch_size,
        labelled_batch_size or min(batch_size, len(labelled)),
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
) -> Minibatch:
    """The minibatch and the noise of a chain: a function of (seed, chain, step).

    Args:
        data: what is trained on.
        seed: of the model.
        chain: index of the chain.
        step: iteration, an integer scalar.
        generators: how many of the chain move in this iteration.
        z_dim: dimension of z.
        part: number of a shard, or None for the whole minibatch, and how many shards there are.
        half: of the iteration; the images are those of all of it, z is its own.
    """
    z = tf.random.stateless_uniform(
        (generators, data.batch_size, z_dim),
        seed_pair((seed, Use.Z, chain, *half.fold), step),
        -1.0,
        1.0,
        alg=ALGORITHM,
    )
    z = take_shard(z, *part, axis=1)
    unlabelled = draw_indices(
        seed_pair((seed, Use.UNLABELLED, chain)), step, data.images.shape[0], data.batch_size
    )
    real = to_unit(data.images.gather(take_shard(unlabelled, *part)))
    if data.labels is None:
        return Minibatch(real, None, None, z)
    drawn = draw_indices(
        seed_pair((seed, Use.LABELLED, chain)), step, data.labels.shape[0], data.labelled_batch_size
    )
    drawn = take_shard(drawn, *part)
    labelled = to_unit(tf.gather(data.labelled_images, drawn))
    return Minibatch(real, labelled, tf.gather(data.labels, drawn), z)
