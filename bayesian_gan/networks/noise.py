"""Noise on activations, and forward passes whose noise is a function of a seed."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.samplers import stateless


class _Share:
    """Holds a variable, always 1, that `forward` replaces.

    It stands here because a variable that is the layer's own attribute would become its weight.
    """

    def __init__(self) -> None:
        self.variable = keras.Variable(
            1.0, trainable=False, dtype="float32", autocast=False, name="share"
        )


@keras.saving.register_keras_serializable("bayesian_gan")
class ActivationNoise(keras.layers.Layer):
    """Adds noise of a given standard deviation in training, none outside of it.

    The noise is uniform on [-sqrt(3) s, sqrt(3) s]: of the mean and the variance of normal noise of
    standard deviation s, at a fraction of its cost, which on a processor would be that of a layer.

    Args:
        stddev: s, at least 0; 0 does nothing.
        seed: of the layer's stream. `forward` replaces it.

    Raises:
        ValueError: a negative standard deviation.
    """

    def __init__(self, stddev: float, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not stddev >= 0.0:
            raise ValueError(f"stddev must be at least 0, not {stddev}")
        self.stddev, self.seed = stddev, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.share = _Share()

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Returns the inputs with noise, of the same shape and dtype."""
        if not training or self.stddev == 0.0:
            return inputs
        bound = math.sqrt(3.0) * self.stddev * self.share.variable.value
        seed = tf.cast(self.seed_generator.next(), tf.int32)
        shape = inputs.shape if inputs.shape.is_fully_defined() else tf.shape(inputs)
        noise = stateless.uniform(shape, seed, -bound, bound)
        return inputs + tf.cast(noise, inputs.dtype)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return super().get_config() | {"stddev": self.stddev, "seed": self.seed}


def forward(
    network: keras.Model,
    inputs: tf.Tensor,
    seed: tf.Tensor,
    keep_averages: bool,
    noise: tf.Tensor | None = None,
) -> Any:
    """A pass in training whose random layers draw from `seed` instead of from a state of their own.

    So a training step is a function of its iteration, and runs go on bit for bit. It serves every
    Keras layer with a seed generator: noise, dropout, and others, in models inside the model too.

    Args:
        network: a Keras model.
        inputs: its inputs.
        seed: int32 [2], a stateless seed.
        keep_averages: whether what the pass writes, the running averages, is kept.
        noise: share of the standard deviation of every `ActivationNoise`, a float32 scalar; None
            for all of it.

    Returns:
        The network's outputs.
    """
    layers = network._flatten_layers()
    if keep_averages and not any(_states_of(layer) for layer in layers):
        return network(inputs, training=True)
    shares = []
    if noise is not None:
        shares = [(layer.share.variable, noise) for layer in layers if _is_noise(layer)]
    outputs, scope = scoped_forward(network, inputs, seed, shares)
    if keep_averages:
        for variable in network.non_trainable_weights:
            value = scope.get_current_value(variable)
            if value is not None:
                variable.assign(value)
    return outputs


def scoped_forward(
    network: keras.Model,
    inputs: tf.Tensor,
    seed: tf.Tensor,
    values: Sequence[tuple[keras.Variable, tf.Tensor]],
) -> tuple[Any, keras.StatelessScope]:
    """A pass in training that writes no variable; see `forward`.

    Args:
        network: a Keras model.
        inputs: its inputs.
        seed: int32 [2], what its random layers draw from.
        values: that variables have in the pass instead of their own.

    Returns:
        The outputs, and the scope that knows what the pass would have written.
    """
    states = [state for layer in network._flatten_layers() for state in _states_of(layer)]
    with _SeededScope(seed, states, values) as scope:
        outputs = network(inputs, training=True)
    return outputs, scope


class _SeededScope(keras.StatelessScope):
    """A scope in which the n-th draw of a pass has the seed fold_in(seed, n), whichever layer draws.

    Keras has a generator's state for a seed, and adds one to it after a draw. States that differed
    by one would give a layer that draws twice the seed of the next.

    Args:
        seed: int32 [2].
        states: of all generators of a network.
        values: see `scoped_forward`.
    """

    def __init__(
        self,
        seed: tf.Tensor,
        states: Sequence[keras.Variable],
        values: Sequence[tuple[keras.Variable, tf.Tensor]],
    ) -> None:
        super().__init__(state_mapping=values)
        self._seed, self._states, self._draws = seed, {id(state) for state in states}, 0

    def get_current_value(self, variable: keras.Variable) -> tf.Tensor | None:
        """The seed of the next draw for a generator's state; else what was given or written."""
        if id(variable) not in self._states:
            return super().get_current_value(variable)
        seed = stateless.fold_in(self._seed, self._draws)
        return tf.cast(seed, variable.dtype)

    def add_update(self, update: tuple[keras.Variable, tf.Tensor]) -> None:
        """What a generator writes says that it has drawn; the rest is kept."""
        if id(update[0]) in self._states:
            self._draws += 1
        else:
            super().add_update(update)


def _states_of(layer: keras.layers.Layer) -> list[keras.Variable]:
    """Of the seed generators of a layer that can draw, without those of layers inside."""
    if _is_noise(layer) and layer.stddev == 0.0:
        return []
    return [generator.state for generator in layer._seed_generators]


def _is_noise(layer: keras.layers.Layer) -> bool:
    return isinstance(layer, ActivationNoise)


def without_noise(network: keras.Model) -> None:
    """Turns the activation noise of a network off, in place."""
    for layer in network._flatten_layers():
        if _is_noise(layer):
            layer.stddev = 0.0
