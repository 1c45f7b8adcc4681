"""Stochastic gradient Nose-Hoover thermostat."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.samplers.acting_noise import DECAY, GradientNoise
from bayesian_gan.samplers.sampler import Sampler, check_number

# Velocities this much hotter than T are those of a descent, and tell nothing of the gradients' noise;
# of few weights they are so by chance.
_FAR = 10.0
# What is measured by chance must not take all friction away.
_LEAST = 0.1


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class SGNHT(Sampler):
    r"""Stochastic gradient Nose-Hoover thermostat (Ding et al. 2014, algorithm 2).

    With g the minibatch gradient of U/N, eta = learning_rate / N, a = friction, mu =
    thermostat_mass:

        v     <- (1 - alpha) v - learning_rate g + sqrt(2 a T eta) xi,    xi ~ N(0, 1)
        theta <- theta + v
        alpha <- alpha + a^2 / mu (mean(v^2) / w - 1),    w = 2 T eta / (2 - alpha)

    with one alpha in [a / 10, 1], and the mean over the elements of all variables. It starts at a
    and grows until the velocities have the variance w that T asks for, so it takes up gradient
    noise of a constant, *unknown* variance. Target: exp(-U(theta) / T).

    **Minibatches without replacement.** Their noise heats the velocities, but cancels over an epoch,
    so that positions feel little of it; a thermostat that cools it makes them too cold. So from
    mean(v^2) is taken what does not act: H / (alpha (2 - alpha)), with the heat

        H = mean( -learning_rate g (v' + (1 - alpha) v) - learning_rate^2 share V )

    an iteration, v' being the next velocity and share V what acts (`GradientNoise`). The first part
    is the work of the minibatch gradients on the chain, in which that of a potential cancels. Of
    independent minibatches H is 0, up to what is measured by chance.

    Two more things differ from the paper. Its third line asks for mean(v^2) = T eta, the limit of small
    friction; w is what this discretisation has at its target, and with it the variance of a
    Gaussian comes out without any error of order alpha. And its mass is a number in other units:
    there the increment is mean(v^2) - T eta itself, which shrinks as 1 / N and is below float32's
    resolution for most data sets. Here it is relative to w, so one mass means the same for any N,
    learning rate and temperature. mu = a^2 N / (T learning_rate) is the paper's.

    **The mass.** About the rest at alpha*, in which d weights share, the friction has a standard
    deviation of a / sqrt(mu d), and a change of the gradient noise decays within mu alpha* / a^2
    iterations (mu above 2 (a / alpha*)^2 is overdamped: no ringing). 10 keeps the friction of even
    a single weight positive, and adapts within 10 / a iterations.

    Far from the mode the velocities of the descent count as heat: alpha goes to 1, plain gradient
    descent, and comes back at a^2 / mu an iteration. `WarmStart` spares the chain that. Where T or
    the learning rate is 0 the thermostat stands still, so at T = 0 this is Keras's SGD with
    momentum 1 - a.

    Args:
        learning_rate: float or LearningRateSchedule, per *mean* gradient, as in SGD.
        num_data: N.
        friction: a in (0, 1], injected noise and initial friction.
        thermostat_mass: mu > 0, in units that no N changes; see above.
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
        thermostat_mass: float = 10.0,
        temperature: float | Schedule = 1.0,
        seed: int,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, num_data, temperature=temperature, seed=seed, **common)
        self.friction = check_number("friction", friction, 0.0, 1.0)
        self.thermostat_mass = check_number("thermostat_mass", thermostat_mass, 0.0)
        for argument in ("friction", "thermostat_mass"):
            if getattr(self, argument) == 0.0:
                raise ValueError(f"`{argument}` must be positive")

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes one velocity for each variable, at rest, and the thermostat."""
        if self.built:
            return
        super().build(variables)
        self.velocities = self.add_optimizer_variables(variables, "velocity")
        self._gradient_noise = GradientNoise(self, variables, DECAY, self.friction)
        start = keras.initializers.Constant(self.friction)
        # Like the counter: moved by the first replica only, since all of them agree.
        self.thermostat = self.add_variable(
            (), start, variables[0].dtype, "only_first_replica", name="thermostat"
        )

    def move(
        self, grads: Sequence[tf.Tensor | None], trainable_variables: Sequence[keras.Variable]
    ) -> None:
        """One iteration for finite gradients; the thermostat moves after all velocities."""
        moved = [
            self._get_variable_index(variable)
            for gradient, variable in zip(grads, trainable_variables, strict=True)
            if gradient is not None
        ]
        learning_rate = tf.convert_to_tensor(self.learning_rate)
        heat = self.current_temperature() * tf.cast(learning_rate, tf.float32) / self.num_data
        super().move(grads, trainable_variables)
        velocities = [self.velocities[index].value for index in moved]
        alpha = self.thermostat.value
        squares = [tf.cast(tf.reduce_sum(tf.square(v)), alpha.dtype) for v in velocities]
        weights = sum(v.shape.num_elements() for v in velocities)
        mean = tf.add_n(squares) / weights
        wanted = 2.0 * tf.cast(heat, alpha.dtype) / (2.0 - alpha)
        if not self.is_cold:
            far = mean > _FAR * (1.0 + 5.0 / weights) * wanted
            unheard = tf.cast(self._gradient_noise.unheard.value, alpha.dtype)
            mean -= unheard / (alpha * (2.0 - alpha))
            self._gradient_noise.advance(restart=far, size=weights)
        force = tf.math.divide_no_nan(mean - wanted, wanted)
        moved_to = alpha + self.friction**2 / self.thermostat_mass * force
        alpha.assign(tf.clip_by_value(moved_to, _LEAST * self.friction, 1.0))

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Moves one variable and its velocity; the noise joins the gradient as in SGHMC."""
        index = self._get_variable_index(variable)
        velocity = self.velocities[index].value
        lr = tf.cast(learning_rate, variable.dtype)
        kept = tf.cast(1.0 - self.thermostat.value, variable.dtype)
        force = tf.cast(gradient, variable.dtype)
        noise = self._noise(variable)
        heat = None if noise is None else self._measure(variable, force, noise, lr)
        before = kept * velocity
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=velocity.handle,
            lr=lr,
            grad=force if noise is None else force + noise,
            momentum=kept,
        )
        if heat is not None:
            work = tf.reduce_sum(-lr * force * (velocity.read_value() + before))
            self._gradient_noise.hear(work - heat)

    def _measure(
        self, variable: keras.Variable, gradient: tf.Tensor, noise: tf.Tensor, lr: tf.Tensor
    ) -> tf.Tensor:
        """The heat that acts on a variable's velocity in one iteration, a sum over its elements."""
        index = self._get_variable_index(variable)
        acting = self._gradient_noise.update(index, gradient)
        injected = tf.cast(self._noise_scale(lr), variable.dtype) ** 2
        position = tf.convert_to_tensor(variable)
        self._gradient_noise.respond(index, position, gradient, noise, injected, injected)
        return lr**2 * tf.reduce_sum(acting)

    @property
    def _noise_share(self) -> float:
        """The friction a; what the thermostat adds to it makes up for the gradient noise."""
        return self.friction

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return super().get_config() | {
            "friction": self.friction,
            "thermostat_mass": self.thermostat_mass,
        }
