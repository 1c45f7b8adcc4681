"""Smooth neighbours on the teacher's graph."""

import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of, minibatch
from taught import BATCH, model_with, state_of

from bayesian_gan.errors import InputError
from bayesian_gan.gan.terms import Neighbours
from bayesian_gan.gan.terms.neighbours import roughness
from bayesian_gan.networks.outputs import split_outputs

STEP = tf.constant(30, tf.int64)


def _expected(features: np.ndarray, classes: np.ndarray, margin: float) -> float:
    """The double loop, in float64."""
    f = features.astype(np.float64) / np.sqrt(features.shape[1])
    found = []
    for i in range(len(f)):
        for j in range(len(f)):
            if i != j:
                d = float(np.linalg.norm(f[i] - f[j]))
                found.append(d**2 if classes[i] == classes[j] else max(0.0, margin - d) ** 2)
    return float(np.mean(found))


def test_roughness_is_the_mean_over_all_pairs() -> None:
    features = np.random.default_rng(0).standard_normal((7, 5)).astype(np.float32)
    features[3] += 9.0  # Beyond the margin.
    classes = np.array([0, 1, 0, 2, 1, 1, 0])
    for margin in (0.5, 1.5):
        expected = _expected(features, classes, margin)
        np.testing.assert_allclose(roughness(features, classes, margin), expected, rtol=1e-5)
    # Features of any number have distances of one size.
    twice = np.concatenate([features, features], -1)
    np.testing.assert_allclose(
        roughness(twice, classes, 1.5), roughness(features, classes, 1.5), rtol=1e-5
    )


def test_its_gradient_draws_together_what_agrees_and_parts_what_does_not() -> None:
    features = tf.constant([[0.0, 0.0], [0.4, 0.0]])
    for classes, together in (([1, 1], True), ([1, 0], False)):
        with tf.GradientTape() as tape:
            tape.watch(features)
            value = roughness(features, tf.constant(classes), 1.0)
        # Descending moves the second row against its gradient.
        assert (tape.gradient(value, features)[1, 0] > 0) == together


def test_where_rows_are_equal_the_gradient_is_finite() -> None:
    features = tf.ones((3, 4))
    with tf.GradientTape() as tape:
        tape.watch(features)
        value = roughness(features, tf.constant([0, 0, 1]), 1.0)
    np.testing.assert_allclose(value, 4 / 6, rtol=1e-6)  # Four of six pairs are a margin too near.
    assert np.all(np.isfinite(tape.gradient(value, features)))


@pytest.mark.parametrize(("ramp", "share"), [(120, 0.25), (20, 1.0)])
def test_it_enters_the_discriminators_energy_by_the_teachers_classes(
    images: np.ndarray, labels: np.ndarray, ramp: int, share: float
) -> None:
    plain = energies_of(model_with([], images, labels), (0,), STEP)
    model = model_with([Neighbours(0.3, ramp, margin=0.7)], images, labels)
    network, teacher = model.discriminators[0], state_of(model, "teacher").networks[0]
    rng = np.random.default_rng(0)
    for variable in teacher.weights:  # So that it sees other classes than the network.
        variable.assign(variable + 0.3 * rng.random(variable.shape))
    found = energies_of(model, (0,), STEP)
    real = minibatch(model, 0, STEP).real
    own, features = split_outputs(network(real, training=True))
    classes = np.argmax(split_outputs(teacher(real, training=True))[0], -1)
    assert 1 < len(np.unique(classes)) < BATCH
    assert np.any(classes != np.argmax(own, -1))
    expected = _expected(features.numpy(), classes, 0.7)
    np.testing.assert_allclose(found.terms["neighbours"][0], expected, rtol=1e-4)
    np.testing.assert_allclose(
        found.discriminators[0], plain.discriminators[0] + share * 0.3 * expected, rtol=1e-5
    )


@pytest.mark.parametrize("margin", [0.0, -1.0, float("nan")])
def test_margins_that_are_none_are_refused(margin: float) -> None:
    with pytest.raises(
        InputError, match="Neighbours: margin must be a finite number greater than 0"
    ):
        Neighbours(1.0, margin=margin)
