"""Where a training step takes its images from: memory, or a file that is mapped into it.

Both give the same images for the same indices, bit for bit.
"""

from typing import Protocol

import numpy as np
import tensorflow as tf


class ImageSource(Protocol):
    """Images by index.

    Attributes:
        shape: [N, height, width, channels].
    """

    @property
    def shape(self) -> tuple[int, ...]:
        """[N, height, width, channels]."""

    def gather(self, indices: tf.Tensor) -> tf.Tensor:
        """The images of integer indices [n], each in [0, N): [n, height, width, channels]."""

    def refill(self, images: np.ndarray) -> bool:
        """Takes other images, which a graph that gathers then meets; False where these do not fit it."""


class HeldImages:
    """Images in TensorFlow's memory.

    Args:
        images: uint8 or float32 [N, height, width, channels].
    """

    def __init__(self, images: np.ndarray) -> None:
        self.variable = held(images)
        self.shape = tuple(images.shape)

    def gather(self, indices: tf.Tensor) -> tf.Tensor:
        """See `ImageSource`."""
        return rows_of(self.variable, indices)

    def refill(self, images: np.ndarray) -> bool:
        """See `ImageSource`."""
        if is_mapped(images) or not fits(self.variable, images):
            return False
        self.variable.assign(images)
        return True


class MappedImages:
    """Images in a mapped file, of which the pages that are drawn come into memory.

    The step calls Python for them, so it cannot be compiled by XLA.

    Args:
        images: a np.memmap [N, height, width, channels], or a view of one.
    """

    def __init__(self, images: np.ndarray) -> None:
        self.images = images
        self.shape = tuple(images.shape)

    def gather(self, indices: tf.Tensor) -> tf.Tensor:
        """See `ImageSource`."""
        drawn = tf.numpy_function(self._take, [indices], self.images.dtype, stateful=False)
        return tf.ensure_shape(drawn, (indices.shape[0], *self.shape[1:]))

    def refill(self, images: np.ndarray) -> bool:
        """See `ImageSource`."""
        like = images.shape == self.shape and images.dtype == self.images.dtype
        if not (is_mapped(images) and like):
            return False
        self.images = images
        return True

    def _take(self, indices: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.take(self.images, indices, axis=0))


def held(values: np.ndarray) -> tf.Variable:
    """A variable of data, which is no part of a model's state.

    It is made outside of any graph: a graph refers to it and holds no copy, and goes on with what it
    is given later.
    """
    with tf.init_scope():
        return tf.Variable(values, trainable=False)


def rows_of(variable: tf.Variable, indices: tf.Tensor) -> tf.Tensor:
    """The rows of a variable of images, uint8 or float32, with integer indices [n], each in [0, N).

    It gathers from the variable itself (ResourceGather). GPUs have no kernel that gathers from a tensor of
    uint8 (GatherV2): there every step would copy all images to the host first.
    """
    return tf.gather(variable, indices)


def fits(variable: tf.Variable | None, values: np.ndarray | None) -> bool:
    """Whether a variable of `held` can take these values; None is like None alone."""
    if variable is None or values is None:
        return variable is values
    return tuple(variable.shape) == values.shape and variable.dtype.as_numpy_dtype == values.dtype


def image_source(images: np.ndarray) -> ImageSource:
    """The source for an array: mapped where the array lies in a mapped file, else held."""
    return MappedImages(images) if is_mapped(images) else HeldImages(images)


def is_mapped(array: object) -> bool:
    """Whether an array lies in a mapped file, or is a view of one that does."""
    while isinstance(array, np.ndarray):
        if isinstance(array, np.memmap):
            return True
        array = array.base
    return False
