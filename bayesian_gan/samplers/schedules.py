"""Schedules of step and temperature: Keras `LearningRateSchedule`s, functions of the iteration."""

import math
from typing import Any

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.samplers.sampler import check_integer, check_number


class _Described(Schedule):
    """A schedule whose attributes are the arguments of its `__init__`."""

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return dict(vars(self))


class _Cyclical(_Described):
    """Position within cycles of equal length, in integers, so that no run is too long for it."""

    def __init__(self, cycle_length: int, exploration: float, first: int) -> None:
        self.cycle_length = check_integer("cycle_length", cycle_length, 1)
        self.exploration = check_number("exploration", exploration, 0.0, 1.0)
        self.first = check_integer("first", first, 0)

    def position(self, step: tf.Tensor | int) -> tf.Tensor:
        """R in [0, 1): the fraction of its cycle that has passed; 0 before the first cycle."""
        step = tf.maximum(tf.cast(step, tf.int64) - self.first, 0)
        return tf.cast(step % self.cycle_length, tf.float32) / self.cycle_length

    def is_sampling(self, step: tf.Tensor | int) -> tf.Tensor:
        """Whether the iteration lies in a sampling phase: r >= exploration."""
        begun = tf.cast(step, tf.int64) >= self.first
        return begun & (self.position(step) >= self.exploration)


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class CyclicalStep(_Cyclical):
    """The cyclical cosine step of cSG-MCMC (Zhang et al. 2020, equation 1).

        learning_rate(t) = initial_learning_rate / 2 * (cos(pi r) + 1)
                       r = ((t - first) mod cycle_length) / cycle_length

    Each cycle begins with big steps that explore (r < exploration, best at temperature 0:
    `CyclicalTemperature`) and ends with small ones that sample (r >= exploration): collect there
    (`is_sampling`).

    Args:
        initial_learning_rate: at the beginning of each cycle.
        cycle_length: iterations in a cycle.
        exploration: fraction of a cycle, in [0, 1], that explores.
        first: iteration at which the first cycle begins; before it, the initial learning rate.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        cycle_length: int,
        *,
        exploration: float = 0.8,
        first: int = 0,
    ) -> None:
        super().__init__(cycle_length, exploration, first)
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, 0.0
        )

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """The learning rate at an iteration, a float32 scalar."""
        return self.initial_learning_rate / 2.0 * (tf.cos(math.pi * self.position(step)) + 1.0)


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class CyclicalTemperature(_Cyclical):
    """Temperature for `CyclicalStep`: 0 in exploration, T in sampling (Zhang et al. 2020).

    Args:
        cycle_length: iterations in a cycle.
        exploration: fraction of a cycle, in [0, 1], that explores.
        temperature: T >= 0 of the sampling phase.
        first: iteration at which the first cycle begins; before it, 0.
    """

    def __init__(
        self,
        cycle_length: int,
        *,
        exploration: float = 0.8,
        temperature: float = 1.0,
        first: int = 0,
    ) -> None:
        super().__init__(cycle_length, exploration, first)
        self.temperature = check_number("temperature", temperature, 0.0)

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """The temperature at an iteration, a float32 scalar."""
        return self.temperature * tf.cast(self.is_sampling(step), tf.float32)


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class TemperatureRamp(_Described):
    """Temperature that moves in a straight line from `initial` to `final` and stays there.

    Args:
        initial: T >= 0 before the ramp.
        final: T >= 0 after it.
        length: iterations that the ramp takes, >= 1.
        first: iteration at which it begins.
    """

    def __init__(self, initial: float, final: float, length: int, *, first: int = 0) -> None:
        self.initial = check_number("initial", initial, 0.0)
        self.final = check_number("final", final, 0.0)
        self.length = check_integer("length", length, 1)
        self.first = check_integer("first", first, 0)

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """The temperature at an iteration, a float32 scalar."""
        passed = tf.clip_by_value(tf.cast(step, tf.int64) - self.first, 0, self.length)
        part = tf.cast(passed, tf.float32) / self.length
        return self.initial + (self.final - self.initial) * part


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class SaturatingDecay(_Described):
    """The exponential decay of the Bayesian GAN program (Saatci & Wilson 2017).

        learning_rate(t) = initial_learning_rate * exp(-decay * min(1, t / decay_steps))

    The program's decay_steps is one pass through the data: dataset size / batch size.

    Args:
        initial_learning_rate: at iteration 0.
        decay_steps: iterations after which it stays constant, > 0.
        decay: logarithm of the whole reduction, >= 0.
    """

    def __init__(
        self, initial_learning_rate: float, decay_steps: float, *, decay: float = 3.0
    ) -> None:
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, 0.0
        )
        self.decay_steps = check_number("decay_steps", decay_steps, 0.0)
        if self.decay_steps == 0.0:
            raise ValueError("`decay_steps` must be positive")
        self.decay = check_number("decay", decay, 0.0)

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """The learning rate at an iteration, a float32 scalar."""
        part = tf.minimum(tf.cast(step, tf.float32) / self.decay_steps, 1.0)
        return self.initial_learning_rate * tf.exp(-self.decay * part)


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class PolynomialStep(_Described):
    """The decreasing step a (b + t)^(-power) of SGLD (Welling & Teh 2011, section 4).

        learning_rate(t) = initial_learning_rate * (1 + t / offset)^(-power)

    with offset = b and initial_learning_rate = a b^(-power). For power in (1/2, 1] the steps sum to
    infinity and their squares do not, so the errors due to the step and to the gradient noise go to
    zero. Averages then have to weight each sample with its step.

    Args:
        initial_learning_rate: at iteration 0.
        offset: b > 0, iterations before the decay sets in.
        power: gamma in (0, 1].
    """

    def __init__(self, initial_learning_rate: float, offset: float, *, power: float = 0.55) -> None:
        self.initial_learning_rate = check_number(
            "initial_learning_rate", initial_learning_rate, 0.0
        )
        self.offset = check_number("offset", offset, 0.0)
        self.power = check_number("power", power, 0.0, 1.0)
        for argument in ("offset", "power"):
            if getattr(self, argument) == 0.0:
                raise ValueError(f"`{argument}` must be positive")

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """The learning rate at an iteration, a float32 scalar."""
        return self.initial_learning_rate * tf.pow(
            1.0 + tf.cast(step, tf.float32) / self.offset, -self.power
        )


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class Successive(Schedule):
    """One schedule, and from an iteration on another.

    Args:
        first: before the iteration `switch`; or its configuration, as Keras serialises it.
        then: from it on; likewise.
        switch: at least 0.
    """

    def __init__(
        self, first: Schedule | dict[str, Any], then: Schedule | dict[str, Any], switch: int
    ) -> None:
        self.first, self.then = (
            keras.saving.deserialize_keras_object(part) if isinstance(part, dict) else part
            for part in (first, then)
        )
        self.switch = check_integer("switch", switch, 0)

    def __call__(self, step: tf.Tensor | int) -> tf.Tensor:
        """The learning rate at an iteration, a float32 scalar."""
        before = tf.cast(step, tf.int64) < self.switch
        return tf.where(before, self.first(step), self.then(step))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        first, then = (keras.saving.serialize_keras_object(p) for p in (self.first, self.then))
        return {"first": first, "then": then, "switch": self.switch}
