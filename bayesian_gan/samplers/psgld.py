"""Preconditioned stochastic gradient Langevin dynamics."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.samplers.sampler import check_number
from bayesian_gan.samplers.scales import Preconditioned


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class PSGLD(Preconditioned):
    r"""Langevin dynamics preconditioned as RMSprop (Li, Chen, Carlson & Carin 2016, algorithm 1).

    With g the minibatch gradient of U/N and eta = learning_rate / N, element by element:

        V     <- rho V + (1 - rho) g^2,    but g^2 at the first gradient
        G     =  1 / (epsilon + sqrt(V)),    smaller in the first iterations: see `Preconditioned`
        theta <- theta - learning_rate G g + eta T Gamma + sqrt(2 T eta G) xi,    xi ~ N(0, 1)

    Target: exp(-U(theta) / T), as far as G varies slowly: the averaging time 1 / (1 - rho) must be
    long beside the chain's own correlation time, or Gamma = dG / dtheta must be there
    (docs/explanation/samplers.md has the size of the bias). At T = 0 it is Keras's RMSprop, but for V, which
    there begins at 0 and makes the first steps ten times too large, and for its epsilon, which is
    inside the root.

    Gamma is estimated without second derivatives. The last step contained z = sqrt(2 T eta G) xi,
    and by Stein's lemma E[xi (G(theta + z) - G(theta))] = sqrt(2 T eta G) E[Gamma]. So eta T Gamma
    is estimated without bias by sqrt(eta T / (2 G_last)) (G - G_last) xi_last. It costs one slot.

    Args:
        learning_rate: float or LearningRateSchedule; a step in units of RMSprop's.
        num_data: N.
        decay: rho in [0, 1).
        epsilon: > 0, keeps G finite.
        gamma_term: whether Gamma joins the drift.
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
        decay: float = 0.99,
        epsilon: float = 1e-5,
        gamma_term: bool = False,
        temperature: float | Schedule = 1.0,
        seed: int,
        **common: Any,
    ) -> None:
        super().__init__(learning_rate, num_data, temperature=temperature, seed=seed, **common)
        self.decay = check_number("decay", decay, 0.0, 1.0)
        self.epsilon = check_number("epsilon", epsilon, 0.0)
        self.gamma_term = bool(gamma_term)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the second moments V, and the last noise if Gamma is wanted."""
        if self.built:
            return
        super().build(variables)
        if self.gamma_term:
            self._last_noise = self.add_optimizer_variables(variables, "last_noise")

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Moves one variable: theta <- theta - learning_rate (G g + sqrt(G) n)."""
        index = self._get_variable_index(variable)
        gradient = tf.cast(gradient, variable.dtype)
        slot = self.second_moments[index].value
        last = slot.read_value()
        square, floor = tf.square(gradient), self._floor()
        moment = tf.where(last > 0.0, last + (1.0 - self.decay) * (square - last), square)
        G = self._preconditioner(moment, floor)
        force = G * gradient
        noise = self._noise(variable)
        if noise is not None:
            force += tf.sqrt(G) * noise
            if self.gamma_term:
                G_last = self._preconditioner(last, floor)
                slot_noise = self._last_noise[index].value
                # The noise entered with a minus sign, and learning_rate is common to all terms.
                force += 0.5 * (G - G_last) / tf.sqrt(G_last) * slot_noise
                slot_noise.assign(noise)
        slot.assign(moment)
        tf.raw_ops.ResourceApplyGradientDescent(
            var=variable.handle, alpha=tf.cast(learning_rate, variable.dtype), delta=force
        )

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return super().get_config() | {
            "decay": self.decay,
            "gamma_term": self.gamma_term,
        }
