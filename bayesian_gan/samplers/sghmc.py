"""Stochastic gradient Hamiltonian Monte Carlo."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.samplers.acting_noise import DECAY, GradientNoise, check_gradient_noise
from bayesian_gan.samplers.sampler import Sampler, check_number


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class SGHMC(Sampler):
    r"""Stochastic gradient Hamiltonian Monte Carlo (Chen, Fox & Guestrin 2014, equation 15).

    With g the minibatch gradient of U/N, eta = learning_rate / N, alpha = friction, m = mass:

        v     <- (1 - alpha) v - (learning_rate / m) g + sqrt(2 (alpha - beta) T eta / m) xi
        theta <- theta + v,    xi ~ N(0, 1)

    Momentum first, then position. Target: exp(-U(theta) / T). At T = 0 it is Keras's SGD with
    momentum 1 - alpha and learning rate learning_rate / m. Friction 0 (then the injected noise is 0
    too) is *naive* SGHMC, which diverges under gradient noise: it is there to be shown, not to be
    used.

    Args:
        learning_rate: float or LearningRateSchedule, per *mean* gradient, as in SGD.
        num_data: N.
        friction: alpha in [0, 1]: the fraction of the velocity that is lost in one iteration.
        gradient_noise: beta, what the noise of the minibatch gradient contributes already: a number
            in [0, alpha], eta V / (2 T m) for a gradient of U with variance V; or "fisher":
            estimated for every weight from the running variance of the minibatch gradients, and
            never more than alpha.
        gradient_noise_decay: decay of that running variance, in [0, 1].
        mass: m > 0, a number, or one number for each variable.
        temperature: T >= 0, a float or LearningRateSchedule; 1 is the posterior.
        seed: int >= 0: see `Sampler`.
        **common: `noise` and `name`: see `Sampler`.

    Raises:
        TypeError, ValueError: see `Sampler`.
    """

    def __init__(
        self,
        learning_rate: float | Schedule,
        num_data: float,
        *,
        friction: float = 0.1,
        gradient_noise: float | str = 0.0,
        gradient_noise_decay: float = DECAY,
        mass: float | Sequence[float] = 1.0,
        temperature: float | Schedule = 1.0,
        seed: int,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, num_data, temperature=temperature, seed=seed, **common)
        self.friction = check_number("friction", friction, 0.0, 1.0)
        self.gradient_noise = check_gradient_noise(gradient_noise, self.friction)
        self.gradient_noise_decay = check_number(
            "gradient_noise_decay", gradient_noise_decay, 0.0, 1.0
        )
        self.mass = _check_mass(mass)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes one velocity for each variable, at rest.

        `gradient_noise="fisher"` has two more slots for each.
        """
        if self.built:
            return
        super().build(variables)
        masses = [self.mass] * len(variables) if isinstance(self.mass, float) else list(self.mass)
        if len(masses) != len(variables):
            raise ValueError(f"`mass` has {len(masses)} numbers for {len(variables)} variables")
        self._masses = tuple(masses)
        self.velocities = self.add_optimizer_variables(variables, "velocity")
        if self.gradient_noise == "fisher":
            self._gradient_noise = GradientNoise(
                self, variables, self.gradient_noise_decay, self.friction
            )

    def move(
        self, grads: Sequence[tf.Tensor | None], trainable_variables: Sequence[keras.Variable]
    ) -> None:
        """One iteration for finite gradients."""
        super().move(grads, trainable_variables)
        if self.gradient_noise == "fisher" and not self.is_cold:
            self._gradient_noise.advance()

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Moves one variable and its velocity.

        The noise n joins the gradient before both enter the velocity, so that one fused operation
        moves both: v <- (1 - alpha) v - (lr / m) (g + n), with Var(n) = 2 (alpha - beta) T m / (lr
        N).
        """
        index = self._get_variable_index(variable)
        gradient = tf.cast(gradient, variable.dtype)
        noise = self._noise(variable)
        self._adapt(index, gradient)
        inverse_mass = self.inverse_mass(index)
        force = _times(inverse_mass, gradient)
        if noise is not None:
            if self.gradient_noise == "fisher":
                force += self._take_off(variable, force, noise, learning_rate)
            else:
                force += _times(inverse_mass**0.5, noise)
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.velocities[index].value.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            grad=force,
            momentum=tf.cast(1.0 - self.friction, variable.dtype),
        )

    def _take_off(
        self,
        variable: keras.Variable,
        force: tf.Tensor,
        noise: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> tf.Tensor:
        """What is left of the noise, which was drawn without beta, beside that of the force g / m."""
        index = self._get_variable_index(variable)
        scale = tf.cast(self._noise_scale(learning_rate), variable.dtype)
        due = self.inverse_mass(index) * scale**2
        injected = tf.maximum(due - self._gradient_noise.update(index, force), 0.0)
        left = noise * tf.math.divide_no_nan(tf.sqrt(injected), scale)
        position = tf.convert_to_tensor(variable)
        self._gradient_noise.respond(index, position, force, left, injected, due)
        return left

    def _adapt(self, index: int, gradient: tf.Tensor) -> None:
        """Learns the mass of one variable; here it is given."""

    def inverse_mass(self, index: int) -> float | tf.Tensor:
        """1 / m of the variable with this index, a scalar or of its shape."""
        return 1.0 / self._masses[index]

    def gradient_variance(self) -> list[tf.Tensor]:
        """What acts of the variance of the minibatch gradient of U/N, for each variable.

        Only a sampler with `gradient_noise="fisher"` knows it; see `GradientNoise`.
        """
        indices = range(len(self.velocities))
        return [self._gradient_noise.acting(i) / self.inverse_mass(i) ** 2 for i in indices]

    def acting_share(self) -> np.ndarray:
        """The share of successive differences' variance that acts, float32 [variables].

        Near 1 for independent minibatches. Only of a sampler with `gradient_noise="fisher"`.
        """
        return self._gradient_noise.share.numpy()

    @property
    def _noise_share(self) -> float:
        """Alpha - beta; all of alpha where beta is estimated, and taken off in `update_step`."""
        beta = 0.0 if isinstance(self.gradient_noise, str) else self.gradient_noise
        return self.friction - beta

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return super().get_config() | {
            "friction": self.friction,
            "gradient_noise": self.gradient_noise,
            "gradient_noise_decay": self.gradient_noise_decay,
            "mass": self.mass if isinstance(self.mass, float) else list(self.mass),
        }


def _times(factor: float | tf.Tensor, tensor: tf.Tensor) -> tf.Tensor:
    """The product, without the work if the factor is the number 1."""
    return tensor if isinstance(factor, float) and factor == 1.0 else factor * tensor


def _check_mass(mass: float | Sequence[float]) -> float | tuple[float, ...]:
    """Returns the mass, one positive number or several."""
    each = tuple(mass) if isinstance(mass, (list, tuple)) else (mass,)
    checked = tuple(check_number("mass", m, 0.0) for m in each)
    if 0.0 in checked:
        raise ValueError(f"`mass` must be positive, not {mass!r}")
    return checked if isinstance(mass, (list, tuple)) else checked[0]
