"""Ghost batch normalisation: statistics of chunks, and the activation in the same pass."""

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.networks.fused import differentiable, kernel
from bayesian_gan.samplers import stateless


@keras.saving.register_keras_serializable("bayesian_gan")
class GhostBatchNormalization(keras.layers.Layer):
    """Normalises each chunk of `ghost_batch_size` consecutive rows by its own mean and variance.

    The images of all generators pass a discriminator as one batch; a chunk is one generator's, so
    its statistics stay its own (Hoffer, Hubara & Soudry 2017, "Train longer, generalize better",
    call such a chunk a ghost batch). As in the authors' program there is no scale and no offset:

        y = (x - mean) / sqrt(variance + epsilon)

    with mean and biased variance over all axes but the first and the last of a chunk, and then, if
    a slope is given, leaky ReLU. Statistics are computed in float32 (float64 for float64 inputs).
    Outside training, running averages stand in for them: `average <- momentum * average + (1 -
    momentum) * statistic`, updated by the mean over the chunks of each training call.

    Args:
        ghost_batch_size: rows of a chunk; None takes the whole batch. A batch with fewer rows is
            one chunk. `BayesianGAN.fit` sets it to the size of its minibatch.
        momentum: of the running averages, in [0, 1]; the authors' program has 0.9.
        epsilon: added to the variance, greater than 0.
        negative_slope: of the leaky ReLU applied to y, in [0, 1]; 0 is ReLU, None no activation.
            One pass over memory does both.

    Call arguments:
        inputs: floats [rows, ..., channels]. Rows must be a multiple of the chunk, or fewer.
        training: True for batch statistics, False for running averages.

    Raises:
        ValueError: rows are neither fewer than a chunk nor a multiple of it.
    """

    def __init__(
        self,
        ghost_batch_size: int | None = None,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        negative_slope: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if negative_slope is not None and not 0.0 <= negative_slope <= 1.0:
            raise ValueError(f"negative_slope must lie in [0, 1], not {negative_slope}")
        self.ghost_batch_size = ghost_batch_size
        self.momentum = momentum
        self.epsilon = epsilon
        self.negative_slope = negative_slope

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Creates the running averages, one number per channel."""
        channels = (input_shape[-1],)
        self.moving_mean = self.add_weight(
            shape=channels, initializer="zeros", trainable=False, name="moving_mean"
        )
        self.moving_variance = self.add_weight(
            shape=channels, initializer="ones", trainable=False, name="moving_variance"
        )

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Returns the normalised inputs, of the same shape and dtype."""
        if not training:
            x = tf.cast(inputs, _working_type(inputs.dtype))
            mean, variance = (
                tf.cast(average, x.dtype) for average in (self.moving_mean, self.moving_variance)
            )
            y = (x - mean) * tf.math.rsqrt(variance + self.epsilon)
            if self.negative_slope is not None:
                # The numbers of `_activate`, in one pass over the memory where XLA does not fuse.
                y = tf.nn.leaky_relu(y, self.negative_slope)
            return tf.cast(y, inputs.dtype)
        outputs, mean, variance = ghost_normalise(
            inputs, self._chunk(inputs.shape[0]), self.epsilon, self.negative_slope
        )
        self._update_running_averages(mean, variance)
        return outputs

    def _chunk(self, rows: int | None) -> int | None:
        """The rows of a chunk, or None where the whole batch is one."""
        size = self.ghost_batch_size
        if size is None or (rows is not None and rows <= size):
            return None
        if rows is not None and rows % size:
            raise ValueError(
                f"{self.name}: {rows} rows are no multiple of ghost_batch_size = {size}; "
                "their statistics would mix images of two kinds"
            )
        return size

    def _update_running_averages(self, mean: tf.Tensor, variance: tf.Tensor) -> None:
        advance = stateless.traced_once(_advance, self.momentum)
        for average, statistic in ((self.moving_mean, mean), (self.moving_variance, variance)):
            average.assign(advance(tf.convert_to_tensor(average), statistic))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return super().get_config() | {
            "ghost_batch_size": self.ghost_batch_size,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "negative_slope": self.negative_slope,
        }


@keras.saving.register_keras_serializable("bayesian_gan")
class LayerNormalization(keras.layers.Layer):
    """Normalises each example by its own mean and variance (Ba, Kiros & Hinton 2016).

    y = (x - mean) / sqrt(variance + epsilon), then, if a slope is given, leaky ReLU; no scale and
    no offset. Examples stay independent of each other, which a critic's gradient penalty needs
    (Gulrajani et al. 2017). It needs second derivatives too, and those of
    `keras.layers.LayerNormalization` lack the mean's, as those of `tf.nn.moments` do.

    Args:
        epsilon: added to the variance, greater than 0.
        negative_slope: of the leaky ReLU, in [0, 1]; None for no activation.
    """

    def __init__(
        self, epsilon: float = 1e-5, negative_slope: float | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon, self.negative_slope = epsilon, negative_slope

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Returns the normalised inputs, of the same shape and dtype."""
        # As one channel, an example is a ghost batch of one row.
        column = tf.reshape(inputs, (-1, math.prod(inputs.shape[1:]), 1))
        outputs, _, _ = ghost_normalise(column, 1, self.epsilon, self.negative_slope)
        return tf.reshape(outputs, tf.shape(inputs))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        own = {"epsilon": self.epsilon, "negative_slope": self.negative_slope}
        return super().get_config() | own


def ghost_normalise(
    x: tf.Tensor, rows: int | None, epsilon: float, negative_slope: float | None
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Normalises chunks by their own statistics and applies leaky ReLU.

    The gradient is written down, so that it takes two passes over the memory, and computes the
    statistics again instead of keeping them: with u = (x - mean) / s, s^2 = variance + epsilon, and
    averages over a chunk,

        dL/dx = (g - mean(g) - u mean(g u)) / s,    g = dL/du.

    It is differentiable itself.

    Args:
        x: floats [n, ..., channels].
        rows: of a chunk, which n must be a multiple of; None takes all as one chunk.
        epsilon: added to the variance.
        negative_slope: of the leaky ReLU, or None for no activation.

    Returns:
        The outputs, of the shape and dtype of `x`; and the chunks' mean and biased variance,
        [chunks, channels], which no gradient passes through.
    """
    forward, backward = _passes(rows, epsilon, negative_slope, _on_cpu_only())

    @tf.custom_gradient
    def normalise(x: tf.Tensor) -> tuple[Any, Callable[..., tf.Tensor]]:
        return forward(x), lambda gradient, *_: backward(x, gradient)

    outputs, mean, variance = normalise(x)
    return outputs, tf.stop_gradient(mean), tf.stop_gradient(variance)


@cache
def _passes(
    rows: int | None, epsilon: float, negative_slope: float | None, fuse: bool
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The forward and the backward function, each one fused kernel of XLA's if `fuse`."""

    def statistics(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        chunks = _chunks(x, rows)
        mean = tf.reduce_mean(chunks, 1, keepdims=True)
        return chunks, mean, tf.reduce_mean(tf.square(chunks - mean), 1, keepdims=True)

    def forward(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        chunks, mean, variance = statistics(x)
        u = (chunks - mean) * tf.math.rsqrt(variance + epsilon)
        y = tf.cast(tf.reshape(_activate(u, negative_slope), tf.shape(x)), x.dtype)
        return y, tf.squeeze(mean, 1), tf.squeeze(variance, 1)

    def backward(x: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        chunks, mean, variance = statistics(x)
        inverse_s = tf.math.rsqrt(variance + epsilon)
        u, g = (chunks - mean) * inverse_s, _chunks(gradient, rows)
        if negative_slope is not None:
            g = tf.where(u > 0, g, negative_slope * g)
        mean_g, mean_gu = (tf.reduce_mean(v, 1, keepdims=True) for v in (g, g * u))
        return tf.cast(tf.reshape(inverse_s * (g - mean_g - u * mean_gu), tf.shape(x)), x.dtype)

    if not fuse:
        return forward, backward
    return kernel(forward), differentiable(backward)


def _advance(momentum: float, average: tf.Tensor, statistic: tf.Tensor) -> tf.Tensor:
    """Moves a running average, [channels], by the mean of the chunks' statistics, [chunks, channels]."""
    batch = tf.cast(tf.reduce_mean(statistic, axis=0), average.dtype)
    return average * momentum + batch * (1.0 - momentum)


def _on_cpu_only() -> bool:
    """Whether XLA shall compile the passes.

    On CPUs that makes them twice as fast. GPUs may lack XLA's tool chain.
    """
    return not tf.config.get_visible_devices("GPU")


def _chunks(x: tf.Tensor, rows: int | None) -> tf.Tensor:
    """[n, ..., channels] as [chunks, rows * ..., channels], in the working type."""
    channels = x.shape[-1]
    per_chunk = -1 if rows is None else rows * math.prod(x.shape[1:-1])
    chunks = tf.reshape(x, (1 if rows is None else -1, per_chunk, channels))
    return tf.cast(chunks, _working_type(x.dtype))


def _working_type(dtype: tf.DType) -> tf.DType:
    return tf.float64 if tf.as_dtype(dtype) == tf.float64 else tf.float32


def _activate(u: tf.Tensor, negative_slope: float | None) -> tf.Tensor:
    return u if negative_slope is None else tf.maximum(u, negative_slope * u)


def set_ghost_batch(models: Iterable[keras.Model], batch_size: int) -> None:
    """Gives every ghost batch normalisation of some networks chunks of this many rows."""
    for model in models:
        for layer in model._flatten_layers():
            if isinstance(layer, GhostBatchNormalization):
                layer.ghost_batch_size = batch_size
