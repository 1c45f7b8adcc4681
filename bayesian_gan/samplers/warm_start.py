"""An optimizer first, a sampler afterwards."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import keras
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.samplers.guard import GuardedOptimizer
from bayesian_gan.samplers.sampler import Sampler, check_integer, settable


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class WarmStart(GuardedOptimizer):
    """Runs `optimizer` for the first `iterations` iterations, then `sampler` from zero velocity.

    The sampler's own counter runs during the warm-up too: its schedules and its noise are functions
    of the *total* number of iterations, so no noise is ever used twice, and a schedule is written
    down as one function of the run. (A cyclical schedule that shall begin after the warm-up takes
    `first=iterations`.) Only a burn-in of the sampler, and whatever else it learns, begins at the
    switch. The slots of both are variables of this optimizer, made by `build`, so that saving and
    resuming is exact before, at and after the switch.

    Args:
        optimizer: a Keras optimizer, or its configuration as Keras serialises it.
        sampler: a sampler of this package, or its configuration.
        iterations: length of the warm-up, >= 0.
        hand_over_second_moments: give the optimizer's running second moments of the gradient
            (Adam's, RMSprop's) to a sampler that preconditions with them (PSGLD, ScaleAdaptedSGHMC)
            at the switch.
        name: name of the optimizer.

    Raises:
        TypeError, ValueError: an argument is of the wrong type or range, or there are no second
            moments to hand over.
    """

    def __init__(
        self,
        optimizer: keras.optimizers.Optimizer | dict[str, Any],
        sampler: Sampler | dict[str, Any],
        iterations: int = 5000,
        *,
        hand_over_second_moments: bool = False,
        name: str = "warm_start",
    ) -> None:
        super().__init__(learning_rate=0.0, name=name)
        self.optimizer = _restore(optimizer)
        self.sampler = _restore(sampler)
        if not isinstance(self.optimizer, keras.optimizers.Optimizer):
            raise TypeError(f"`optimizer` must be a Keras optimizer, not {optimizer!r}")
        if not isinstance(self.sampler, Sampler):
            raise TypeError(f"`sampler` must be a sampler of this package, not {sampler!r}")
        if self.optimizer.gradient_accumulation_steps:
            raise ValueError("`optimizer` must not accumulate gradients: use a larger batch")
        iterations = check_integer("iterations", iterations, 0)
        if hand_over_second_moments and not hasattr(self.sampler, "receive_second_moments"):
            raise ValueError(
                f"`hand_over_second_moments` needs a preconditioned sampler, and {self.sampler.name} is none"
            )
        if hand_over_second_moments and iterations == 0:
            raise ValueError("`hand_over_second_moments` needs a warm-up, and iterations is 0")
        self.warm_up_iterations = iterations
        self.hand_over_second_moments = bool(hand_over_second_moments)
        self.sampler.scales_given = self.hand_over_second_moments

    @property
    def variables(self) -> list[keras.Variable]:
        """The state: the counter, and all slots of both."""
        return self._variables + self.optimizer.variables + self.sampler.variables

    @property
    def learning_rate(self) -> tf.Tensor:
        """The learning rate of whichever is at work."""
        warm = self._iterations.value < self.warm_up_iterations
        return tf.where(warm, self.optimizer.learning_rate, self.sampler.learning_rate)

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        warm = int(self._iterations.numpy()) < self.warm_up_iterations
        part = self.optimizer if warm else self.sampler
        if isinstance(part._learning_rate, Schedule):
            raise TypeError(
                f"`learning_rate` of the {part.name} in this {self.name} follows a schedule and "
                "cannot be set: make it with a number"
            )
        part.learning_rate = settable(learning_rate)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the slots of both."""
        if self.built:
            return
        super().build(variables)
        self.optimizer.build(list(variables))
        self.sampler.build(list(variables))
        if self.hand_over_second_moments:
            _second_moments(self.optimizer)

    def apply(
        self,
        grads: Sequence[tf.Tensor | None],
        trainable_variables: Sequence[keras.Variable] | None = None,
    ) -> None:
        """Moves the variables by one iteration of whichever is at work."""
        variables = list(trainable_variables or self._trainable_variables)
        if not self.built:
            with tf.init_scope():
                self.build(variables)
        warm = self._iterations.value < self.warm_up_iterations
        branch = tf.where(warm, 0, 1 + self.sampler.phase())
        branches: list[Callable[..., None]] = [self._warm_up]
        branches += [partial(self._sample, phase) for phase in self.sampler.phases]
        self._run_guarded(list(grads), variables, branch, branches)

    def with_seed(self, seed: int) -> Self:
        """A fresh, unbuilt copy whose sampler has this seed: the next chain."""
        config = self.get_config()
        return type(self)(**(config | {"sampler": self.sampler.with_seed(seed)}))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "sampler": keras.saving.serialize_keras_object(self.sampler),
            "iterations": self.warm_up_iterations,
            "hand_over_second_moments": self.hand_over_second_moments,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Self:
        """The reverse of `get_config`."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            return cls(**config)

    def _warm_up(self, grads: Any, variables: Any) -> None:
        self.optimizer.apply(grads, variables)
        self.sampler.iterations.assign_add(1)
        self._iterations.assign_add(1)
        # In every iteration: of several copies whose turns come at random, few move in the last.
        if self.hand_over_second_moments:
            self.sampler.receive_second_moments(_second_moments(self.optimizer))

    def _sample(self, phase: Callable[..., None], grads: Any, variables: Any) -> None:
        phase(grads, variables)
        self._iterations.assign_add(1)


def _restore(optimizer: Any) -> Any:
    """An optimizer from its serialised configuration; anything else as it is."""
    if isinstance(optimizer, dict):
        # While a model is loaded Keras makes one object of all that were one; each copy has its own.
        own = {key: value for key, value in optimizer.items() if key != "shared_object_id"}
        return keras.saving.deserialize_keras_object(own)
    return optimizer


def _second_moments(optimizer: keras.optimizers.Optimizer) -> list[tf.Tensor]:
    """Mean squared gradients of a built Adam or RMSprop, the start from zero divided out."""
    if isinstance(optimizer, keras.optimizers.Adam):
        decay = optimizer.beta_2
    elif isinstance(optimizer, keras.optimizers.RMSprop):
        decay = optimizer.rho
    else:
        raise ValueError(
            f"`optimizer` must be Adam or RMSprop to hand over second moments, not {optimizer.name}"
        )
    count = tf.cast(optimizer.iterations.value, tf.float32)
    weight = 1.0 - tf.pow(decay, count)
    return [tf.math.divide_no_nan(v.value, tf.cast(weight, v.dtype)) for v in optimizer._velocities]
