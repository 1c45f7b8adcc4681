"""What all samplers share: Keras's contract, the noise, the arguments and their checks."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.samplers.guard import GuardedOptimizer
from bayesian_gan.samplers.noise import KINDS, draw_block, make_blocks

# Each of these moves the chain in a way that its loss does not know of, so it would change the
# target density.
_REFUSED = {
    "weight_decay": "put the prior into the loss",
    "clipnorm": "use a smaller learning_rate",
    "clipvalue": "use a smaller learning_rate",
    "global_clipnorm": "use a smaller learning_rate",
    "use_ema": "average predictions over the samples with CollectPosterior",
    "ema_overwrite_frequency": "average predictions over the samples with CollectPosterior",
    "gradient_accumulation_steps": "use a larger batch",
}


class Sampler(GuardedOptimizer):
    """Base class of the samplers: a Keras optimizer that draws from exp(-U / T).

    The loss handed to it is U/N, the negative log posterior divided by the number of data: for a
    mean loss over a minibatch that is `mean loss - log prior / N`. All samplers use the step
    eta = learning_rate / num_data.

    A subclass makes its slots in `build`, moves one variable in `update_step`, and hands the
    arguments below on to this class. In `update_step`, `self._noise(variable)` is the noise that
    was drawn for the variable, with standard deviation `self._noise_scale(learning_rate)`.

    Args:
        learning_rate: float >= 0 or a Keras LearningRateSchedule.
        num_data: N >= 1, the number of data that the loss is the mean over.
        temperature: T >= 0, a float or a LearningRateSchedule; 1 is the posterior, 0 optimisation.
        noise: "normal", or "rademacher": random signs, the simplified weak Euler scheme.
        seed: int >= 0; for one list of variables the chain's noise is a function of (seed,
            variable, iteration) alone.
        name: name of the optimizer; by default that of the class, in lower case with underscores.
        **kwargs: only `loss_scale_factor`; Keras's other options would change the target and are
            refused.

    Raises:
        TypeError, ValueError: an argument is of the wrong type or range; the message begins with
            its name.
    """

    scales_given = False  # Whether a `WarmStart` hands over second moments.

    def __init__(
        self,
        learning_rate: float | Schedule,
        num_data: float,
        *,
        temperature: float | Schedule = 1.0,
        noise: str = "normal",
        seed: int,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        for argument, instead in _REFUSED.items():
            if kwargs.get(argument):
                raise ValueError(f"`{argument}` would change the target density: {instead}")
        if not isinstance(learning_rate, Schedule):
            learning_rate = check_number("learning_rate", learning_rate, low=0.0)
        super().__init__(
            learning_rate=learning_rate, name=name or _snake_case(type(self).__name__), **kwargs
        )
        self.num_data = check_number("num_data", num_data, low=1.0)
        self.temperature = (
            temperature
            if isinstance(temperature, Schedule)
            else check_number("temperature", temperature, low=0.0)
        )
        if noise not in KINDS:
            raise ValueError(f"`noise` must be one of {sorted(KINDS)}, not {noise!r}")
        self.noise = noise
        self.seed = check_integer("seed", seed, 0)
        self._drawn = _Drawn()

    @property
    def learning_rate(self) -> Any:
        """The learning rate at the current iteration: a variable, or a schedule's value."""
        return super().learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        if isinstance(self._learning_rate, Schedule):
            raise TypeError(
                f"`learning_rate` of this {self.name} follows a schedule and cannot be set: make the "
                "sampler with a number"
            )
        self._learning_rate.assign(settable(learning_rate))

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Checks the variables and plans the draws. Subclasses add their slots."""
        if self.built:
            return
        for variable in variables:
            if tf.as_dtype(variable.dtype) not in (tf.float32, tf.float64):
                # A half-precision position rounds away steps of the size that a sampler takes.
                raise ValueError(
                    f"{self.name} samples float32 and float64 variables only, "
                    f"and {variable.path} is {variable.dtype}"
                )
            if getattr(variable, "constraint", None) is not None:
                raise ValueError(
                    f"{self.name} draws from all real weights, and {variable.path} has a constraint: "
                    "leave it out, and let the loss or a change of variables say it"
                )
        super().build(variables)
        self._blocks = make_blocks(variables)

    def apply(
        self,
        grads: Sequence[tf.Tensor | None],
        trainable_variables: Sequence[keras.Variable] | None = None,
    ) -> None:
        """Moves the variables by one iteration, given the gradients of U/N.

        Raises:
            FloatingPointError, tf.errors.InvalidArgumentError: a gradient is not finite (see
                `guard.py`); nothing has been written.
        """
        variables = list(trainable_variables or self._trainable_variables)
        if not self.built:
            with tf.init_scope():
                self.build(variables)
        self._run_guarded(list(grads), variables, self.phase(), self.phases)

    @property
    def phases(self) -> list[Callable[..., None]]:
        """The phases of the chain, each an `apply` for gradients that are known to be finite."""
        return [self.move]

    def phase(self) -> tf.Tensor | int:
        """Index of the phase that the current iteration belongs to."""
        return 0

    def move(
        self, grads: Sequence[tf.Tensor | None], trainable_variables: Sequence[keras.Variable]
    ) -> None:
        """One iteration for finite gradients: draws the noise, then moves all variables."""
        self._drawn.noise = self._draw(trainable_variables)
        super().apply(grads, trainable_variables)
        self._drawn.noise = {}

    def with_seed(self, seed: int) -> Self:
        """A fresh, unbuilt sampler of the same configuration and another seed: the next chain."""
        return type(self).from_config({**self.get_config(), "seed": seed})

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        config = super().get_config()
        for argument in (*_REFUSED, "ema_momentum"):
            config.pop(argument, None)
        temperature = self.temperature
        if isinstance(temperature, Schedule):
            temperature = keras.optimizers.schedules.serialize(temperature)
        return config | {
            "num_data": self.num_data,
            "temperature": temperature,
            "noise": self.noise,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Self:
        """The reverse of `get_config`."""
        config = dict(config)
        if isinstance(config.get("temperature"), dict):
            config["temperature"] = keras.saving.deserialize_keras_object(
                config["temperature"], custom_objects=custom_objects
            )
        return super().from_config(config, custom_objects=custom_objects)

    @property
    def is_cold(self) -> bool:
        """Whether T is the number 0: then no noise is drawn at all."""
        return not isinstance(self.temperature, Schedule) and self.temperature == 0.0

    def current_temperature(self) -> tf.Tensor:
        """T at the current iteration, a float32 scalar."""
        if isinstance(self.temperature, Schedule):
            return tf.cast(self.temperature(self._iterations.value), tf.float32)
        return tf.constant(self.temperature, tf.float32)

    @property
    def _noise_share(self) -> float:
        """The share of the friction that injected noise makes up for; without momentum it is 1."""
        return 1.0

    def _noise_scale(self, learning_rate: tf.Tensor) -> tf.Tensor:
        """Standard deviation of what `_noise` returns, in units of the gradient of U/N.

        sqrt(2 share T / (learning_rate N)), a float32 scalar; 0 at learning rate 0.
        """
        power = 2.0 * self._noise_share / self.num_data * self.current_temperature()
        return tf.sqrt(tf.math.divide_no_nan(power, tf.cast(learning_rate, tf.float32)))

    def _draw(self, variables: Sequence[keras.Variable]) -> dict[int, tf.Tensor]:
        """The noise of this iteration by index of the variable; empty at T = 0.

        What a variable gets does not depend on which others move in the same iteration.
        """
        if self.is_cold:
            return {}
        moved = {self._get_variable_index(variable) for variable in variables}
        scale = self._noise_scale(tf.convert_to_tensor(self.learning_rate))
        drawn: dict[int, tf.Tensor] = {}
        for block in self._blocks:
            indices = range(block.first, block.first + len(block.shapes))
            if moved.intersection(indices):
                noise = draw_block(
                    block,
                    self.seed,
                    self._iterations.value,
                    tf.cast(scale, block.dtype),
                    self.noise,
                )
                drawn.update(zip(indices, noise, strict=True))
        return drawn

    def _noise(self, variable: keras.Variable) -> tf.Tensor | None:
        """What was drawn for this variable in this iteration, or None at T = 0."""
        return self._drawn.noise[self._get_variable_index(variable)] if self._drawn.noise else None

    def _noisy(self, gradient: tf.Tensor, variable: keras.Variable) -> tf.Tensor:
        """The gradient and what was drawn for it, in the variable's dtype."""
        force = tf.cast(gradient, variable.dtype)
        noise = self._noise(variable)
        return force if noise is None else force + noise


