"""Ghost batch normalisation against NumPy."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.networks import GhostBatchNormalization
from bayesian_gan.networks.normalization import ghost_normalise

RNG = np.random.default_rng(0)
X = (3.0 + 2.0 * RNG.standard_normal((12, 5, 4, 3))).astype(np.float32)


def _normalised(x: np.ndarray) -> np.ndarray:
    x = x.astype(np.float64)
    return (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)


@pytest.mark.parametrize("ghost", [None, 4, 12, 16])
def test_chunks_have_their_own_statistics(ghost: int | None) -> None:
    layer = GhostBatchNormalization(ghost)
    chunk = min(ghost or 12, 12)
    expected = np.concatenate([_normalised(X[i : i + chunk]) for i in range(0, 12, chunk)])
    np.testing.assert_allclose(layer(X, training=True), expected, atol=2e-5)


def test_running_averages_and_inference() -> None:
    layer = GhostBatchNormalization(4, momentum=0.75)
    layer(X, training=True)
    chunks = X.reshape(3, -1, 3).astype(np.float64)
    mean = 0.25 * chunks.mean(1).mean(0)
    variance = 0.75 + 0.25 * chunks.var(1).mean(0)
    np.testing.assert_allclose(layer.moving_mean, mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, variance, rtol=1e-5)
    expected = (X - mean) / np.sqrt(variance + 1e-5)
    np.testing.assert_allclose(layer(X, training=False), expected, rtol=1e-4, atol=1e-5)


def test_equals_keras_batch_normalisation_on_one_chunk() -> None:
    ours = GhostBatchNormalization(12, momentum=0.9)
    theirs = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, center=False, scale=False)
    np.testing.assert_allclose(ours(X, training=True), theirs(X, training=True), atol=2e-5)
    np.testing.assert_allclose(ours(X), theirs(X), atol=2e-5)


def test_mixed_chunks_are_refused() -> None:
    with pytest.raises(ValueError, match="no multiple"):
        GhostBatchNormalization(5)(X, training=True)


@pytest.mark.parametrize("wrap", [tf.function, lambda f: f], ids=["graph", "eager"])
@pytest.mark.parametrize("slope", [None, 0.0, 0.2])
def test_gradients_of_first_and_second_order_equal_automatic_ones(
    slope: float | None, wrap: Callable[..., Any]
) -> None:
    weight = tf.constant(RNG.standard_normal(X.shape), tf.float64)
    direction = tf.constant(RNG.standard_normal(X.shape), tf.float64)

    def plain(x: tf.Tensor) -> tf.Tensor:
        chunks = tf.reshape(x, (3, -1, 3))
        # Not tf.nn.moments, whose second derivative leaves out the mean.
        mean = tf.reduce_mean(chunks, 1, keepdims=True)
        variance = tf.reduce_mean(tf.square(chunks - mean), 1, keepdims=True)
        u = tf.reshape((chunks - mean) / tf.sqrt(variance + 1e-5), x.shape)
        return u if slope is None else tf.where(u > 0, u, slope * u)

    def derivatives(normalise: Callable[[tf.Tensor], tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        x = tf.constant(X, tf.float64)
        with tf.GradientTape() as second:
            second.watch(x)
            with tf.GradientTape() as first:
                first.watch(x)
                loss = tf.reduce_sum(weight * normalise(x) ** 2)
            gradient = first.gradient(loss, x)
            along = tf.reduce_sum(direction * gradient)
        return gradient, second.gradient(along, x)

    ours = wrap(lambda: derivatives(lambda x: ghost_normalise(x, 4, 1e-5, slope)[0]))()
    for found, expected in zip(ours, derivatives(plain), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_activation_is_leaky_relu_in_training_and_inference() -> None:
    plain, leaky = GhostBatchNormalization(4), GhostBatchNormalization(4, negative_slope=0.3)
    for training in (True, False):
        u = plain(X, training=training).numpy()
        expected = np.where(u > 0, u, 0.3 * u)
        np.testing.assert_allclose(leaky(X, training=training), expected, atol=1e-6)
    assert leaky.get_config()["negative_slope"] == 0.3


def test_statistics_of_half_precision_inputs_are_float32() -> None:
    # 300 +- 1: a bfloat16 mean would be off by one unit, and the variance by a factor.
    x = (300.0 + RNG.standard_normal((64, 4, 4, 2))).astype(np.float32)
    half = tf.cast(x, tf.bfloat16)
    found = GhostBatchNormalization(32, dtype="mixed_bfloat16")(half, training=True)
    assert found.dtype == tf.bfloat16
    exact = GhostBatchNormalization(32)(tf.cast(half, tf.float32), training=True)
    np.testing.assert_allclose(tf.cast(found, tf.float32), exact, atol=0.02)
