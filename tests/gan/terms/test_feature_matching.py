"""Distances of real and generated features."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of, minibatch
from taught import model_with

from bayesian_gan.errors import InputError
from bayesian_gan.gan.terms import FeatureMatching
from bayesian_gan.gan.terms.feature_matching import huber_distance, mean_distance

G, B, F = 3, 5, 6
STEP = tf.constant(30, tf.int64)


def test_huber_distance() -> None:
    rng = np.random.default_rng(2)
    real, fake = 2 * rng.standard_normal((B, F)), 2 * rng.standard_normal((G, B, F))
    r = np.abs(real[None] - fake)
    assert (r < 1).any()
    assert (r > 1).any()
    expected = np.where(r < 1, 0.5 * r**2, r - 0.5).mean((1, 2))
    np.testing.assert_allclose(huber_distance(real, fake), expected, rtol=1e-6)


def test_distance_of_means() -> None:
    rng = np.random.default_rng(3)
    real, fake = rng.standard_normal((B, F)), rng.standard_normal((G, B, F))
    expected = [np.mean((real.mean(0) - fake[g].mean(0)) ** 2) for g in range(G)]
    np.testing.assert_allclose(mean_distance(real, fake), expected, rtol=1e-6)


def test_it_enters_the_generators_energies_with_its_weight(
    images: np.ndarray, labels: np.ndarray
) -> None:
    plain = energies_of(model_with([], images, labels), (0,), STEP)
    model = model_with([FeatureMatching(2.0, "mean")], images, labels)
    found = energies_of(model, (0,), STEP)
    batch = minibatch(model, 0, STEP)
    with keras.StatelessScope():
        fakes = model.generators[0](batch.z[0], training=True)
        real, fake = (
            model.discriminators[0](x, training=True)["features"].numpy()
            for x in (batch.real, fakes)
        )
    matching = np.mean((real.mean(0) - fake.mean(0)) ** 2)
    np.testing.assert_allclose(found.terms["matching"][0, 0], matching, rtol=1e-4)
    np.testing.assert_allclose(found.generators[0], plain.generators[0] + 2.0 * matching, rtol=1e-5)
    np.testing.assert_array_equal(found.discriminators, plain.discriminators)


def test_a_distance_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="distance must be 'huber' or 'mean', not 'max'"):
        FeatureMatching(1.0, "max")  # type: ignore[arg-type]
