"""Generators are networks of one architecture, whose pass is traced once for all of them."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.gan import generators
from bayesian_gan.gan.generators import Architecture, generator_of
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.networks import dcgan_discriminator
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


@pytest.mark.parametrize("scan", [None, 1])
def test_frozen_weights_stay_to_the_last_bit_in_three_shards(
    scan: int | None, images: np.ndarray, labels: np.ndarray
) -> None:
    z = keras.Input((5,))
    frozen = keras.layers.Dense(64, trainable=False, name="frozen")
    x = keras.layers.Reshape((8, 8, 1))(keras.layers.BatchNormalization()(frozen(z)))
    generator = keras.Model(z, keras.layers.Activation("tanh")(x))
    model = BayesianGAN(
        generator,
        dcgan_discriminator((8, 8, 1), 3, width=4, num_layers=2),
        num_data=len(images),
        num_gen=2,
        shards=3,
        scan=RandomScan(scan),
    )
    kernel = np.asarray(frozen.kernel)
    model.compile(SGHMC(1e-3, len(images), seed=1))
    model.fit(images, labels, batch_size=9, labelled_batch_size=3, steps_per_epoch=4, verbose=0)
    for network in model.generators:
        np.testing.assert_array_equal(network.get_layer("frozen").kernel, kernel)
    # A sum of three divided by three is not always the number itself.
    assert np.any((kernel + kernel + kernel) / np.float32(3.0) != kernel)
