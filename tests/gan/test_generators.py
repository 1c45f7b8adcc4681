"""Generators are networks of one architecture, whose pass is traced once for all of them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.gan import generators
from bayesian_gan.gan.generators import Architecture, generator_of
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.samplers import SGHMC

MakeModel = Callable[..., BayesianGAN]
STEP = tf.constant(3, tf.int64)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """One entry for each time that Python goes through a generator."""
    counted: list[None] = []
    whole = generators.scoped_forward

    def watched(*arguments: Any) -> Any:
        counted.append(None)
        return whole(*arguments)

    monkeypatch.setattr(generators, "scoped_forward", watched)
    return counted


def _held(make_model: MakeModel, images: np.ndarray, labels: np.ndarray) -> BayesianGAN:
    model = make_model(num_gen=3, num_mcmc=2)
    model.compile(SGHMC(1e-3, 96, seed=1))
    model.hold(images, labels, batch_size=8)
    return model


def test_a_step_is_traced_through_one_generator(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, passes: list[None]
) -> None:
    model = _held(make_model, images, labels)
    tf.function(lambda: model.train_step(None), autograph=False)()
    assert len(passes) == 1


def test_each_generator_runs_where_nothing_is_traced(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, passes: list[None]
) -> None:
    model = _held(make_model, images, labels)
    model.train_step(None)
    assert len(passes) == 6


def test_what_is_traced_is_what_runs_eagerly(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = _held(make_model, images, labels)
    assert model.step is not None
    for chain in range(2):
        eager = model.step.change((chain,), STEP)
        traced = tf.function(model.step.change, autograph=False)((chain,), STEP)
        for one, other in zip(tf.nest.flatten(traced), tf.nest.flatten(eager), strict=True):
            # Sums of float32 in another order: a few units of the last digit.
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-7)


def test_no_gradient_is_computed_for_z_and_running_averages(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = _held(make_model, images, labels)
    network, z = model.generators[0], tf.random.stateless_uniform((8, model.z_dim), (1, 2))
    sample = generator_of(Architecture(model.generator_template), network)
    averages = [tf.convert_to_tensor(v) for v in sample.averages]
    sample.averages = averages

    @tf.function(autograph=False)
    def gradients() -> Any:
        with tf.GradientTape() as tape:
            tape.watch([z, *averages])
            images = sample.images(z, tf.constant([5, 6]))
        return tape.gradient(images, [z, *averages], unconnected_gradients="zero")

    assert averages
    assert all(not np.any(g) for g in gradients())
