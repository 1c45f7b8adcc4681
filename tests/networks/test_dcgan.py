"""The networks of ORIGINAL: sizes, kernels, channels, initial weights; and any image size."""

import keras
import numpy as np
import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.networks import (
    dcgan_discriminator,
    dcgan_generator,
    replicate,
    supervised_classifier,
)
from bayesian_gan.networks.dcgan import layer_plan


def test_plan_of_the_authors_mnist_networks() -> None:
    plan = layer_plan((28, 28), num_layers=4, width=96)
    assert [p.kernel for p in plan] == [5, 3, 3, 3]
    assert [p.stride for p in plan] == [2, 2, 2, 2]
    assert [p.channels for p in plan] == [96, 192, 384, 512]
    assert [p.out_size for p in plan] == [(14, 14), (7, 7), (4, 4), (2, 2)]


def test_plan_with_layers_of_stride_one() -> None:
    five, eight = layer_plan((32, 32), 5, 16), layer_plan((32, 32), 8, 16)
    assert [p.stride for p in five] == [2, 2, 2, 2, 1]
    assert [p.channels for p in five] == [16, 32, 64, 128, 256]
    assert [p.stride for p in eight] == [2, 1, 2, 1, 2, 1, 2, 1]
    assert [p.channels for p in eight] == [16, 32, 32, 64, 64, 128, 128, 256]
    assert [p.kernel for p in eight] == [5, 3, 3, 3, 3, 3, 3, 3]


@pytest.mark.parametrize("num_layers", [1, 2, 4, 5, 8])
@pytest.mark.parametrize(
    "shape", [(8, 8, 1), (9, 13, 2), (28, 28, 1), (32, 32, 3), (50, 50, 3), (64, 64, 3)]
)
def test_generator_is_the_mirror_image(shape: tuple[int, int, int], num_layers: int) -> None:
    generator = dcgan_generator(shape, 7, 4, num_layers)
    discriminator = dcgan_discriminator(shape, 10, 4, num_layers)
    images = generator(np.zeros((2, 7), np.float32))
    assert images.shape == (2, *shape)
    assert discriminator(images)["logits"].shape == (2, 10)
    # Kernels of transposed convolutions are [k, k, out, in], of convolutions [k, k, in, out].
    down = [w.shape for w in discriminator.weights if len(w.shape) == 4]
    up = [w.shape for w in generator.weights if len(w.shape) == 4]
    assert up[::-1] == down


def test_initial_weights() -> None:
    discriminator = replicate(dcgan_discriminator((28, 28, 1), 10, 96), (1, 2))
    for variable in discriminator.trainable_variables:
        w = variable.numpy()
        # Relative Monte-Carlo error of a standard deviation: 1 / sqrt(2 n); the mean's: 0.02 /
        # sqrt(n).
        assert w.std() == pytest.approx(0.02, rel=4.5 / np.sqrt(2 * w.size))
        assert abs(w.mean()) < 4.5 * 0.02 / np.sqrt(w.size)


def test_replicas_differ_and_are_reproducible() -> None:
    template = dcgan_generator((8, 8, 1), 5, 4, 2)
    a, b, again = (
        replicate(template, (3, 0)),
        replicate(template, (3, 1)),
        replicate(template, (3, 0)),
    )
    for x, y, z in zip(
        a.trainable_variables, b.trainable_variables, again.trainable_variables, strict=True
    ):
        assert np.all(x.numpy() != y.numpy())
        np.testing.assert_array_equal(x, z)


def test_supervised_classifier_is_the_authors() -> None:
    model = supervised_classifier((28, 28, 1), 10, width=96)
    kernels = [w.shape for w in model.trainable_variables if len(w.shape) == 4]
    assert kernels == [(5, 5, 1, 96), (5, 5, 96, 192), (5, 5, 192, 384), (5, 5, 384, 768)]
    assert model.trainable_variables[-2].shape == (2 * 2 * 768, 10)
    assert sum(len(layer.weights) == 2 and "bn" in layer.name for layer in model.layers) == 3


def test_average_pooling_against_numpy() -> None:
    model = replicate(
        dcgan_discriminator((9, 8, 2), 3, width=4, num_layers=1, initial="he", pooling="average"),
        (5, 0),
    )
    kernel, bias, dense, dense_bias, last, last_bias = (
        w.numpy().astype(np.float64) for w in model.trainable_variables
    )
    images = np.random.default_rng(1).uniform(-1, 1, (2, 9, 8, 2)).astype(np.float32)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), (1, 2))
    x = np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias
    x = np.where(x > 0, x, 0.2 * x)
    # The last row of blocks has one row of the nine.
    pooled = [
        [x[:, i : i + 2, j : j + 2].mean((1, 2)) for j in range(0, 8, 2)] for i in range(0, 9, 2)
    ]
    x = np.transpose(pooled, (2, 0, 1, 3)).reshape(2, -1) @ dense + dense_bias
    x = np.where(x > 0, x, 0.2 * x)
    np.testing.assert_allclose(model(images)["features"], x, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model(images)["logits"], x @ last + last_bias, rtol=1e-5, atol=1e-6)


def test_supervised_classifier_with_average_pooling_halves_like_strides() -> None:
    strided = supervised_classifier((28, 28, 1), 10, width=4)
    pooled = supervised_classifier((28, 28, 1), 10, width=4, pooling="average")
    assert [w.shape for w in pooled.weights] == [w.shape for w in strided.weights]
    convolutions = [layer for layer in pooled.layers if isinstance(layer, keras.layers.Conv2D)]
    sizes = [layer.output.shape[1] for layer in convolutions]
    assert sizes == [28, 14, 7, 4]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((7, 8), 4, 4), "8x8 at least"),
        (((8, 8), 0, 4), "num_layers"),
        (((8, 8), 4, 0), "width"),
    ],
)
def test_plans_out_of_range_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        layer_plan(*arguments)
