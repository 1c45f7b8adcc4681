"""The noise of minibatch gradients: what successive differences say of it, and what acts on a chain.

A chain feels the noise of the *sum* of gradients over its memory. Of independent minibatches that is
the sum of their variances. Minibatches that run through the data in epochs, without replacement, make
up for each other within an epoch, and a chain whose memory is as long feels little of their noise.
"""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.samplers.sampler import Sampler, check_number

# Of the running variance, unless a sampler is told another.
DECAY = 0.999
# The response to noise is followed over this many memories 1 / friction of the velocity, and over no
# fewer iterations than the second number: a chain's positions remember for longer than its velocities.
_MEMORIES, _SHORTEST = 10.0, 50
# The first window of the estimate is this many such spans; each window is twice as long as the last.
_SPANS = 20
# Spans at the beginning of a window that only fill the filters.
_FILLING = 5
# A weight whose injected noise is all but gone tells nothing of how the chain responds to it.
_LEAST_INJECTED = 0.1


class GradientNoise:
    """What the noise of minibatch gradients adds to a chain, for each weight: `share` times V.

    V is the running variance of the gradients g, from differences of successive ones:
    E (g_t - g_{t-1})^2 / 2 is the variance of independent minibatches. Unlike a variance about a
    running mean it does not count the movement of the chain, which from one iteration to the next is
    small.

    The share of V that acts is one number for each variable. It is measured by how the chain responds.
    With filters of the past, a bar over a letter, bar(a)_t = sum_{j >= 1} lambda^j a_{t-j}, the noise n
    that was injected, and positions x counted from where they were when the measurement began,

        q = mean sum_i (bar(g)_i x_i - g_i bar(x)_i),    p = mean sum_i (V_i / Var n_i) bar(n)_i x_i,
        share = q / p in [0, 1].

    In equilibrium a force that has a potential adds nothing to q: what it does to x forwards in time it
    does backwards. What is left is what the gradients' noise does to the positions over the filter's
    memory, whatever its correlations in time. p is what independent noise of variance V would do, seen
    by what the injected noise does. For a quadratic potential both are exact at any step.

    A window of measurement follows the other, each twice as long as the last; within one the share is
    the last window's (1 in the first). So the transient at a chain's start is forgotten.

    Args:
        optimizer: whose slots these are.
        variables: the variables that it was built for.
        decay: of the running variance; its start from zero is divided out.
        friction: alpha; the filters remember 10 / alpha iterations, at least 50.
    """

    def __init__(
        self,
        optimizer: Sampler,
        variables: Sequence[keras.Variable],
        decay: float,
        friction: float,
    ) -> None:
        self.decay = decay
        span = max(_SHORTEST, round(_MEMORIES / max(friction, 1e-6)))
        self.keeping, self.filling = 1.0 - 1.0 / span, _FILLING * span
        slots = optimizer.add_optimizer_variables
        self.previous = slots(variables, "previous_gradient")
        self.mean = slots(variables, "gradient_variance")
        self.start = slots(variables, "window_position")
        self.past_gradient = slots(variables, "past_gradient")
        self.past_position = slots(variables, "past_position")
        self.past_noise = slots(variables, "past_noise")

        self._initial: list[tuple[keras.Variable, np.ndarray]] = []

        def state(name: str, initial: np.ndarray, dtype: str = "float32") -> keras.Variable:
            """Like the counter: moved by the first replica only."""
            start = keras.initializers.Constant(initial.flat[0])
            variable = optimizer.add_variable(
                initial.shape, start, dtype, "only_first_replica", name=name
            )
            self._initial.append((variable, initial))
            return variable

        zero, zeros, ones = np.array(0), np.zeros(len(variables)), np.ones(len(variables))
        self.share = state("acting_share", ones)
        self.of_gradient = state("gradient_response", zeros)
        self.of_noise = state("noise_response", zeros)
        self.size = sum(v.shape.num_elements() for v in map(tf.convert_to_tensor, variables))
        self.heat, self.unheard = state("heat", zero), state("unheard_heat", zero)
        self.count = state("gradient_count", zero, "int64")
        self.window = state("window_length", np.array(_SPANS * span), "int64")
        self.window_start = state("window_start", zero, "int64")

    def update(self, index: int, gradient: tf.Tensor) -> tf.Tensor:
        """Takes in one gradient; returns the variance that acts, of its shape.

        After the first gradient it is 0.
        """
        previous, mean = self.previous[index].value, self.mean[index].value
        count = tf.cast(self.count.value, gradient.dtype)
        seen = count > 0
        square = tf.where(seen, tf.square(gradient - previous) / 2.0, 0.0)
        known = tf.where(seen, mean, 0.0)
        new = known + (1.0 - self.decay) * (square - known)
        previous.assign(gradient)
        mean.assign(new)
        V = tf.math.divide_no_nan(new, 1.0 - self.decay**count)
        return tf.cast(self.share.value[index], V.dtype) * V

    def respond(
        self,
        index: int,
        position: tf.Tensor,
        gradient: tf.Tensor,
        noise: tf.Tensor,
        injected: tf.Tensor,
        due: tf.Tensor | float,
    ) -> None:
        """Takes in what moves one variable, before it moves.

        Args:
            index: of the variable.
            position: theta.
            gradient: g, the force without its noise.
            noise: n, what is injected beside it, in the same units.
            injected: Var n, of theta's shape.
            due: Var n if no gradient noise were taken off.
        """
        keep = self.count.value > self.window_start.value
        lambda_ = tf.cast(self.keeping, position.dtype)
        start = tf.where(keep, self.start[index].value, position)
        x = position - start
        filters = self.past_gradient[index], self.past_position[index], self.past_noise[index]
        g_bar, x_bar, n_bar = (tf.where(keep, f.value, tf.zeros_like(x)) for f in filters)
        heard = injected > _LEAST_INJECTED * due
        V = self.variance(index, self.count.value)
        ratio = tf.where(heard, tf.math.divide_no_nan(V, injected), 0.0)
        q = tf.reduce_sum(tf.where(heard, g_bar * x - gradient * x_bar, 0.0))
        p = tf.reduce_sum(ratio * n_bar * x)
        here = self._filled() * tf.one_hot(index, self.share.shape[0])
        for total, value in ((self.of_gradient, q), (self.of_noise, p)):
            total.value.assign_add(here * tf.cast(value, tf.float32))
        self.start[index].value.assign(start)
        for slot, past, now in zip(
            filters, (g_bar, x_bar, n_bar), (gradient, x, noise), strict=True
        ):
            slot.value.assign(lambda_ * (past + now))

    def _filled(self) -> tf.Tensor:
        """1.0 once a window's filters are full, 0.0 before."""
        passed = self.count.value - self.window_start.value
        return tf.cast(passed >= self.filling, tf.float32)

    def hear(self, heat: tf.Tensor) -> None:
        """Takes in the work of one variable's gradient on its velocity that does not act, a scalar."""
        self.heat.value.assign_add(self._filled() * tf.cast(heat, tf.float32))

    def advance(self, restart: tf.Tensor | None = None, size: int | None = None) -> None:
        """Ends an iteration, and a window with it if it was its last.

        Args:
            restart: whether to forget everything, for the chain is still on its way; None for never.
            size: how many weights moved; None for all.
        """
        q, p = self.of_gradient.value, self.of_noise.value
        self.count.assign_add(1)
        over = self.count.value >= self.window_start.value + self.window.value
        # What enters with the gradient moves positions the other way: p is negative where it can be
        # told from chance.
        measured = tf.clip_by_value(tf.math.divide_no_nan(q, p), 0.0, 1.0)
        self.share.assign(tf.where(over & (p < 0.0), measured, self.share.value))
        weights = tf.cast(self.window.value - self.filling, tf.float32) * (size or self.size)
        unheard = tf.maximum(self.heat.value / weights, 0.0)
        self.unheard.assign(tf.where(over, unheard, self.unheard.value))
        for total in (self.of_gradient, self.of_noise, self.heat):
            total.assign(tf.where(over, tf.zeros_like(total.value), total.value))
        self.window_start.assign(tf.where(over, self.count.value, self.window_start.value))
        self.window.assign(tf.where(over, 2 * self.window.value, self.window.value))
        if restart is None:
            return
        for state, initial in self._initial:
            first = tf.cast(initial, state.dtype)
            state.value.assign(tf.where(restart, first, state.value))

    def variance(self, index: int, differences: tf.Tensor) -> tf.Tensor:
        """V of one variable after so many differences of successive gradients."""
        mean = self.mean[index].value
        count = tf.cast(differences, mean.dtype)
        return tf.math.divide_no_nan(tf.identity(mean), 1.0 - self.decay**count)

    def acting(self, index: int) -> tf.Tensor:
        """The variance that acts on one variable, after the last iteration."""
        V = self.variance(index, self.count.value - 1)
        return tf.cast(self.share.value[index], V.dtype) * V


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
            f"`gradient_noise` must not exceed friction: {beta:g} > {friction:g}; use a smaller "
            "learning_rate, a larger batch or more friction"
        )
    return beta
