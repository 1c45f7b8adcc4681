"""Ghost batch normalisation against NumPy."""

import keras
import numpy as np
import pytest

from bayesian_gan.networks import GhostBatchNormalization

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
