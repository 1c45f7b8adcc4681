"""Entropy, consistency with averaged weights, mean features and noise, as parts of a whole model."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import FREQUENCY_DECAY, BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.outputs import split_outputs

STEP = tf.constant(30, tf.int64)
BATCH = 8


def _model(
    images: np.ndarray, labels: np.ndarray, noise: float = 0.0, **arguments: Any
) -> BayesianGAN:
    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2, initial="he"),
        dcgan_discriminator(
            (8, 8, 1), 3, width=4, num_layers=2, initial="he", input_noise=noise, hidden_noise=noise
        ),
        num_data=len(images),
        seed=1,
        **arguments,
    )
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    model.hold(images, labels, batch_size=BATCH)
    return model


def _terms(model: BayesianGAN) -> Any:
    return model.energies((0,), [model.minibatch(0, STEP)], STEP)


def test_the_terms_enter_the_discriminators_energy_with_their_weights(
    images: np.ndarray, labels: np.ndarray
) -> None:
    plain = _terms(_model(images, labels))
    model = _model(
        images, labels, entropy=0.3, consistency=2.0, consistency_ramp=120, matching="mean"
    )
    for network in model.averaged_discriminators:
        for variable in network.weights:
            variable.assign(1.3 * variable)
    found = _terms(model)
    real = model.minibatch(0, STEP).real
    logits = (
        split_outputs(model.discriminators[0](real, training=True))[0].numpy().astype(np.float64)
    )
    target = split_outputs(model.averaged_discriminators[0](real, training=True))[0].numpy()
    p, q = (
        np.exp(m) / np.exp(m).sum(-1, keepdims=True) for m in (logits, target.astype(np.float64))
    )
    entropy, distance = -(p * np.log(p)).sum(-1).mean(), ((p - q) ** 2).sum(-1).mean()
    assert distance > 1e-4
    np.testing.assert_allclose(found.terms.entropy[0], entropy, rtol=1e-4)
    np.testing.assert_allclose(found.terms.consistency[0], distance, rtol=1e-3)
    # At iteration 30 of a ramp of 120 a quarter of the weight counts.
    expected = plain.discriminators[0] + 0.3 * entropy + 0.25 * 2.0 * distance
    np.testing.assert_allclose(found.discriminators[0], expected, rtol=1e-5)
    fakes = model.generators[0](model.minibatch(0, STEP).z[0], training=True)
    with keras.StatelessScope():
        features = [
            model.discriminators[0](x, training=True)["features"].numpy() for x in (real, fakes)
        ]
    matching = np.mean((features[0].mean(0) - features[1].mean(0)) ** 2)
    np.testing.assert_allclose(found.terms.matching[0, 0], matching, rtol=1e-4)


def test_the_consistency_weight_rises_and_stays(images: np.ndarray, labels: np.ndarray) -> None:
    model = _model(images, labels, consistency=2.0, consistency_ramp=20)
    for network in model.averaged_discriminators:
        for variable in network.weights:
            variable.assign(1.3 * variable)
    plain, found = _terms(_model(images, labels)), _terms(model)
    added = float(found.discriminators[0] - plain.discriminators[0])
    assert added == pytest.approx(2.0 * float(found.terms.consistency[0]), rel=1e-3)


@pytest.mark.parametrize(("step", "share"), [(10, 1.0), (30, 0.6), (50, 0.2), (90, 0.2)])
def test_the_noise_falls_in_a_straight_line(
    images: np.ndarray, labels: np.ndarray, step: int, share: float
) -> None:
    falling = _model(images, labels, noise=0.3, final_noise=0.2, noise_ramp=(10, 50))
    constant, whole = (_model(images, labels, noise=s) for s in (0.3 * share, 0.3))
    at = tf.constant(step, tf.int64)
    found, expected, other = (
        model.energies((0,), [model.minibatch(0, at)], at).discriminators.numpy()
        for model in (falling, constant, whole)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    if share < 1:
        assert np.all(np.abs(found - other) > 1e-4)


def test_averaged_weights_are_the_exponential_average(
    images: np.ndarray, labels: np.ndarray
) -> None:
    model = _model(images, labels, consistency=1.0, average_decay=0.5)
    kernel, averaged = (
        m[0].trainable_variables[0] if m[0].trainable else m[0].weights[0]
        for m in (model.discriminators, model.averaged_discriminators)
    )
    np.testing.assert_array_equal(kernel, averaged)
    expected, start = kernel.numpy(), kernel.numpy()
    for step in range(12):
        model.fit(images, labels, batch_size=BATCH, steps_per_epoch=1, verbose=0)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * kernel.numpy()
    np.testing.assert_allclose(averaged, expected, rtol=1e-5, atol=1e-7)
    assert np.max(np.abs(kernel.numpy() - start)) > 1e-3


def test_the_frequency_term_enters_each_discriminators_energy_with_its_own_frequencies(
    images: np.ndarray, labels: np.ndarray
) -> None:
    sizes: dict[str, Any] = {"num_disc": 2, "num_mcmc": 2}
    given = np.where(np.arange(len(labels)) < 12, labels, -1)
    given[:5] = 0  # So that the labels' frequencies are not equal.
    plain = _model(images, given, **sizes)
    model = _model(images, given, class_frequencies=2.0, **sizes)
    q = np.random.default_rng(1).dirichlet(np.ones(3), 4).astype(np.float32)
    assert model.predicted_frequencies is not None
    model.predicted_frequencies.assign(q)
    pi = (np.bincount(given[given >= 0], minlength=3) + 1.0) / (12 + 3)
    assert pi.max() > 1.5 * pi.min()
    for chain in range(2):
        found, without = (
            m.energies((chain,), [m.minibatch(chain, STEP)], STEP) for m in (model, plain)
        )
        for i in range(2):
            real = model.minibatch(chain, STEP).real
            network = model.chain_discriminators(chain)[i]
            m = split_outputs(network(real, training=True))[0].numpy().astype(np.float64)
            p = np.exp(m) / np.exp(m).sum(-1, keepdims=True)
            expected = (p * np.log(q[2 * chain + i] / pi)).sum(-1).mean()
            np.testing.assert_allclose(found.terms.class_frequencies[i], expected, rtol=1e-3)
            np.testing.assert_allclose(found.terms.mean_probabilities[i], p.mean(0), rtol=1e-4)
            added = float(found.discriminators[i] - without.discriminators[i])
            assert added == pytest.approx(2.0 * expected, rel=1e-3)


def test_predicted_frequencies_are_the_running_mean(images: np.ndarray, labels: np.ndarray) -> None:
    model = _model(images, labels, class_frequencies=1.0, num_mcmc=2)
    expected = np.full((2, 3), 1.0 / 3.0)
    for step in range(3):
        now = tf.constant(step, tf.int64)
        p = np.stack(
            [
                model.energies((m,), [model.minibatch(m, now)], now).terms.mean_probabilities[0]
                for m in range(2)
            ]
        )
        model.fit(images, labels, batch_size=BATCH, steps_per_epoch=1, verbose=0)
        expected = FREQUENCY_DECAY * expected + (1 - FREQUENCY_DECAY) * p
    assert model.predicted_frequencies is not None
    np.testing.assert_allclose(model.predicted_frequencies, expected, rtol=1e-5)
    assert np.abs(expected - 1.0 / 3.0).max() > 1e-3


def test_the_frequency_term_draws_predictions_towards_the_labels_frequencies(
    images: np.ndarray, labels: np.ndarray
) -> None:
    given = np.where(np.arange(len(labels)) < 12, labels, -1)
    pi = (np.bincount(given[given >= 0], minlength=3) + 1) / (12 + 3)
    found = {}
    for weight in (0.0, 10.0):
        model = _model(images, given, class_frequencies=weight, labelled_weight=0.0)
        model.fit(images, given, batch_size=BATCH, steps_per_epoch=150, verbose=0)
        q = model(images).numpy().mean(0)
        found[weight] = float((q * np.log(q / pi)).sum())
    assert found[10.0] < 0.5 * found[0.0], found


def test_averaged_weights_are_not_moved_by_the_optimizer(
    images: np.ndarray, labels: np.ndarray
) -> None:
    model = _model(images, labels, consistency=1.0)
    own = {id(v) for v in model.averaged_discriminators[0].weights}
    for optimizer in model.discriminator_optimizers:
        assert not any(id(v) in own for v in optimizer._trainable_variables)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_a_step_with_noise_is_a_function_of_the_iteration(
    images: np.ndarray, labels: np.ndarray, noise: float
) -> None:
    model = _model(images, labels, noise=noise, consistency=1.0, entropy=0.1)
    first, again = _terms(model), _terms(model)
    np.testing.assert_array_equal(first.discriminators, again.discriminators)
    batch = model.minibatch(0, STEP)
    later = model.energies((0,), [batch], STEP + 1)
    # The same minibatch: only noise can differ (and the consistency's ramp, which has no distance to weigh).
    changed = abs(float(later.terms.real[0] - first.terms.real[0])) > 1e-4
    assert changed == (noise > 0)


def test_a_run_in_two_parts_is_the_run_in_one(images: np.ndarray, labels: np.ndarray) -> None:
    arguments: dict[str, Any] = {
        "noise": 0.3,
        "consistency": 1.0,
        "entropy": 0.1,
        "class_frequencies": 1.0,
    }
    whole, parts = (_model(images, labels, **arguments) for _ in range(2))
    whole.fit(images, labels, batch_size=BATCH, steps_per_epoch=6, verbose=0)
    parts.fit(images, labels, batch_size=BATCH, steps_per_epoch=4, verbose=0)
    other = _model(images, labels, **arguments)
    other.set_weights(parts.get_weights())
    other.fit(images, labels, batch_size=BATCH, steps_per_epoch=2, verbose=0)
    for a, b in zip(whole.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"entropy": -1.0}, "entropy"),
        ({"consistency": float("nan")}, "consistency"),
        ({"consistency_ramp": -1}, "consistency_ramp"),
        ({"average_decay": 1.0}, "average_decay"),
        ({"final_noise": 1.5}, "final_noise"),
        ({"noise_ramp": (5, 4)}, "noise_ramp"),
        ({"matching": "max"}, "matching"),
        ({"entropy": 1.0, "objective": "authors"}, "objective"),
        ({"consistency": 1.0, "num_classes": 1}, "needs labels"),
        ({"class_frequencies": -1.0}, "class_frequencies"),
        ({"class_frequencies": 1.0, "objective": "authors"}, "objective"),
        ({"class_frequencies": 1.0, "num_classes": 1}, "class_frequencies needs labels"),
    ],
)
def test_wrong_arguments_are_named(
    make_model: Callable[..., BayesianGAN], arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_model(**arguments)
