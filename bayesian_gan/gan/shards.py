"""A minibatch in shards: parts that share nothing but the weights, whose gradients are averaged.

A shard is a minibatch of its own, of B / S examples: batch statistics, means of features and noise are its
own. The energy of the step is the mean over the shards, and which device computes which is no part of it. So a
step is the same, to rounding, on one device that takes the shards in turn and on S devices with one each.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError


class Change(NamedTuple):
    """What a group of chains computes in one iteration, before anything moves; a structure of tensors.

    Attributes:
        energies: `Energies.to_tensors()`.
        generators: for each chain, gradients of U_g / N.
        discriminators: for each chain, gradients of U_d / N.
        averages: new values of the running averages that were written.
        scanned: those of generators that were read for a random scan, for each of them; empty without.
    """

    energies: tuple[Any, ...]
    generators: list[list[tf.Tensor]]
    discriminators: list[list[tf.Tensor]]
    averages: list[tf.Tensor]
    scanned: list[list[tf.Tensor]]


class Written:
    """Which running averages a step writes, by group of chains; out of sight of Keras's variable tracking."""

    def __init__(self) -> None:
        self.by_group: dict[tuple[int, ...], list[keras.Variable]] = {}


def mean_change(changes: Sequence[Change]) -> Change:
    """The mean over shards; that of one is itself, to the last bit."""
    if len(changes) == 1:
        return changes[0]
    return tf.nest.map_structure(lambda *values: tf.add_n(values) / len(values), *changes)


def own_shards(shards: int) -> list[tf.Tensor | None]:
    """Numbers of the shards that this replica takes: all of them without a strategy.

    Args:
        shards: S, a multiple of the number of replicas.

    Returns:
        Integer scalars; a single None where the minibatch is not divided.
    """
    if shards == 1:
        return [None]
    context = tf.distribute.get_replica_context()
    each = shards // context.num_replicas_in_sync
    first = tf.cast(context.replica_id_in_sync_group, tf.int32) * each
    return [first + i for i in range(each)]


def take_shard(values: tf.Tensor, shard: tf.Tensor | None, shards: int, axis: int = 0) -> tf.Tensor:
    """The shard's part of an axis whose static size is a multiple of S; all of it for None."""
    if shard is None:
        return values
    size = values.shape[axis] // shards
    return tf.ensure_shape(
        tf.gather(values, shard * size + tf.range(size), axis=axis),
        [*values.shape[:axis], size, *values.shape[axis + 1 :]],
    )


def check_shards(shards: int, objective: str, replicas: int = 1) -> None:
    """Raises InputError where a model cannot have this many shards.

    Args:
        shards: S.
        objective: of the model.
        replicas: devices that share the shards.
    """
    if shards < 1:
        raise InputError(f"shards must be at least 1, not {shards}")
    if shards % replicas:
        raise InputError(
            f"shards is {shards}, and {replicas} devices need a multiple of {replicas}: give --shards "
            f"{replicas} (each shard has batch statistics of its own, so it decides the result)"
        )
    if shards > 1 and objective == "authors":
        raise InputError(
            'shards and strategies do not go with objective "authors": its logsumexp of minibatch means is '
            'not a mean over shards; use "paper", or one device'
        )


def check_shard_sizes(shards: int, batch_size: int, labelled_batch_size: int) -> None:
    """Raises InputError where a minibatch cannot be divided into shards.

    Args:
        shards: S, at least 1.
        batch_size: B.
        labelled_batch_size: 0 without labels.
    """
    if shards == 1:
        return
    if batch_size % shards or batch_size < 2 * shards:
        raise InputError(
            f"batch_size {batch_size} does not make {shards} equal shards of at least 2: give a multiple of "
            f"{shards}, {2 * shards} or more"
        )
    if labelled_batch_size % shards:
        raise InputError(
            f"labelled_batch_size {labelled_batch_size} does not make {shards} equal shards: give a multiple "
            f"of {shards}"
        )
