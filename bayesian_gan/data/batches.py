"""Minibatches as pure functions of (seed, step), without state, so a run resumes bit for bit."""

import tensorflow as tf

from bayesian_gan.data.input_range import UNIT, InputRange
from bayesian_gan.errors import InputError
from bayesian_gan.samplers import stateless

# Up to this many examples a batch is taken from epochs without replacement: a labelled set is
# small, and each of its examples should count equally often. Above, sorting at every step is not
# worth it.
LARGEST_EPOCH = 4096


def draw_indices(
    seed: tf.Tensor, step: tf.Tensor | int, num_data: int, batch_size: int
) -> tf.Tensor:
    """The indices of the minibatch of one step, stateless.

    For `num_data` <= 4096, epochs without replacement: the position t = step * batch_size + i lies
    in epoch e = t // num_data, at place t mod num_data of that epoch's permutation, so every
    example occurs once in each epoch, and a batch may straddle epochs. For more data, independent
    uniform draws with replacement.

    Args:
        seed: a stateless seed, int32 [2] (`samplers.stateless.seed_pair`).
        step: the iteration, counted from 0; an integer scalar below 2^31.
        num_data: number of examples, at least 1.
        batch_size: at least 1; may exceed `num_data`.

    Returns:
        int32 [batch_size], each in [0, num_data).

    Raises:
        InputError: `num_data` or `batch_size` is less than 1.
    """
    if num_data < 1:
        raise InputError(f"num_data is {num_data}: a batch needs at least one example to draw from")
    if batch_size < 1:
        raise InputError(f"batch_size is {batch_size}: it must be at least 1")
    step = tf.cast(step, tf.int64)
    if num_data > LARGEST_EPOCH:
        return stateless.below(num_data, [batch_size], stateless.fold_in(seed, step))
    return stateless.traced_once(_of_epochs, num_data, batch_size)(seed, step)


def _of_epochs(num_data: int, batch_size: int, seed: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
    """`draw_indices` where epochs are permuted."""
    start = step * batch_size
    first_epoch = start // num_data
    # A batch that starts at the last place of an epoch reaches furthest.
    num_epochs = (num_data + batch_size - 2) // num_data + 1
    epochs = tf.concat(
        [
            _permutation(stateless.fold_in(seed, first_epoch + e), num_data)
            for e in range(num_epochs)
        ],
        axis=0,
    )
    offset = tf.cast(start - first_epoch * num_data, tf.int32)
    return tf.slice(epochs, [offset], [batch_size])


def to_unit(images: tf.Tensor, input_range: InputRange = UNIT) -> tf.Tensor:
    """Images as the networks take them, float32 in [-1, 1].

    Args:
        images: uint8, scaled by x / 127.5 - 1; or floating point of the range.
        input_range: of floats.

    Raises:
        InputError: any other type, whose range is not known.
    """
    images = tf.convert_to_tensor(images)
    if images.dtype == tf.uint8:
        return tf.cast(images, tf.float32) / 127.5 - 1.0
    if images.dtype.is_floating:
        return input_range.to_unit(images)
    raise InputError(
        f"images are {images.dtype.name}: give uint8, or floating point in {input_range}"
    )


def to_uint8(images: tf.Tensor) -> tf.Tensor:
    """Pictures of images in [-1, 1]: the inverse of `to_unit`, rounded and clipped to uint8.

    Raises:
        InputError: the images are not floating point.
        tf.errors.InvalidArgumentError: a value is not finite, which no grey level stands for.
    """
    images = tf.convert_to_tensor(images)
    if not images.dtype.is_floating:
        raise InputError(f"images are {images.dtype.name}: give floating point in [-1, 1]")
    images = tf.debugging.check_numerics(tf.cast(images, tf.float32), "images to draw")
    return tf.cast(tf.round(tf.clip_by_value((images + 1.0) * 127.5, 0.0, 255.0)), tf.uint8)


def _permutation(seed: tf.Tensor, size: int) -> tf.Tensor:
    """A uniform permutation of range(size), int32, by sorting random 32-bit keys."""
    return tf.argsort(stateless.words([size], seed), stable=True)
