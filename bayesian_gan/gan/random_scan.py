"""Random scan: which block moves, and the weights that are read for it."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from bayesian_gan.gan.generators import Values
from bayesian_gan.samplers import stateless


def read_block(models: Sequence[keras.Model]) -> list[Values]:
    """The values of all weights of every model of a block, in the order of `model.weights`."""
    return [[tf.identity(v.value) for v in model.weights] for model in models]


def random_start(key: tuple[int, ...], step: tf.Tensor, count: int) -> tf.Tensor:
    """A uniform number in 0..count - 1, int32: a function of (key, step)."""
    return stateless.below(count, (), stateless.seed_pair(key, step))
