"""Scale-adapted SGHMC."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.samplers.sampler import check_integer, check_number
from bayesian_gan.samplers.scales import FALL, Preconditioned
from bayesian_gan.samplers.sghmc import SGHMC

# The logarithm of what the floor has fallen by at the end of a burn-in, however short.
_WHOLE_FALL = 20.0


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class ScaleAdaptedSGHMC(Preconditioned, SGHMC):
    r"""SGHMC whose masses are learnt during a burn-in (Springenberg et al. 2016, section 4).

    During the first `burn_in` iterations, element by element, with g the minibatch gradient of U/N:

        h   <- h + (g - h) / (tau + 1)              running mean of the gradient
        V   <- V + (g^2 - V) / (tau + 1)            and of its square
        tau <- tau + 1 - tau h^2 / V                over a window that grows where g is mostly noise

    and in all of them, with G = 1 / (epsilon + sqrt(V)) as the inverse mass (smaller at the
    beginning of the burn-in: see `Preconditioned`),

        v     <- (1 - alpha) v - learning_rate G g + sqrt(2 (alpha - beta) T eta G) xi
        theta <- theta + v,    xi ~ N(0, 1)

    After the burn-in V is frozen, so the masses are constants and the target is exactly SGHMC's,
    exp(-U(theta) / T). Samples from the burn-in are not to be used. The paper subtracts the
    gradient noise by assuming V as its variance; `gradient_noise="fisher"` estimates it.

    Args:
        learning_rate: float or LearningRateSchedule; a step in units of Adam's.
        num_data: N.
        burn_in: moves that learn the scales, 1,000 or so; after a `WarmStart` they count from its
            end. 0 is only for a `WarmStart` that hands over second moments, and takes them as
            they are.
        epsilon: > 0, keeps G finite.
        seed: int >= 0: see `Sampler`.
        **others: `friction`, `gradient_noise` and `gradient_noise_decay`: see `SGHMC`; and
            `temperature`, `noise` and `name`: see `Sampler`.

    Raises:
        TypeError, ValueError: see `Sampler`; or `mass` is given, which is learnt here; or, when
            built, there is neither a burn-in nor a warm-up that hands over.
    """

    _adapting = False  # Set while the burn-in's step is traced or run.

    def __init__(
        self,
        learning_rate: float | Schedule,
        num_data: float,
        *,
        burn_in: int,
        epsilon: float = 1e-5,
        seed: int,
        **others: Any,
    ) -> None:
        if "mass" in others:
            raise ValueError("`mass` is learnt in the burn-in: leave it out, or use SGHMC")
        super().__init__(learning_rate, num_data, seed=seed, **others)
        self.burn_in = check_integer("burn_in", burn_in, 0)
        self.epsilon = check_number("epsilon", epsilon, 0.0)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the slots of SGHMC and h, V and tau."""
        if self.built:
            return
        if self.burn_in == 0 and not self.scales_given:
            raise ValueError(
                "`burn_in` is 0, and nothing else gives the scales: use a burn_in of 1000 or so, "
                "or WarmStart(Adam(...), ..., hand_over_second_moments=True)"
            )
        super().build(variables)
        self._means = self.add_optimizer_variables(variables, "mean_gradient")
        self._windows = self.add_optimizer_variables(variables, "window", "ones")

    @property
    def phases(self) -> list[Callable[..., None]]:
        """Burn-in, then sampling."""
        return [self._burn_in, self.move]

    def phase(self) -> tf.Tensor:
        """0 in the burn-in, 1 after it."""
        return tf.cast(self.moves.value >= self.burn_in, tf.int32)

    def _burn_in(self, grads: Any, trainable_variables: Any) -> None:
        self._adapting = True
        self.move(grads, trainable_variables)
        self._adapting = False

    def _adapt(self, index: int, gradient: tf.Tensor) -> None:
        """Takes in one gradient during the burn-in."""
        if self._adapting:
            V, h = self.second_moments[index].value, self._means[index].value
            tau = self._windows[index].value
            h.assign_add((gradient - h) / (tau + 1.0))
            V.assign_add((tf.square(gradient) - V) / (tau + 1.0))
            tau.assign_add(1.0 - tau * tf.math.divide_no_nan(tf.square(h), V))

    def inverse_mass(self, index: int) -> tf.Tensor:
        """G of the variable with this index."""
        fall = max(FALL, _WHOLE_FALL / max(1, self.burn_in))
        floor = self._floor(fall) if self._adapting else 0.0
        return self._preconditioner(self.second_moments[index].value, floor)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        config = super().get_config() | {"burn_in": self.burn_in}
        del config["mass"]
        return config
