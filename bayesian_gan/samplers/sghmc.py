"""Stochastic gradient Hamiltonian Monte Carlo."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

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
        gradient_noise_decay: float = 0.99,
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
            self._variance = GradientVariance(self, variables, self.gradient_noise_decay)

    def move(
        self, grads: Sequence[tf.Tensor | None], trainable_variables: Sequence[keras.Variable]
    ) -> None:
        """One iteration for finite gradients."""
        super().move(grads, trainable_variables)
        if self.gradient_noise == "fisher" and not self.is_cold:
            self._variance.count.assign_add(1)

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
                # Drawn without beta; what the gradient noise brings already is taken off here.
                variance = self._variance.update(index, gradient)
                scale = tf.cast(self._noise_scale(learning_rate), variable.dtype)
                due = tf.maximum(inverse_mass * scale**2 - inverse_mass**2 * variance, 0.0)
                force += noise * tf.math.divide_no_nan(tf.sqrt(due), scale)
            else:
                force += _times(inverse_mass**0.5, noise)
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.velocities[index].value.handle,
            lr=tf.cast(learning_rate, variable.dtype),
            grad=force,
            momentum=tf.cast(1.0 - self.friction, variable.dtype),
        )

    def _adapt(self, index: int, gradient: tf.Tensor) -> None:
        """Learns the mass of one variable; here it is given."""

    def inverse_mass(self, index: int) -> float | tf.Tensor:
        """1 / m of the variable with this index, a scalar or of its shape."""
        return 1.0 / self._masses[index]

    def gradient_variance(self) -> list[tf.Tensor]:
        """Variance of the minibatch gradient of U/N, for each variable.

        Only a sampler with `gradient_noise="fisher"` knows it.
        """
        return [self._variance.value(index) for index in range(len(self.velocities))]

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


class GradientVariance:
    """Running variance of minibatch gradients, per weight, from differences of successive ones.

    E (g_t - g_{t-1})^2 / 2 is the variance of independent minibatches. Unlike a variance about a
    running mean it does not count the movement of the chain, which from one iteration to the next
    is small.

    Args:
        optimizer: whose slots these are.
        variables: the variables that it was built for.
        decay: of the exponential average; the start from zero is divided out.
    """

    def __init__(
        self, optimizer: Sampler, variables: Sequence[keras.Variable], decay: float
    ) -> None:
        self.decay = decay
        self.previous = optimizer.add_optimizer_variables(variables, "previous_gradient")
        self.mean = optimizer.add_optimizer_variables(variables, "gradient_variance")
        self.count = optimizer.add_variable(
            (), dtype="float32", aggregation="only_first_replica", name="gradient_count"
        )

    def update(self, index: int, gradient: tf.Tensor) -> tf.Tensor:
        """Takes in one gradient and returns the variance so far, of its shape.

        After the first gradient the variance is 0.
        """
        previous, mean = self.previous[index].value, self.mean[index].value
        count = tf.cast(self.count.value, gradient.dtype)
        seen = tf.cast(count > 0, gradient.dtype)
        square = seen * tf.square(gradient - previous) / 2.0
        new = mean + (1.0 - self.decay) * (square - mean)
        previous.assign(gradient)
        mean.assign(new)
        return tf.math.divide_no_nan(new, 1.0 - self.decay**count)

    def value(self, index: int) -> tf.Tensor:
        """The variance of one variable after the last iteration."""
        mean = self.mean[index].value
        differences = tf.cast(self.count.value, mean.dtype) - 1.0
        return tf.math.divide_no_nan(tf.identity(mean), 1.0 - self.decay**differences)


def check_gradient_noise(gradient_noise: float | str, friction: float) -> float | str:
    """Returns beta, a number in [0, friction], or the word "fisher"."""
    if isinstance(gradient_noise, str):
        if gradient_noise != "fisher":
            raise ValueError(
                f'`gradient_noise` must be a number or "fisher", not {gradient_noise!r}'
            )
        return gradient_noise
    beta = check_number("gradient_noise", gradient_noise, 0.0)
    if beta > friction:
        raise ValueError(
            f"`gradient_noise` must not exceed friction: {beta:g} > {friction:g}; use a smaller learning_rate, "
            "a larger batch or more friction"
        )
    return beta


def _check_mass(mass: float | Sequence[float]) -> float | tuple[float, ...]:
    """Returns the mass, one positive number or several."""
    each = tuple(mass) if isinstance(mass, (list, tuple)) else (mass,)
    checked = tuple(check_number("mass", m, 0.0) for m in each)
    if 0.0 in checked:
        raise ValueError(f"`mass` must be positive, not {mass!r}")
    return checked if isinstance(mass, (list, tuple)) else checked[0]
