"""Networks made of Keras's own layers compute what the trained ones do."""

import keras
import numpy as np
import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.export.plain import plain_network
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.noise import ActivationNoise


def _randomise(network: keras.Model) -> None:
    """Running averages far from their initial values too; variances stay positive."""
    numbers = np.random.default_rng(0)
    network.set_weights(
        [
            numbers.uniform(0.05, 0.4, w.shape) if w.ndim == 1 else numbers.normal(0, 0.2, w.shape)
            for w in network.get_weights()
        ]
    )


# 9x11 pixels: the transposed convolutions need an output padding on one axis only.
@pytest.mark.parametrize("image_shape", [(8, 8, 1), (9, 11, 3)])
@pytest.mark.parametrize("player", ["generator", "discriminator", "critic"])
def test_same_function_of_the_same_weights(image_shape: tuple[int, int, int], player: str) -> None:
    numbers = np.random.default_rng(1)
    if player == "generator":
        network = dcgan_generator(image_shape, 5, width=4, num_layers=3)
        inputs = numbers.uniform(-1, 1, (6, 5)).astype(np.float32)
    else:
        critic = player == "critic"
        network = dcgan_discriminator(
            image_shape,
            3,
            width=4,
            num_layers=3,
            critic=critic,
            normalization="layer" if critic else "batch",
        )
        inputs = numbers.uniform(-1, 1, (6, *image_shape)).astype(np.float32)
    _randomise(network)
    plain = plain_network(network)
    plain.set_weights(network.get_weights())
    expected, found = network(inputs, training=False), plain(inputs, training=False)
    for a, b in zip(keras.tree.flatten(expected), keras.tree.flatten(found), strict=True):
        assert np.std(a) > 1e-3
        np.testing.assert_allclose(b, a, rtol=1e-5, atol=1e-5)
    modules = {type(layer).__module__.split(".")[0] for layer in plain.layers}
    assert modules == {"keras"}


def test_precision_can_be_replaced() -> None:
    network = dcgan_discriminator((8, 8, 1), 3, width=4, num_layers=2, precision="mixed_bfloat16")
    plain = plain_network(network, "float32")
    assert {layer.compute_dtype for layer in plain.layers} == {"float32"}
    kept = plain_network(network)
    assert kept.get_layer("d_h1").compute_dtype == "bfloat16"
    assert kept.get_layer("d_bn1_activation").compute_dtype == "bfloat16"


class _Own(keras.layers.Layer):
    def call(self, inputs: object) -> object:
        return inputs


def test_a_layer_of_the_users_own_is_refused_or_kept() -> None:
    network = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), _Own(), keras.layers.Dense(2)]
    )
    with pytest.raises(InputError, match=r"_Own.*savedmodel"):
        plain_network(network)
    assert any(isinstance(layer, _Own) for layer in plain_network(network, others=True).layers)


def test_activation_noise_is_left_out_and_models_inside_are_plain_too() -> None:
    inner = dcgan_generator((8, 8, 1), 5, width=4, num_layers=2)
    z = keras.Input((5,))
    body = keras.Sequential([keras.Input((8, 8, 1)), ActivationNoise(0.3), inner.layers[-1]])
    network = keras.Model(z, body(ActivationNoise(0.3)(inner(z))))
    _randomise(network)
    plain = plain_network(network)
    plain.set_weights(network.get_weights())
    x = np.random.default_rng(1).uniform(-1, 1, (6, 5)).astype(np.float32)
    np.testing.assert_allclose(plain(x), network(x), rtol=1e-5, atol=1e-5)
    layers = plain._flatten_layers()
    assert {type(layer).__module__.split(".")[0] for layer in layers} == {"keras"}
    assert not [layer for layer in layers if isinstance(layer, keras.layers.Identity)]


def test_a_function_of_the_user_s_own_is_refused_or_kept() -> None:
    layers = [keras.layers.Dense(3), keras.layers.Lambda(lambda x: x * 3.0)]
    network = keras.Sequential([keras.Input((4,)), *layers])
    with pytest.raises(InputError, match=r"<lambda>.*savedmodel"):
        plain_network(network)
    plain = plain_network(network, others=True)
    plain.set_weights(network.get_weights())
    x = np.ones((2, 4), np.float32)
    np.testing.assert_allclose(plain(x), network(x), rtol=1e-6)
