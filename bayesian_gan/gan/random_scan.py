"""Random scan over generators: which block moves, and networks whose weights are tensors read for it."""

from collections.abc import Sequence
from typing import TypeAlias

import keras
import tensorflow as tf

from bayesian_gan.networks.noise import forward, scoped_forward
from bayesian_gan.networks.outputs import to_float32
from bayesian_gan.samplers import stateless
from bayesian_gan.seeds import seed_pair

Values = list[tf.Tensor]


class ScannedGenerator:
    """A generator of the block that moves: the architecture's layers with weights that are tensors.

    Args:
        template: of the architecture; its own weights are neither read nor written.
        weights: values of all weights of one posterior sample, in the order of `template.weights`.

    Attributes:
        trainable: values of the trainable weights.
        averages: values of the other weights, the running averages; new ones after a call in training.
    """

    def __init__(self, template: keras.Model, weights: Sequence[tf.Tensor]) -> None:
        self.template = template
        values = dict(zip([id(v) for v in template.weights], weights, strict=True))
        self.trainable: Values = [values[id(v)] for v in template.trainable_weights]
        self.averages: Values = [values[id(v)] for v in template.non_trainable_weights]

    def __call__(self, z: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Images of z in training, as the template makes them; what is random in it draws from the seed."""
        averages = self.template.non_trainable_weights
        values = [
            *zip(self.template.trainable_weights, self.trainable, strict=True),
            *zip(averages, self.averages, strict=True),
        ]
        images, scope = scoped_forward(self.template, z, seed, values)
        self.averages = [scope.get_current_value(v) for v in averages]
        return images


Generator: TypeAlias = keras.Model | ScannedGenerator


def images_of(generator: Generator, z: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Images of z in training, float32.

    Args:
        generator: of a random scan's block, or a network, whose running averages are written.
        z: [B, z_dim].
        seed: what is random in it draws from this, int32 [2].
    """
    if isinstance(generator, ScannedGenerator):
        return to_float32(generator(z, seed))
    return to_float32(forward(generator, z, seed, keep_averages=True))


def weights_of(generator: Generator) -> list[tf.Tensor | tf.Variable]:
    """What the energy of a network is differentiated by."""
    if isinstance(generator, ScannedGenerator):
        return generator.trainable
    return [v.value for v in generator.trainable_variables]


def network_of(generator: Generator) -> keras.Model:
    """A network of its architecture."""
    return generator.template if isinstance(generator, ScannedGenerator) else generator


def read_block(models: Sequence[keras.Model]) -> list[Values]:
    """The values of all weights of every model of a block, in the order of `model.weights`."""
    return [[tf.identity(v.value) for v in model.weights] for model in models]


def write_averages(models: Sequence[keras.Model], averages: Sequence[Values]) -> None:
    """Gives the models of a block their new running averages."""
    for model, values in zip(models, averages, strict=True):
        for variable, value in zip(model.non_trainable_weights, values, strict=True):
            variable.assign(value)


def random_start(key: tuple[int, ...], step: tf.Tensor, count: int) -> tf.Tensor:
    """A uniform number in 0..count - 1, int32: a function of (key, step)."""
    return stateless.below(count, (), seed_pair(key, step))
