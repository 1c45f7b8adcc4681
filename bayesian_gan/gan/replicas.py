"""Training on several devices with `tf.distribute`: what replicas and processes agree on."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

MEAN = tf.distribute.ReduceOp.MEAN
SUM = tf.distribute.ReduceOp.SUM


def is_chief(strategy: tf.distribute.Strategy | None) -> bool:
    """Whether this process writes the run's files."""
    if strategy is None or strategy.cluster_resolver is None:
        return True
    resolver = strategy.cluster_resolver
    jobs = resolver.cluster_spec().as_dict()
    chief = "chief" if "chief" in jobs else "worker"
    return not jobs or (resolver.task_type == chief and resolver.task_id == 0)


def is_multiworker(strategy: tf.distribute.Strategy | None) -> bool:
    """Whether several processes train together."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


class Packing:
    """Float tensors of a structure as one vector, so that replicas exchange one instead of a hundred."""

    def pack(self, structure: Any) -> tf.Tensor:
        """float32 [total], and remembers the structure; None in it stays None."""
        tensors = [tensor for tensor in tf.nest.flatten(structure) if tensor is not None]
        self._structure = tf.nest.map_structure(lambda leaf: leaf is not None, structure)
        self._shapes = [tuple(tensor.shape) for tensor in tensors]
        return tf.concat([tf.reshape(tensor, [-1]) for tensor in tensors], 0)

    def unpack(self, vector: tf.Tensor) -> Any:
        """The structure with the vector's numbers."""
        parts = tf.split(vector, [int(np.prod(shape)) for shape in self._shapes])
        tensors = (tf.reshape(part, shape) for part, shape in zip(parts, self._shapes, strict=True))
        return tf.nest.map_structure(
            lambda there: next(tensors) if there else None, self._structure
        )


@dataclass
class StopVote:
    """How processes that train together stop after the same iteration.

    Attributes:
        own: whether this process wants to stop; read at the beginning of a call of the compiled step.
        counted: processes that wanted to in the last call.
    """

    own: bool = False
    counted: int = 0


def repeated(
    strategy: tf.distribute.Strategy,
    iteration: keras.Variable,
    move: Callable[[tf.Tensor], Any],
    finish: Callable[[tf.Tensor, Any], None],
    times: int,
    logs: Callable[[], Any],
    vote: StopVote,
    eagerly: bool,
) -> Callable[[Any], Any]:
    """A Keras train function: `times` iterations in one call, then the logs. Its iterator is not used.

    Args:
        strategy: in whose cross-replica context the iterations are.
        iteration: which comes next.
        move: moves weights and optimizers, of which each replica has a copy; what it returns is averaged.
        finish: writes what follows from the averages.
        times: iterations in a call.
        logs: metrics by name.
        vote: is counted in every call.
        eagerly: for debugging.
    """

    def one() -> None:
        packing, step = Packing(), tf.identity(iteration.value)
        each = strategy.run(lambda step: packing.pack(move(step)), args=(step,))
        finish(step, packing.unpack(strategy.reduce(MEAN, each, axis=None)))

    def run(own: tf.Tensor) -> tuple[Any, tf.Tensor]:
        def body(count: tf.Tensor) -> tf.Tensor:
            one()
            return count + 1

        if times == 1 or eagerly:
            for _ in range(times):
                one()
        else:
            tf.while_loop(lambda count: count < times, body, [tf.constant(0)])
        votes = strategy.reduce(SUM, strategy.run(tf.identity, args=(own,)), axis=None)
        return logs(), votes

    compiled = run if eagerly else tf.function(run, autograph=False)

    def train_function(iterator: Any) -> Any:
        found, votes = compiled(tf.constant(int(vote.own)))
        vote.counted = int(votes)
        return found

    return train_function


def share(gradients: list[list[tf.Tensor]]) -> list[list[tf.Tensor]]:
    """A replica's part of the mean gradient: Keras's optimizers sum over replicas."""
    replicas = tf.distribute.get_replica_context().num_replicas_in_sync
    if replicas == 1:
        return gradients
    return tf.nest.map_structure(lambda gradient: gradient / replicas, gradients)


def broadcast(strategy: tf.distribute.Strategy, variables: Sequence[keras.Variable]) -> None:
    """Gives every process the chief's values, bit for bit."""
    for variable in variables:
        bits = _to_bits(tf.convert_to_tensor(variable.value))
        own = bits if is_chief(strategy) else tf.zeros_like(bits)

        def first(bits: tf.Tensor) -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            keep = tf.cast(tf.equal(context.replica_id_in_sync_group, 0), bits.dtype)
            return bits * keep

        summed = strategy.reduce(SUM, strategy.run(first, args=(own,)), axis=None)
        variable.assign(_from_bits(summed, tf.as_dtype(variable.dtype)))


def _to_bits(values: tf.Tensor) -> tf.Tensor:
    """The same bits as int32; numbers of eight bytes become pairs."""
    if values.dtype == tf.bool:
        return tf.cast(values, tf.int32)
    return values if values.dtype == tf.int32 else tf.bitcast(values, tf.int32)


def _from_bits(bits: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    if dtype == tf.bool:
        return tf.cast(bits, tf.bool)
    return bits if dtype == tf.int32 else tf.bitcast(bits, dtype)


def gather(strategy: tf.distribute.Strategy, number: int) -> list[int]:
    """The numbers that all processes give, below 2^63, the chief's first."""
    each = strategy.run(lambda: tf.constant([number], tf.int64))
    return [int(value) for value in strategy.gather(each, axis=0).numpy()]


def meet(strategy: tf.distribute.Strategy) -> None:
    """Waits for all processes; returns without them where one is gone."""
    with contextlib.suppress(tf.errors.OpError):
        gather(strategy, 0)
