"""Stateless seeds: named by integers, folded with the iteration."""

import numpy as np
import tensorflow as tf

# Named, because the default is another algorithm under XLA or on another device.
ALGORITHM = "philox"


def seed_pair(key: tuple[int, ...], step: tf.Tensor | None = None) -> tf.Tensor:
    """A seed for `tf.random.stateless_*`, int32 [2].

    Args:
        key: non-negative integers that name the use, such as (random seed, use, chain); other keys
            give independent streams (NumPy's SeedSequence).
        step: an iteration below 2^31 to fold in; int32 or int64 give the same seed.
    """
    words = np.random.SeedSequence(key).generate_state(2).view(np.int32)
    pair = tf.constant(words, tf.int32)
    if step is None:
        return pair
    return tf.random.experimental.stateless_fold_in(pair, tf.cast(step, tf.int32))
