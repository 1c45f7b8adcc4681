"""Sub-pixel forms of the image ends against TensorFlow's own strided convolutions."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.networks.image_ends import (
    ImageConv2D,
    ImageConv2DTranspose,
    image_convolution,
    image_transposed_convolution,
)

RNG = np.random.default_rng(0)
CASES = [(28, 28, 5, 1), (8, 9, 5, 1), (13, 32, 3, 3), (10, 7, 4, 2), (9, 8, 1, 1)]


def _tensors(*shapes: tuple[int, ...]) -> list[tf.Tensor]:
    return [tf.constant(RNG.standard_normal(s), tf.float64) for s in shapes]


@pytest.mark.parametrize(("height", "width", "k", "few"), CASES)
def test_both_ends_and_their_gradients_equal_the_plain_operations(
    height: int, width: int, k: int, few: int
) -> None:
    small = (-(-height // 2), -(-width // 2))
    x, w, y = _tensors((3, height, width, few), (k, k, few, 6), (3, *small, 6))

    def results(convolve: object, transpose: object) -> list[tf.Tensor]:
        with tf.GradientTape() as second:
            second.watch([x, w, y])
            with tf.GradientTape(persistent=True) as first:
                first.watch([x, w, y])
                down, up = convolve(x, w), transpose(y, w)  # type: ignore[operator]
                loss = tf.reduce_sum(tf.sin(down)) + tf.reduce_sum(tf.cos(up))
            gradients = first.gradient(loss, [x, w, y])
            penalty = tf.add_n([tf.reduce_sum(tf.square(g)) for g in gradients])
        return [down, up, *gradients, *second.gradient(penalty, [x, w, y])]

    ours = results(
        image_convolution, lambda y, w: image_transposed_convolution(y, w, (height, width))
    )
    plain = results(
        lambda x, w: tf.nn.conv2d(x, w, 2, "SAME"),
        lambda y, w: tf.nn.conv2d_transpose(y, w, x.shape, 2, "SAME"),
    )
    for found, expected in zip(ours, plain, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_layers_equal_the_keras_layers_of_the_same_weights() -> None:
    for ours, theirs, x in (
        (ImageConv2D(6, 5, 2, "same"), keras.layers.Conv2D(6, 5, 2, "same"), (2, 10, 9, 3)),
        (
            ImageConv2DTranspose(3, 5, 2, "same", output_padding=(1, 0)),
            keras.layers.Conv2DTranspose(3, 5, 2, "same", output_padding=(1, 0)),
            (2, 5, 5, 6),
        ),
    ):
        (inputs,) = _tensors(x)
        inputs = tf.cast(inputs, tf.float32)
        expected = theirs(inputs)
        ours.build(inputs.shape)
        ours.set_weights([theirs.get_weights()[0], np.arange(theirs.bias.shape[0])])
        theirs.set_weights(ours.get_weights())
        expected = theirs(inputs)
        np.testing.assert_allclose(ours(inputs), expected, rtol=1e-4, atol=1e-5)


def test_other_strides_and_paddings_are_refused() -> None:
    with pytest.raises(ValueError, match="strides 2"):
        ImageConv2D(6, 5, 1, "same")(np.zeros((1, 8, 8, 1), "float32"))
