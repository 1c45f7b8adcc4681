"""The entropy of unlabelled images' class probabilities."""

import numpy as np
import tensorflow as tf
from playing import energies_of, minibatch
from taught import model_with, softmax

from bayesian_gan.gan.terms import Entropy
from bayesian_gan.gan.terms.entropy import mean_entropy
from bayesian_gan.networks.outputs import split_outputs

STEP = tf.constant(30, tf.int64)


def test_mean_entropy() -> None:
    logits = (2.0 * np.random.default_rng(4).standard_normal((5, 4))).astype(np.float32)
    p = softmax(logits)
    np.testing.assert_allclose(mean_entropy(logits), -(p * np.log(p)).sum(-1).mean(), rtol=1e-5)
    # Certain predictions have no entropy: no 0 * log 0.
    assert float(mean_entropy(tf.constant([[1e4, 0.0]]))) == 0.0


def test_it_enters_the_discriminators_energy_with_its_weight(
    images: np.ndarray, labels: np.ndarray
) -> None:
    plain = energies_of(model_with([], images, labels), (0,), STEP)
    model = model_with([Entropy(0.3)], images, labels)
    found = energies_of(model, (0,), STEP)
    real = minibatch(model, 0, STEP).real
    p = softmax(split_outputs(model.discriminators[0](real, training=True))[0])
    entropy = -(p * np.log(p)).sum(-1).mean()
    np.testing.assert_allclose(found.terms["entropy"][0], entropy, rtol=1e-4)
    np.testing.assert_allclose(
        found.discriminators[0], plain.discriminators[0] + 0.3 * entropy, rtol=1e-5
    )
    np.testing.assert_array_equal(found.generators, plain.generators)
