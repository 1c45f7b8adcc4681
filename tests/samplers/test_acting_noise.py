"""The variance of gradients from their differences, and the windows of its share, against NumPy."""

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.samplers import SGHMC
from bayesian_gan.samplers.acting_noise import GradientNoise

DECAY = 0.9


def _noise(friction: float = 0.1) -> GradientNoise:
    sampler = SGHMC(
        1e-3,
        100,
        friction=friction,
        gradient_noise="fisher",
        gradient_noise_decay=DECAY,
        seed=0,
    )
    sampler.build([keras.Variable(np.zeros(3, np.float32))])
    noise = sampler._gradient_noise
    assert isinstance(noise, GradientNoise)
    return noise


def test_the_variance_is_the_mean_of_squared_differences_the_last_ones_first() -> None:
    noise, g = _noise(), np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    expected = np.zeros(3)
    for t in range(6):
        found = noise.update(0, tf.constant(g[t]))
        if t:
            squares = np.square(np.diff(g[: t + 1], axis=0)) / 2.0
            weights = DECAY ** np.arange(t - 1, -1, -1)
            expected = (weights[:, None] * squares).sum(0) / weights.sum()
        # The share is 1 in the first window.
        np.testing.assert_allclose(found, expected, rtol=1e-5)
        noise.advance()
        np.testing.assert_allclose(noise.acting(0), expected, rtol=1e-5)
        assert int(noise.count.numpy()) == t + 1


def test_each_window_is_twice_as_long_as_the_last() -> None:
    noise = _noise(friction=1.0)  # A memory of 50 iterations, and a first window of 20 of these.

    @tf.function
    def advance(times: tf.Tensor) -> None:
        for _ in tf.range(times):
            noise.advance()

    advance(tf.constant(999))
    assert (int(noise.window_start.numpy()), int(noise.window.numpy())) == (0, 1000)
    advance(tf.constant(1))
    assert (int(noise.window_start.numpy()), int(noise.window.numpy())) == (1000, 2000)
    advance(tf.constant(1999))
    assert int(noise.window_start.numpy()) == 1000
    advance(tf.constant(1))
    assert (int(noise.window_start.numpy()), int(noise.window.numpy())) == (3000, 4000)


def test_what_restarts_forgets_everything() -> None:
    noise = _noise()
    noise.update(0, tf.constant([1.0, 2.0, 3.0]))
    noise.advance(restart=tf.constant(False))
    assert int(noise.count.numpy()) == 1
    noise.advance(restart=tf.constant(True))
    assert int(noise.count.numpy()) == 0
    np.testing.assert_array_equal(noise.update(0, tf.constant([5.0, 5.0, 5.0])), [0.0, 0.0, 0.0])
