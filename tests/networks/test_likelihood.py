"""The log-likelihood of a class and its gradient, against closed forms in float64."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp, softmax

from bayesian_gan.networks.likelihood import log_likelihood
from bayesian_gan.networks.supervised import SupervisedBaseline


@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_a_linear_network_has_the_gradient_of_its_formula(scale: float) -> None:
    # At a scale of 40 many P(y) are 1 to all digits of float32, and 1 - P(y) is not 0.
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(30, 4)), scale * rng.normal(size=(4, 3))
    y = np.arange(30) % 3
    y[:20] = (x @ w)[:20].argmax(1)
    found, gradient = log_likelihood(
        lambda images: images @ tf.constant(w, tf.float32),
        tf.constant(x, tf.float32),
        tf.constant(y),
    )
    logits = x @ w
    odds = [row[k] - logsumexp(np.delete(row, k)) for row, k in zip(logits, y, strict=True)]
    # The logits are rounded to float32: up to 200, so by 1e-5.
    np.testing.assert_allclose(found, -np.log1p(np.exp(-np.array(odds))), rtol=3e-4, atol=1e-37)
    p = softmax(logits, axis=1)
    share = -p.copy()
    share[np.arange(30), y] = np.array(
        [np.delete(row, k).sum() for row, k in zip(p, y, strict=True)]
    )
    exact = share @ w.T
    kept = np.abs(exact).max(axis=1) > 1e-36  # Below, float32 ends.
    assert kept.sum() >= 20
    np.testing.assert_allclose(gradient[kept], exact[kept], rtol=3e-3, atol=1e-37)
    if scale > 1:
        assert (np.abs(exact[kept]).max(axis=1) < 1e-8).any()


@pytest.fixture(scope="module")
def baseline() -> tuple[SupervisedBaseline, np.ndarray, np.ndarray]:
    """A supervised CNN of three classes, 200 iterations old, with images and labels."""
    rng = np.random.default_rng(0)
    labels = (np.arange(60) % 3).astype(np.int32)
    images = (labels[:, None, None, None] * 60 + rng.integers(0, 120, (60, 8, 8, 1))).astype(
        np.uint8
    )
    made = SupervisedBaseline(
        images, labels, num_classes=3, width=4, learning_rate=0.1, batch_size=20, seed=1
    )
    made.train_to(200)
    return made, images.astype(np.float32) / 127.5 - 1, labels


def test_the_supervised_cnn_s_gradient_is_its_finite_difference(baseline: Any) -> None:
    made, images, labels = baseline
    nll, gradient = made.nll_gradient(images, labels)
    p = made.predict(images)
    np.testing.assert_allclose(nll, -np.log(p[np.arange(60), labels]), rtol=1e-4, atol=1e-6)
    # Along the gradient itself the derivative is its norm.
    norms = np.sqrt(np.square(gradient, dtype=np.float64).sum(axis=(1, 2, 3)))
    steep = norms > 1e-3
    assert steep.sum() > 30
    step = 1e-2 * gradient / np.maximum(norms, 1e-30)[:, None, None, None]
    ahead, behind = (made.nll_gradient(images + s * step, labels)[0] for s in (1, -1))
    wrong = np.abs((ahead - behind)[steep] / 2e-2 / norms[steep] - 1)
    # A few images lie where a leaky ReLU bends on the way; the others are right to rounding.
    assert np.quantile(wrong, 0.8) < 2e-3
    assert wrong.max() < 0.5


def test_batches_do_not_matter(baseline: Any) -> None:
    made, images, labels = baseline
    whole, parts = made.nll_gradient(images, labels), made.nll_gradient(images, labels, 7)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-7)
