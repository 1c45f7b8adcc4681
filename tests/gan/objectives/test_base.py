"""Minibatch energies against a NumPy computation that takes probabilities, in float64."""

import numpy as np
import tensorflow as tf

from bayesian_gan.gan.objectives import Paper
from bayesian_gan.gan.objectives.base import labelled_energy

G, B, K = 3, 5, 4
real_energy, fake_energy = Paper().real_energy, Paper().fake_energy


def test_minibatch_energies_from_logits() -> None:
    rng = np.random.default_rng(1)
    logits = (3.0 * rng.standard_normal((G, B, K))).astype(np.float32)
    z = np.exp(logits.astype(np.float64)).sum(-1)
    p = z / (1.0 + z)
    np.testing.assert_allclose(real_energy(logits), -np.log(p).mean(-1), rtol=2e-6)
    np.testing.assert_allclose(fake_energy(logits), -np.log(1.0 - p).mean(-1), rtol=2e-6)
    labels = np.array([0, 3, 1, 1, 2])
    softmax = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    expected = -np.log(softmax[np.arange(B), labels]).mean()
    np.testing.assert_allclose(labelled_energy(logits[0], labels), expected, rtol=2e-6)


def test_one_logit_is_the_sigmoid() -> None:
    logits = np.array([[-2.0], [0.5], [3.0]], np.float32)
    d = 1.0 / (1.0 + np.exp(-logits[:, 0].astype(np.float64)))
    np.testing.assert_allclose(real_energy(logits), -np.log(d).mean(), rtol=1e-6)
    np.testing.assert_allclose(fake_energy(logits), -np.log(1 - d).mean(), rtol=1e-6)


def test_energies_are_finite_where_probabilities_are_not() -> None:
    # exp(200) overflows float32 and 1 - D rounds to 0: only logits carry the number.
    logits = tf.constant([[200.0, 200.0]])
    np.testing.assert_allclose(fake_energy(logits), 200.0 + np.log(2.0), rtol=1e-6)
    np.testing.assert_allclose(real_energy(-logits), 200.0 - np.log(2.0), rtol=1e-6)
