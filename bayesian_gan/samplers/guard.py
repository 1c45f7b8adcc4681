"""Stops a chain at the first gradient that is not finite, before anything is written.

A graph that XLA compiled cannot raise. So the stop is a *latch*: a tracked variable that holds the
index of the variable whose gradient failed. While it is set, `apply` writes nothing. Outside XLA
`apply` raises as well; under XLA the error is raised by `raise_if_halted`, which `fit` reaches
through `finalize_variable_values` at its end, and `CollectPosterior` after every batch.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

RUNNING = -1


class GuardedOptimizer(keras.optimizers.Optimizer):
    """A Keras optimizer whose `apply` runs one of several branches, the last of them the stop."""

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the latch, then Keras's own bookkeeping."""
        super().build(list(variables))
        self._halted = self.add_variable(
            (), keras.initializers.Constant(RUNNING), "int32", name="halted"
        )

    def raise_if_halted(self) -> None:
        """Raises FloatingPointError, with variable and iteration, if a gradient was not finite."""
        if self.built and int(self._halted.numpy()) != RUNNING:
            path = _path(self._trainable_variables[int(self._halted.numpy())])
            raise FloatingPointError(_message(self.name, path, int(self._iterations.numpy())))

    @property
    def halted_variable(self) -> keras.Variable | None:
        """The variable whose gradient was not finite, or None while the chain runs."""
        index = int(self._halted.numpy()) if self.built else RUNNING
        return None if index == RUNNING else self._trainable_variables[index]

    def finalize_variable_values(self, var_list: Sequence[keras.Variable]) -> None:
        """Called by `fit` at its end: raises if the chain stopped under way."""
        self.raise_if_halted()
        super().finalize_variable_values(var_list)

    def _require_own(self, variables: Sequence[keras.Variable]) -> None:
        """Raises ValueError for variables that the optimizer was not built for."""
        for variable in variables:
            if self._var_key(variable) not in self._trainable_variables_indices:
                raise ValueError(
                    f"{self.name} holds the state of another chain, without {_path(variable)}: give "
                    "each model, and each choice of trainable layers, its own, sampler.with_seed(...)"
                )

    def _run_guarded(
        self,
        grads: Sequence[tf.Tensor | None],
        variables: Sequence[keras.Variable],
        branch: tf.Tensor | int,
        branches: Sequence[Callable[..., Any]],
    ) -> None:
        """Calls `branches[branch](grads, variables)` if all gradients are finite, or stops."""
        self._require_own(variables)
        halted = self._halted.value

        def choose(finite: tf.Tensor) -> tf.Tensor:
            runs = tf.reduce_all(finite) & (halted == RUNNING)
            return tf.where(runs, tf.cast(branch, tf.int32), len(branches))

        def halt(finite: tf.Tensor) -> None:
            first = tf.argmin(tf.cast(finite, tf.float32), output_type=tf.int32)
            indices = tf.constant([self._get_variable_index(v) for _, v in present], tf.int32)
            newly = tf.where(halted == RUNNING, tf.gather(indices, first), halted)
            halted.assign(newly)
            if tf.executing_eagerly():
                self.raise_if_halted()
            for each, (_, variable) in zip(tf.unstack(finite), present, strict=True):
                # One op each and no string arithmetic: what XLA can compile (there it does
                # nothing).
                text = _message(self.name, _path(variable), "")
                tf.raw_ops.Assert(condition=each, data=[text, self._iterations.value])
            text = (
                f"{self.name} has stopped at an earlier gradient that was not finite, at iteration "
            )
            tf.raw_ops.Assert(condition=False, data=[text, self._iterations.value])

        present = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        _switch(grads, variables, choose, branches, halt)


def _switch(
    grads: Sequence[tf.Tensor | None],
    variables: Sequence[keras.Variable],
    choose: Callable[[tf.Tensor], tf.Tensor],
    branches: Sequence[Callable[..., Any]],
    halt: Callable[[tf.Tensor], None],
) -> None:
    """One `tf.switch_case` over the branches and the stop, in either replica context."""
    if tf.__internal__.distribute.strategy_supports_no_merge_call():
        finite = _finite(grads)
        calls = [_no_result(branch, grads, variables) for branch in branches]
        tf.switch_case(choose(finite), [*calls, _no_result(halt, finite)])
        return

    # Strategies that merge replicas forbid a merge inside a condition, so the condition goes
    # outside. All replicas must take one branch: a gradient counts as finite if it is so on every
    # replica.
    def across(strategy: tf.distribute.Strategy, grads: Any, variables: Any) -> None:
        each = strategy.extended.call_for_each_replica(_finite_flags, args=(grads,))
        # Of other processes' replicas too: one that went another way would wait for the rest for
        # ever.
        flags = strategy.reduce(tf.distribute.ReduceOp.SUM, each, axis=None)
        finite = flags == strategy.num_replicas_in_sync
        call = strategy.extended.call_for_each_replica
        calls = [_no_result(call, branch, (grads, variables)) for branch in branches]
        tf.switch_case(choose(finite), [*calls, _no_result(halt, finite)])

    tf.distribute.get_replica_context().merge_call(across, args=(grads, variables))


def _no_result(function: Callable[..., Any], *args: Any) -> Callable[[], None]:
    """A branch for `tf.switch_case`: called for its effects only."""

    def call() -> None:
        function(*args)

    return call


def _finite(grads: Sequence[tf.Tensor | None]) -> tf.Tensor:
    """Whether each gradient but None is finite: its sum is, unless it is as good as infinite."""
    sums = [tf.reduce_sum(_values(g)) for g in grads if g is not None]
    return tf.stack([tf.math.is_finite(s) for s in sums])


def _finite_flags(grads: Sequence[tf.Tensor | None]) -> tf.Tensor:
    """The same as numbers 0 and 1, which replicas can add up."""
    return tf.cast(_finite(grads), tf.int32)


def _values(gradient: tf.Tensor | tf.IndexedSlices) -> tf.Tensor:
    return gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient


def _path(variable: keras.Variable | tf.Variable) -> str:
    return getattr(variable, "path", variable.name)


def _message(name: str, path: str, iteration: int | str) -> str:
    problem = f"{name}: the gradient of {path} is not finite"
    return f"{problem}; the chain keeps its last state, iteration {iteration}"
