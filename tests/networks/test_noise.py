"""Noise on activations: its moments, and passes that are functions of a seed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.networks.noise import ActivationNoise, forward, without_noise
from bayesian_gan.networks.normalization import GhostBatchNormalization

SEED = tf.constant([3, 4])


def _network() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((6,)),
            ActivationNoise(0.5),
            keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(seed=0)),
            GhostBatchNormalization(),
            ActivationNoise(0.2),
        ]
    )


def test_noise_has_mean_zero_and_the_standard_deviation_asked_for() -> None:
    noise = ActivationNoise(0.5)(tf.zeros((400, 1000)), training=True).numpy()
    # n = 400,000 uniform numbers: the mean has a standard error of 0.5 / sqrt(n) = 0.0008, the
    # standard deviation one of 0.5 * sqrt((1.8 - 1) / (4 n)) = 0.00035 (kurtosis 1.8). Four of
    # each.
    assert abs(noise.mean()) < 0.0032
    assert abs(noise.std() - 0.5) < 0.0014
    np.testing.assert_array_equal(ActivationNoise(0.5)(tf.ones((2, 3)), training=False), 1.0)


def test_a_pass_is_a_function_of_its_seed() -> None:
    network, x = _network(), tf.ones((8, 6))
    first, second = (forward(network, x, SEED, keep_averages=True) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = forward(network, x, SEED + 1, keep_averages=True)
    assert np.mean(np.abs(np.asarray(other - first)) > 1e-3) > 0.9


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_a_share_of_the_noise_scales_the_same_numbers(precision: str) -> None:
    network = keras.Sequential([keras.Input((6,)), ActivationNoise(0.5, dtype=precision)])
    x = tf.zeros((8, 6))
    whole, part = (
        forward(network, x, SEED, keep_averages=False, noise=share)
        for share in (None, tf.constant(0.3))
    )
    assert np.std(tf.cast(whole, tf.float32)) > 0.2
    # Rounding to bfloat16 twice, 2^-8 each.
    whole_32, part_32 = (tf.cast(values, tf.float32).numpy() for values in (whole, part))
    np.testing.assert_allclose(part_32, 0.3 * whole_32, rtol=2**-7)
    # It is of that pass alone, and no weight.
    np.testing.assert_array_equal(forward(network, x, SEED, keep_averages=False), whole)
    assert not network.weights


def test_layers_of_one_network_draw_different_noise() -> None:
    network = keras.Sequential([keras.Input((500,)), ActivationNoise(1.0), ActivationNoise(1.0)])
    sum_of_two = forward(network, tf.zeros((200, 500)), SEED, keep_averages=True)
    # Equal noise would have a standard deviation of 2. Standard error of this one: about 0.002.
    assert abs(np.std(sum_of_two) - np.sqrt(2.0)) < 0.01


def test_running_averages_are_kept_only_where_asked() -> None:
    network, x = _network(), tf.random.stateless_normal((8, 6), (1, 2))
    layer = network.layers[2]
    before = layer.moving_mean.numpy()
    forward(network, x, SEED, keep_averages=False)
    np.testing.assert_array_equal(layer.moving_mean, before)
    forward(network, x, SEED, keep_averages=True)
    quiet = _network()
    quiet.set_weights(
        [
            np.zeros_like(w) if "moving" in v.path else w
            for v, w in zip(network.weights, network.get_weights(), strict=True)
        ]
    )
    noisy = np.asarray(keras.Model(network.inputs, network.layers[1].output)(x, training=False))
    # 0.1 of the batch mean, up to the noise on the inputs: 0.5 / sqrt(8) through weights of order
    # 0.7.
    np.testing.assert_allclose(layer.moving_mean, 0.1 * noisy.mean(0), atol=0.1)
    assert np.any(np.abs(layer.moving_mean.numpy()) > 1e-4)


def test_noise_turned_off_leaves_batch_statistics() -> None:
    network, x = _network(), tf.random.stateless_normal((8, 6), (1, 2))
    without_noise(network)
    y = network(x, training=True).numpy()
    np.testing.assert_allclose(y.mean(0), 0.0, atol=1e-6)
    np.testing.assert_array_equal(y, network(x, training=True))
