"""Fan-ins by what they are for: under weights of variance 1 / fan-in a unit has the variance of its inputs."""

from collections.abc import Callable

import keras
import numpy as np
import pytest

from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.fan_in import fan_ins

L = keras.layers
LAYERS: dict[str, tuple[Callable[[], keras.layers.Layer], tuple[int, ...], list[float | None]]] = {
    "dense": (lambda: L.Dense(200), (50,), [50, None]),
    "convolution": (lambda: L.Conv2D(60, 3), (8, 8, 5), [45, None]),
    "groups": (lambda: L.Conv2D(60, 3, groups=2), (8, 8, 6), [27, None]),
    "1d": (lambda: L.Conv1D(60, 4, strides=2), (20, 5), [20, None]),
    "transposed": (lambda: L.Conv2DTranspose(60, 4), (8, 8, 5), [80, None]),
    "strides": (lambda: L.Conv2DTranspose(60, 4, strides=2), (8, 8, 5), [20, None]),
    "odd": (lambda: L.Conv2DTranspose(60, 5, strides=2), (20, 20, 5), [31.25, None]),
    "depthwise": (lambda: L.DepthwiseConv2D(3, depth_multiplier=8), (8, 8, 10), [9, None]),
    "einsum": (lambda: L.EinsumDense("abc,cde->abde", (4, 20, 6)), (4, 30), [30]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_units_variance_is_that_of_its_inputs(name: str) -> None:
    make, shape, expected = LAYERS[name]
    network = keras.Sequential([keras.Input(shape), make()])
    found = fan_ins(network)
    assert found == expected
    rng = np.random.default_rng(1)
    for variable, fan_in in zip(network.trainable_variables, found, strict=True):
        std = 0.0 if fan_in is None else fan_in**-0.5
        variable.assign(std * rng.standard_normal(variable.shape))
    outputs = np.asarray(network(rng.standard_normal((40, *shape)).astype("float32")))
    # Without the borders of a transposed convolution, which fewer inputs reach. Some thousand independent
    # numbers: 5% is over three standard errors of the kernels' own mean squares.
    inside = (slice(None), *[slice(4, -4)] * 2) if "Transpose" in str(network.layers) else ()
    assert np.mean(outputs[inside] ** 2) == pytest.approx(1.0, rel=0.1)


def test_layers_inside_layers_recurrent_ones_and_those_without_kernels() -> None:
    x = keras.Input((7, 4))
    h = L.Bidirectional(L.LSTM(3))(x)
    h = L.LayerNormalization()(h)
    inner = keras.Sequential([keras.Input((6,)), L.Dense(5), L.PReLU()])
    network = keras.Model(x, L.Dense(2, use_bias=False)(inner(h)))
    assert fan_ins(network) == [4, 3, None, 4, 3, None, None, None, 6, None, None, 5]


def test_separable_convolutions_and_attention() -> None:
    x = keras.Input((7, 4))
    h = L.SeparableConv1D(6, 3, depth_multiplier=2)(x)
    network = keras.Model(x, L.MultiHeadAttention(2, 5)(h, h))
    assert fan_ins(network) == [3, 8, None, *[6, None] * 3, 10, None]


def test_frozen_weights_are_left_out() -> None:
    network = keras.Sequential([keras.Input((7,)), L.Dense(5), L.Dense(3)])
    network.layers[0].trainable = False
    assert fan_ins(network) == [5, None]


def test_the_authors_networks() -> None:
    shape = (8, 8, 1)
    assert fan_ins(dcgan_discriminator(shape, 3, 4, 2)) == [25, None, 36, None, 32, None, 8, None]
    generator = dcgan_generator(shape, 5, 4, 2)
    assert fan_ins(generator) == [5, None, 9 * 8 / 4, None, 25 * 4 / 4, None]
