"""Stochastic gradient Langevin dynamics."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.samplers.sampler import Sampler


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class SGLD(Sampler):
    r"""Stochastic gradient Langevin dynamics (Welling & Teh 2011, equation 4).

    With g the minibatch gradient of U/N and eta = learning_rate / N (the paper's epsilon is 2 eta):

        theta <- theta - learning_rate g + sqrt(2 T eta) xi,    xi ~ N(0, 1)

    Target: exp(-U(theta) / T). It is SGHMC at friction 1. At T = 0 it is Keras's SGD without momentum.
        Gradient
    noise of variance V (of U) adds eta V / 2 to T: let the step shrink (`PolynomialStep`), or use SGHMC,
    which can take it off.

    Args:
        learning_rate: float or LearningRateSchedule, per *mean* gradient, as in SGD.
        num_data: N.
        temperature: T >= 0, a float or a LearningRateSchedule.
        noise: "normal" or "rademacher".
        seed: int >= 0.
        name: name of the optimizer.
        **kwargs: see `Sampler`.

    Raises:
        TypeError, ValueError: an argument is of the wrong type or range; the message begins with its name.
    """

    def __init__(
        self,
        learning_rate: float | Schedule,
        num_data: float,
        *,
        temperature: float | Schedule = 1.0,
        noise: str = "normal",
        seed: int,
        name: str = "sgld",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            num_data,
            temperature=temperature,
            noise=noise,
            seed=seed,
            name=name,
            **kwargs,
        )

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Needs no slots."""
        if not self.built:
            super().build(variables)

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Moves one variable: theta <- theta - learning_rate (g + n), Var(n) = 2 T / (learning_rate N)."""
        force = tf.cast(gradient, variable.dtype)
        noise = self._noise(variable)
        if noise is not None:
            force += noise
        tf.raw_ops.ResourceApplyGradientDescent(
            var=variable.handle, alpha=tf.cast(learning_rate, variable.dtype), delta=force
        )

    def _noise_scale(self, learning_rate: tf.Tensor) -> tf.Tensor:
        """sqrt(2 T / (learning_rate N)), the noise in units of the gradient of U/N."""
        return langevin_noise_scale(self, learning_rate)


def langevin_noise_scale(sampler: Sampler, learning_rate: tf.Tensor) -> tf.Tensor:
    """sqrt(2 T / (learning_rate N)), a float32 scalar; 0 at learning rate 0."""
    power = 2.0 / sampler.num_data * sampler.current_temperature()
    return tf.sqrt(tf.math.divide_no_nan(power, tf.cast(learning_rate, tf.float32)))
