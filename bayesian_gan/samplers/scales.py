"""The scales of a preconditioned sampler, and how it begins while it knows none."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.samplers.sampler import Sampler

# The share by which the floor falls in an iteration. A weight at rest that is released so slowly
# has spread over its posterior, and shown its gradient, long before its step becomes unstable.
FALL = 0.02


class Preconditioned(Sampler):
    r"""Base class of samplers whose steps are scaled by the gradients that they have seen.

    With V a mean of g^2, g being the minibatch gradient of U/N, element by element:

        G = 1 / (epsilon + max(sqrt(V), F)),    F = 2 T / (learning_rate N) e^(-FALL age)

    F is a floor for the first iterations, in which V may say nothing: an optimizer that has
    arrived on full batches leaves g = 0, and G = 1 / epsilon would throw the chain out. At F the
    noise of one step has the standard deviation learning_rate, which in units of Adam is a small
    part of a posterior standard deviation (or the step would be too large). From there the steps
    grow by 2% a move until the gradients, which grow with them, take over. `age` counts the moves
    of this sampler: not a warm-up before, nor iterations in which another block moves (a random
    scan). Handed-over scales are taken as they are, without a floor.
    """

    epsilon: float

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes V, and the counter of moves."""
        if self.built:
            return
        super().build(variables)
        # Like the counter of iterations: moved by the first replica only.
        self.moves = self.add_variable((), "zeros", "int64", "only_first_replica", name="moves")
        self.second_moments = self.add_optimizer_variables(variables, "second_moment")

    def move(
        self, grads: Sequence[tf.Tensor | None], trainable_variables: Sequence[keras.Variable]
    ) -> None:
        """One iteration for finite gradients."""
        super().move(grads, trainable_variables)
        self.moves.assign_add(1)

    def receive_second_moments(self, second_moments: Sequence[tf.Tensor]) -> None:
        """Takes over running means of g^2, one tensor for each variable (see `WarmStart`)."""
        for own, given in zip(self.second_moments, second_moments, strict=True):
            own.assign(given)

    def _floor(self, fall: float = FALL) -> tf.Tensor | float:
        """F at the current iteration, a float32 scalar."""
        if self.is_cold or self.scales_given:
            return 0.0
        learning_rate = tf.cast(self.learning_rate, tf.float32)
        highest = tf.math.divide_no_nan(
            2.0 * self.current_temperature(), learning_rate * self.num_data
        )
        age = tf.cast(self.moves.value, tf.float32)
        return highest * tf.exp(-fall * age)

    def _preconditioner(self, moment: tf.Tensor, floor: tf.Tensor | float = 0.0) -> tf.Tensor:
        """G for a second moment V."""
        return 1.0 / (self.epsilon + tf.maximum(tf.sqrt(moment), tf.cast(floor, moment.dtype)))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return super().get_config() | {"epsilon": self.epsilon}
