"""Strided convolutions at the image end, where one side has a few channels only.

A stride-2 transposed convolution that makes one or three channels leaves the vector units of a
processor idle: oneDNN reaches a tenth of its speed there. A *sub-pixel* convolution is the same
linear map: at stride 1 it makes the four pixels of each 2 x 2 block as four times as many channels,
which `depth_to_space` then spreads out (Shi et al. 2016, "Real-time single image and video
super-resolution"). It serves as the generator's last layer, and as the gradient with respect to the
image in the discriminator's first one. Weights are those of the plain layers.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

STRIDE = 2


@keras.saving.register_keras_serializable("bayesian_gan")
class ImageConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D` of stride 2, "same", whose image gradient is a sub-pixel convolution."""

    def convolution_op(self, inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        """[n, h, w, few] and [k, k, few, channels] to [n, ceil(h / 2), ceil(w / 2), channels]."""
        _check(self)
        return image_convolution(inputs, tf.convert_to_tensor(kernel))


@keras.saving.register_keras_serializable("bayesian_gan")
class ImageConv2DTranspose(keras.layers.Conv2DTranspose):
    """`keras.layers.Conv2DTranspose` of stride 2, "same", computed as a sub-pixel convolution."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """[batch, h, w, channels] to the image [batch, H, W, few]."""
        _check(self)
        size = self.compute_output_shape(inputs.shape)[1:3]
        outputs = image_transposed_convolution(inputs, tf.convert_to_tensor(self.kernel), size)
        if self.use_bias:
            outputs = tf.nn.bias_add(outputs, tf.convert_to_tensor(self.bias))
        return self.activation(outputs)


def _check(layer: Any) -> None:
    if layer.strides != (STRIDE, STRIDE) or layer.padding != "same":
        raise ValueError(f'{layer.name}: image ends have strides 2 and padding "same"')


def image_convolution(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """The stride-2 "same" convolution of images [n, H, W, few] and kernel [k, k, few, channels]."""
    size = tuple(images.shape[1:3])

    @tf.custom_gradient
    def convolve(x: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
        def backward(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return sub_pixel(dy, w, size), _kernel_gradient(x, w, dy)

        return tf.nn.conv2d(x, w, STRIDE, "SAME"), backward

    return convolve(images, kernel)


def image_transposed_convolution(
    inputs: tf.Tensor, kernel: tf.Tensor, size: tuple[int, int]
) -> tf.Tensor:
    """The transpose of `image_convolution`: [n, h, w, channels] to [n, *size, few]."""

    @tf.custom_gradient
    def convolve(y: tf.Tensor, w: tf.Tensor) -> tuple[tf.Tensor, Callable[..., Any]]:
        def backward(dx: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return tf.nn.conv2d(dx, w, STRIDE, "SAME"), _kernel_gradient(dx, w, y)

        return sub_pixel(y, w, size), backward

    return convolve(inputs, kernel)


def _kernel_gradient(x: tf.Tensor, w: tf.Tensor, dy: tf.Tensor) -> tf.Tensor:
    return tf.raw_ops.Conv2DBackpropFilter(
        input=x,
        filter_sizes=w.shape,
        out_backprop=dy,
        strides=[1, STRIDE, STRIDE, 1],
        padding="SAME",
    )


def sub_pixel(y: tf.Tensor, kernel: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The transpose of a stride-2 "same" convolution, by stride 1 and `depth_to_space`.

    The convolution is y[i] = sum_k x[2 i + k - top] w[k], so its transpose at pixel 2 q + r is
    sum_j y[q - j] w[2 j + r + top], with w = 0 outside the kernel: a stride-1 convolution for each
    r in {0, 1}.

    Args:
        y: floats [n, h, w, channels].
        kernel: [k, k, few, channels].
        size: (H, W) of the image, h = ceil(H / 2), w = ceil(W / 2).

    Returns:
        [n, H, W, few].
    """
    rows, above, below = _taps(kernel.shape[0], y.shape[1], size[0])
    columns, left, right = _taps(kernel.shape[1], y.shape[2], size[1])
    few, channels = kernel.shape[2:]
    # Index k of a padded kernel is the row of zeros.
    padded = tf.pad(kernel, [[0, 1], [0, 1], [0, 0], [0, 0]])
    w = tf.gather(tf.gather(padded, rows, axis=0), columns, axis=2)  # [t, r, t, r, few, channels]
    w = tf.reshape(
        tf.transpose(w, (0, 2, 5, 1, 3, 4)), (len(rows), len(columns), channels, 4 * few)
    )
    blocks = tf.nn.conv2d(y, w, 1, [[0, 0], [above, below], [left, right], [0, 0]])
    return tf.nn.depth_to_space(blocks, 2)[:, : size[0], : size[1]]


def _taps(k: int, small: int, large: int) -> tuple[np.ndarray, int, int]:
    """Kernel index of tap t and parity r, [taps, 2] (k where there is none), and the padding of y."""
    top = max((small - 1) * STRIDE + k - large, 0) // 2
    first = -((1 + top) // 2)  # the smallest j with 2 j + r + top >= 0 for some r
    last = (k - 1 - top) // 2
    indices = 2 * np.arange(last, first - 1, -1)[:, None] + np.arange(2) + top
    return np.where((indices >= 0) & (indices < k), indices, k), last, -first
