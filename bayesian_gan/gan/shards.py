"""A minibatch in shards: parts that share nothing but the weights, whose gradients are averaged.

A shard is a minibatch of its own, of B / S examples: batch statistics, means of features and noise are its
own. The energy of the step is the mean over the shards, and which device computes which is no part of it. So a
step is the same, to rounding, on one device that takes the shards in turn and on S devices with one each.
"""

import tensorflow as tf

from bayesian_gan.errors import InputError


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
