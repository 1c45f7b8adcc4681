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


class HeldImages:
    """Images in TensorFlow's memory.

    Args:
        images: uint8 or float32 [N, height, width, channels].
    """

    def __init__(self, images: np.ndarray) -> None:
        # Made here, outside any graph: a graph that gathers from it refers to it and holds no copy.
        with tf.init_scope():
            self.tensor = tf.constant(images)
        self.shape = tuple(images.shape)

    def gather(self, indices: tf.Tensor) -> tf.Tensor:
        """See `ImageSource`."""
        return tf.gather(self.tensor, indices)


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

    def _take(self, indices: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.take(self.images, indices, axis=0))


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
