"""Ghost batch normalisation: batch statistics of chunks, running averages of the first chunk's kind."""

from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("bayesian_gan")
class GhostBatchNormalization(keras.layers.Layer):
    """Normalises each chunk of `ghost_batch_size` consecutive rows by its own mean and variance.

    The images of all generators pass a discriminator as one batch; a chunk is one generator's, so its
    statistics stay its own (Hoffer, Hubara & Soudry 2017, "Train longer, generalize better", call such
    a chunk a ghost batch). As in the authors' program there is no scale and no offset:

        y = (x - mean) / sqrt(variance + epsilon)

    with mean and biased variance over all axes but the first and the last of a chunk. Outside training,
    running averages stand in for them: `average <- momentum * average + (1 - momentum) * statistic`,
    updated by the mean over the chunks of each training call.

    Args:
        ghost_batch_size: rows of a chunk; None takes the whole batch. A batch with fewer rows is one
            chunk. `BayesianGAN.fit` sets it to the size of its minibatch.
        momentum: of the running averages, in [0, 1]; the authors' program has 0.9.
        epsilon: added to the variance, greater than 0.

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.ghost_batch_size = ghost_batch_size
        self.momentum = momentum
        self.epsilon = epsilon

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
            return _normalise(inputs, self.moving_mean, self.moving_variance, self.epsilon)
        chunk = self._chunk(inputs.shape[0])
        shape = (1, -1) if chunk is None else (-1, chunk)
        chunks = keras.ops.reshape(inputs, (*shape, *inputs.shape[1:]))
        axes = tuple(range(1, len(chunks.shape) - 1))
        mean, variance = keras.ops.moments(chunks, axes=axes, keepdims=True)
        self._update_running_averages(mean, variance)
        outputs = _normalise(chunks, mean, variance, self.epsilon)
        return keras.ops.reshape(outputs, keras.ops.shape(inputs))

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
        channels = self.moving_mean.shape[0]
        for average, statistic in ((self.moving_mean, mean), (self.moving_variance, variance)):
            batch = keras.ops.mean(keras.ops.reshape(statistic, (-1, channels)), axis=0)
            batch = keras.ops.cast(batch, average.dtype)
            average.assign(average * self.momentum + batch * (1.0 - self.momentum))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of the inputs."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return super().get_config() | {
            "ghost_batch_size": self.ghost_batch_size,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }


def _normalise(x: Any, mean: Any, variance: Any, epsilon: float) -> Any:
    """(x - mean) / sqrt(variance + epsilon), as one multiplication and one addition per element."""
    scale = keras.ops.rsqrt(keras.ops.cast(variance, x.dtype) + epsilon)
    return x * scale - keras.ops.cast(mean, x.dtype) * scale
