"""What drives Keras's loop where a step draws its own minibatches: elements without a content."""

import tensorflow as tf


def ticks(count: int) -> tf.data.Dataset:
    """A dataset of so many zeros, one for each iteration.

    Without tf.data's tuning: there is nothing to tune, and its thread, which sleeps for 10 ms and
    twice as long each time, holds up the end of an iterator until it wakes.

    Args:
        count: of elements, at least 1.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensors(0).repeat(count).with_options(options)
