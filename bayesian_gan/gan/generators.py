"""Generators in an iteration: the pass of an architecture, with the weights of each posterior sample."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.networks.noise import scoped_forward
from bayesian_gan.networks.outputs import to_float32
from bayesian_gan.samplers import stateless

Values = list[tf.Tensor]
Written = list[tf.Tensor | None]


class Architecture:
    """A pass in training through a network, as a pure function of its weights.

    In a graph the pass is one operation, whose function is traced once for all networks of the
    architecture, forward and backward: twenty generators would take twenty times as long before the first
    iteration. Executed eagerly it is the network's own Python.

    Args:
        template: a network of the architecture; its own weights are neither read nor written.

    Attributes:
        template: see above.
    """

    def __init__(self, template: keras.Model) -> None:
        self.template = template
        self._traced = tf.function(
            self._pass, autograph=False, experimental_attributes=stateless.APART
        )

    def __call__(
        self, trainable: Sequence[Any], averages: Sequence[Any], z: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, Written]:
        """The outputs, float32, and what the pass writes into the weights that are not trained.

        Args:
            trainable: values of `template.trainable_weights`, variables or tensors.
            averages: values of `template.non_trainable_weights`, likewise.
            z: inputs, [B, z_dim]; no gradient passes to them.
            seed: what is random in the pass draws from this, int32 [2].
        """
        call = self._pass if tf.executing_eagerly() else self._traced
        trainable, averages = (
            [tf.convert_to_tensor(w) for w in weights] for weights in (trainable, averages)
        )
        return call(trainable, averages, z, seed)

    def _pass(
        self, trainable: Values, averages: Values, z: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, Written]:
        # A function's gradient is of all its arguments; what nobody asks for would be computed.
        z, averages = tf.stop_gradient(z), [tf.stop_gradient(w) for w in averages]
        kept = self.template.non_trainable_weights
        values = [
            *zip(self.template.trainable_weights, trainable, strict=True),
            *zip(kept, averages, strict=True),
        ]
        outputs, scope = scoped_forward(self.template, z, seed, values)
        after = [scope.get_current_value(v) for v in kept]
        # Frozen weights are as they were.
        written = [
            new if new is not old else None for new, old in zip(after, averages, strict=True)
        ]
        return to_float32(outputs), written


class Generator:
    """A generator that moves: an architecture with the weights of one posterior sample.

    Args:
        architecture: of the generators.
        weights: all weights of the sample, in the order of `template.weights`: tensors, or variables.
        model: the network whose running averages a pass writes; None where a random scan's block is not
            known before, so that they are written later.

    Attributes:
        template: a network of the architecture.
        trainable: the trainable weights, by which its energy is differentiated.
        averages: the other weights: running averages, and what is frozen.
        written: what the last pass writes into each of them; None where it writes nothing.
    """

    def __init__(
        self, architecture: Architecture, weights: Sequence[Any], model: keras.Model | None = None
    ) -> None:
        self._architecture, self._model = architecture, model
        self.template = architecture.template
        values = dict(zip([id(v) for v in self.template.weights], weights, strict=True))
        self.trainable = [values[id(v)] for v in self.template.trainable_weights]
        self.averages = [values[id(v)] for v in self.template.non_trainable_weights]
        self.written: Written = [None] * len(self.averages)

    def images(self, z: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Images of z [B, z_dim] in training, float32; see `Architecture` for the arguments."""
        images, self.written = self._architecture(self.trainable, self.averages, z, seed)
        if self._model is not None:
            write_averages([self._model], [self.written])
        return images


def generator_of(architecture: Architecture, model: keras.Model) -> Generator:
    """The generator whose weights are a network's own; its passes write the running averages."""
    return Generator(architecture, [v.value for v in model.weights], model)


def write_averages(models: Sequence[keras.Model], written: Sequence[Written]) -> None:
    """Gives models the running averages that a pass of each has written."""
    for model, values in zip(models, written, strict=True):
        for variable, value in zip(model.non_trainable_weights, values, strict=True):
            if value is not None:
                variable.assign(value)
