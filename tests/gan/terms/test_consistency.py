"""Consistency with averaged weights, and the teacher that holds these."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of, minibatch
from taught import BATCH, model_with, softmax, state_of

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.terms import Consistency, Neighbours
from bayesian_gan.gan.terms.consistency import inconsistency
from bayesian_gan.networks.outputs import split_outputs

STEP = tf.constant(30, tf.int64)


def _shifted(model: BayesianGAN) -> BayesianGAN:
    """The model with a teacher of other weights."""
    for network in state_of(model, "teacher").networks:
        for variable in network.weights:
            variable.assign(1.3 * variable)
    return model


def test_inconsistency_is_the_squared_distance_of_probabilities() -> None:
    logits, target = 2.0 * np.random.default_rng(4).standard_normal((2, 5, 4))
    expected = ((softmax(logits) - softmax(target)) ** 2).sum(-1).mean()
    np.testing.assert_allclose(inconsistency(logits, target), expected, rtol=1e-5)


def test_no_gradient_passes_through_the_averaged_weights() -> None:
    logits, target = tf.constant([[1.0, -1.0]]), tf.constant([[0.0, 0.5]])
    with tf.GradientTape() as tape:
        tape.watch((logits, target))
        value = inconsistency(logits, target)
    through_logits, through_target = tape.gradient(value, (logits, target))
    assert through_target is None
    assert np.all(np.abs(through_logits) > 0.1)


@pytest.mark.parametrize(("ramp", "share"), [(120, 0.25), (20, 1.0), (0, 1.0)])
def test_it_enters_the_discriminators_energy_with_a_weight_that_rises_and_stays(
    images: np.ndarray, labels: np.ndarray, ramp: int, share: float
) -> None:
    plain = energies_of(model_with([], images, labels), (0,), STEP)
    model = _shifted(model_with([Consistency(2.0, ramp)], images, labels))
    found = energies_of(model, (0,), STEP)  # At iteration 30.
    real = minibatch(model, 0, STEP).real
    p, q = (
        softmax(split_outputs(network(real, training=True))[0])
        for network in (model.discriminators[0], state_of(model, "teacher").networks[0])
    )
    distance = ((p - q) ** 2).sum(-1).mean()
    assert distance > 1e-4
    np.testing.assert_allclose(found.terms["consistency"][0], distance, rtol=1e-3)
    expected = plain.discriminators[0] + share * 2.0 * distance
    np.testing.assert_allclose(found.discriminators[0], expected, rtol=1e-5)


def test_averaged_weights_are_the_exponential_average(
    images: np.ndarray, labels: np.ndarray
) -> None:
    model = model_with([Consistency(1.0, decay=0.5)], images, labels)
    kernel = model.discriminators[0].trainable_variables[0]
    averaged = state_of(model, "teacher").networks[0].weights[0]
    np.testing.assert_array_equal(kernel, averaged)
    expected, start = kernel.numpy(), kernel.numpy()
    for step in range(12):
        model.fit(images, labels, batch_size=BATCH, steps_per_epoch=1, verbose=0)
        decay = min(0.5, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * kernel.numpy()
    np.testing.assert_allclose(averaged, expected, rtol=1e-5, atol=1e-7)
    assert np.max(np.abs(kernel.numpy() - start)) > 1e-3


def test_averaged_weights_are_not_moved_by_the_optimizer(
    images: np.ndarray, labels: np.ndarray
) -> None:
    model = model_with([Consistency(1.0)], images, labels)
    own = {id(v) for v in state_of(model, "teacher").networks[0].weights}
    for optimizer in model.discriminator_optimizers:
        assert not any(id(v) in own for v in optimizer._trainable_variables)


def test_terms_that_ask_one_teacher_share_it_and_its_pass(
    images: np.ndarray, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_with([Consistency(1.0), Neighbours(1.0)], images, labels)
    (teacher,) = model.states
    asked = []

    def read(index: int, real: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        asked.append(index)
        return split_outputs(teacher.networks[index](real, training=True))[0]

    monkeypatch.setattr(teacher, "read", read)
    with keras.StatelessScope():
        energies_of(model, (0,), STEP)
    assert asked == [0]
