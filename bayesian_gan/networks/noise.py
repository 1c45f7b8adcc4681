"""Noise on activations, and forward passes whose noise is a function of a seed."""

import math
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.seeds import ALGORITHM


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
        noise = tf.random.stateless_uniform(
            tf.shape(inputs), seed, -bound, bound, tf.float32, ALGORITHM
        )
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
    Keras layer with a `seed_generator`: noise, dropout, and others.

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
    states = [
        layer.seed_generator.state
        for layer in network._flatten_layers()
        if getattr(layer, "seed_generator", None) is not None
    ]
    if not states and keep_averages:
        return network(inputs, training=True)
    mapping = [
        (state, tf.cast(tf.random.experimental.stateless_fold_in(seed, i), state.dtype))
        for i, state in enumerate(states)
    ]
    if noise is not None:
        mapping += [
            (layer.share.variable, noise)
            for layer in network._flatten_layers()
            if isinstance(layer, ActivationNoise)
        ]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        outputs = network(inputs, training=True)
    if keep_averages:
        for variable in network.non_trainable_variables:
            variable.assign(scope.get_current_value(variable))
    return outputs


def without_noise(network: keras.Model) -> None:
    """Turns the activation noise of a network off, in place."""
    for layer in network._flatten_layers():
        if isinstance(layer, ActivationNoise):
            layer.stddev = 0.0
