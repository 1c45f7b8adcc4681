"""The term, its state, and what frequencies labels make expected."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of, minibatch
from taught import BATCH, model_with, softmax, state_of

from bayesian_gan.gan.objectives import Paper
from bayesian_gan.gan.terms import FeatureMatching
from bayesian_gan.gan.terms.class_frequencies import (
    FREQUENCY_DECAY,
    LEAST_FREQUENCY,
    ClassFrequencies,
    expected_frequencies,
    frequency_divergence,
    log_frequency_ratio,
)
from bayesian_gan.networks.outputs import split_outputs

STEP = tf.constant(30, tf.int64)
B, K = 5, 4


def test_expected_frequencies_are_laplaces() -> None:
    np.testing.assert_allclose(
        expected_frequencies(np.array([0.0, 3.0, 1.0, 0.0])), [1 / 8, 4 / 8, 2 / 8, 1 / 8]
    )
    np.testing.assert_allclose(expected_frequencies(np.full(10, 3.0)), 0.1)


def test_the_frequency_term_is_kl_of_the_mean_prediction_and_has_its_gradient() -> None:
    rng = np.random.default_rng(5)
    logits = tf.constant(2.0 * rng.standard_normal((B, K)), tf.float32)
    pi = np.arange(1.0, K + 1)
    pi = (pi / pi.sum()).astype(np.float32)

    def kl(m: np.ndarray) -> float:
        q = softmax(m).mean(0)
        return float((q * np.log(q / pi)).sum())

    m = logits.numpy().astype(np.float64)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        q = tf.reduce_mean(tf.nn.softmax(logits), 0)
        value = frequency_divergence(logits, log_frequency_ratio(q, tf.constant(pi)))
    np.testing.assert_allclose(value, kl(m), rtol=1e-5)
    # Its gradient against central differences of KL, which know nothing of q being held constant.
    h, differences = 1e-5, np.zeros_like(m)
    for i in np.ndindex(m.shape):
        e = np.zeros_like(m)
        e[i] = h
        differences[i] = (kl(m + e) - kl(m - e)) / (2 * h)
    assert np.abs(differences).max() > 1e-3
    np.testing.assert_allclose(tape.gradient(value, logits), differences, rtol=1e-4, atol=1e-7)


def test_a_class_that_is_predicted_no_more_has_a_finite_term() -> None:
    ratio = log_frequency_ratio(tf.constant([0.0, 1.0]), tf.constant([0.5, 0.5]))
    np.testing.assert_allclose(ratio, np.log([LEAST_FREQUENCY / 0.5, 2.0]), rtol=1e-6)


def test_the_frequency_term_enters_each_discriminators_energy_with_its_own_frequencies(
    images: np.ndarray, labels: np.ndarray
) -> None:
    sizes: dict[str, Any] = {"num_disc": 2, "num_mcmc": 2}
    given = np.where(np.arange(len(labels)) < 12, labels, -1)
    given[:5] = 0  # So that the labels' frequencies are not equal.
    plain = model_with([], images, given, **sizes)
    model = model_with([ClassFrequencies(2.0)], images, given, **sizes)
    q = np.random.default_rng(1).dirichlet(np.ones(3), 4).astype(np.float32)
    state_of(model, "predicted_frequencies").q.assign(q)
    pi = (np.bincount(given[given >= 0], minlength=3) + 1.0) / (12 + 3)
    assert pi.max() > 1.5 * pi.min()
    for chain in range(2):
        found, without = (energies_of(m, (chain,), STEP) for m in (model, plain))
        for i in range(2):
            real = minibatch(model, chain, STEP).real
            network = model.chains[chain].discriminators[i]
            p = softmax(split_outputs(network(real, training=True))[0])
            expected = (p * np.log(q[2 * chain + i] / pi)).sum(-1).mean()
            np.testing.assert_allclose(found.terms["class_frequencies"][i], expected, rtol=1e-3)
            np.testing.assert_allclose(
                found.observed["predicted_frequencies"][i], p.mean(0), rtol=1e-4
            )
            added = float(found.discriminators[i] - without.discriminators[i])
            assert added == pytest.approx(2.0 * expected, rel=1e-3)


def test_predicted_frequencies_are_the_running_mean(images: np.ndarray, labels: np.ndarray) -> None:
    model = model_with([ClassFrequencies(1.0)], images, labels, num_mcmc=2)
    expected = np.full((2, 3), 1.0 / 3.0)
    for step in range(3):
        now = tf.constant(step, tf.int64)
        p = np.stack(
            [energies_of(model, (m,), now).observed["predicted_frequencies"][0] for m in range(2)]
        )
        model.fit(images, labels, batch_size=BATCH, steps_per_epoch=1, verbose=0)
        expected = FREQUENCY_DECAY * expected + (1 - FREQUENCY_DECAY) * p
    q = state_of(model, "predicted_frequencies").q
    np.testing.assert_allclose(q, expected, rtol=1e-5)
    assert np.abs(expected - 1.0 / 3.0).max() > 1e-3


def test_the_frequency_term_draws_predictions_towards_the_labels_frequencies(
    images: np.ndarray, labels: np.ndarray
) -> None:
    given = np.where(np.arange(len(labels)) < 12, labels, -1)
    pi = (np.bincount(given[given >= 0], minlength=3) + 1) / (12 + 3)
    found = {}
    for weight in (0.0, 10.0):
        model = model_with(
            [FeatureMatching(), ClassFrequencies(weight)], images, given, objective=Paper(0.0)
        )
        model.fit(images, given, batch_size=BATCH, steps_per_epoch=150, verbose=0)
        q = model(images).numpy().mean(0)
        found[weight] = float((q * np.log(q / pi)).sum())
    assert found[10.0] < 0.5 * found[0.0], found