def _snake_case(name: str) -> str:
    """ScaleAdaptedSGHMC: scale_adapted_sghmc."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def current_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """The learning rate at the current iteration; on several devices, too, whose variables are no numbers."""
    return float(keras.ops.convert_to_numpy(optimizer.learning_rate))


def settable(learning_rate: Any) -> float:
    """A learning rate that is set while a model trains: a number, or a tensor that holds one."""
    if isinstance(learning_rate, Schedule):
        raise TypeError(
            "`learning_rate` cannot become a schedule after the sampler was made: make the sampler "
            "with the schedule"
        )
    if not isinstance(learning_rate, (int, float)) and np.ndim(learning_rate) == 0:
        learning_rate = np.asarray(learning_rate).item()
    return check_number("learning_rate", learning_rate, low=0.0)


class _Drawn:
    """Holds the noise between `move` and `update_step`, out of sight of Keras's tracking."""

    def __init__(self) -> None:
        self.noise: dict[int, tf.Tensor] = {}


def check_integer(argument: str, value: Any, low: int) -> int:
    """Returns `value` as an int, or raises an error that begins with the argument's name."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer, float, np.floating)):
        raise TypeError(f"`{argument}` must be an integer, not {value!r}")
    if not value >= low or value == float("inf") or int(value) != value:
        raise ValueError(f"`{argument}` must be an integer >= {low}, not {value!r}")
    return int(value)


def check_number(argument: str, value: Any, low: float, high: float = float("inf")) -> float:
    """Returns `value` as a float, or raises an error that begins with the argument's name."""
    if isinstance(value, Schedule):
        raise TypeError(f"`{argument}` must be a number; a schedule is not allowed here")
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"`{argument}` must be a number, not {value!r}")
    if not low <= value <= high or value == float("inf"):
        bounds = f"at least {low:g}" if high == float("inf") else f"in [{low:g}, {high:g}]"
        raise ValueError(f"`{argument}` must be {bounds} and finite, not {value!r}")
    return float(value)
