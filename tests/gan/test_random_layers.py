"""A user's networks with layers that draw: numbers of their own for each step, chain, member, layer."""

from collections.abc import Callable
from itertools import combinations
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.gan.generators import Architecture, Generator, generator_of
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import Consistency
from bayesian_gan.networks.noise import ActivationNoise, forward
from bayesian_gan.reliability.state import assign_state, read_state, state_variables
from bayesian_gan.samplers import SGHMC, WarmStart

DIM, NUM_DATA, BATCH = 40, 24, 4


def _ones(inner: Callable[[Any], Any]) -> keras.Model:
    """A generator that makes ones of every z, as far as `inner` leaves them."""
    z = keras.Input((2,))
    one = keras.layers.Dense(DIM, kernel_initializer="zeros", bias_initializer="ones", name="one")
    return keras.Model(z, inner(one(z)), name="g")


def _nested(x: Any) -> Any:
    inside = keras.Sequential([keras.Input((DIM,)), keras.layers.Dropout(0.5)], name="inside")
    return keras.Sequential([keras.Input((DIM,)), inside], name="around")(x)


def _twice(x: Any) -> Any:
    """Two layers, of which the first draws twice: three masks, one after the other."""
    first, second = keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)
    return keras.layers.Concatenate()([first(x), first(x), second(x)])


LAYERS = {
    "dropout": keras.layers.Dropout(0.5),
    "normal noise": keras.layers.GaussianNoise(0.5),
    "our noise": ActivationNoise(0.5),
    "nested": _nested,
    "twice": _twice,
}


def _model(generator: keras.Model, discriminator: keras.Model, **others: Any) -> BayesianGAN:
    arguments: dict[str, Any] = {"num_gen": 2, "num_mcmc": 2, "terms": (), "seed": 3} | others
    model = BayesianGAN(generator, discriminator, num_data=NUM_DATA, **arguments)
    sampler = WarmStart(keras.optimizers.Adam(0.01), SGHMC(1e-3, NUM_DATA, seed=3), 2)
    model.compile(sampler, sampler)
    images = np.random.default_rng(0).normal(size=(NUM_DATA, *model.image_shape))
    labels = np.arange(NUM_DATA) % model.num_classes if model.num_classes > 1 else None
    model.hold(images.astype(np.float32), labels, batch_size=BATCH)
    return model


def _critic(dim: int, *layers: keras.layers.Layer, classes: int = 1) -> keras.Model:
    head = keras.layers.Dense(classes, name="head")
    return keras.Sequential([keras.Input((dim,)), *layers, head], name="d")


@pytest.mark.parametrize("scan", [None, 1])
@pytest.mark.parametrize("layer", LAYERS)
def test_generators_draw_for_each_step_chain_member_and_layer(
    layer: str, scan: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = _ones(LAYERS[layer])
    size = generator.output_shape[-1]
    model = _model(generator, _critic(size), scan=RandomScan(scan))
    seen: list[np.ndarray] = []

    whole = Generator.images

    def watched(*arguments: Any) -> tf.Tensor:
        images = whole(*arguments)
        seen.extend(np.split(images.numpy(), size // DIM, axis=1))
        return images

    monkeypatch.setattr(Generator, "images", watched)
    assert model.step is not None
    for step in range(3):
        block = None
        if scan:
            block = [[tf.identity(w.value) for w in model.generators[0].weights]]
        for chain in range(2):
            model.step.change((chain,), tf.constant(step, tf.int64), block)
    assert len(seen) == 3 * 2 * (scan or 2) * size // DIM
    for a, b in combinations(seen, 2):
        # Of 160 masks or numbers half agree at most by more than five standard deviations.
        assert np.mean(a == b) < 0.7


@pytest.mark.parametrize("scan", [pytest.param(None, marks=pytest.mark.slow), 1])
@pytest.mark.slow
def test_a_run_with_random_layers_goes_on_bit_for_bit(scan: int | None) -> None:
    generator = _ones(lambda x: keras.layers.GaussianNoise(0.5)(_nested(x)))
    critic = _critic(DIM, keras.layers.Dropout(0.5, name="drop"))
    whole, first, second = (_model(generator, critic, scan=RandomScan(scan)) for _ in range(3))

    def train(model: BayesianGAN, steps: int) -> None:
        step = tf.function(lambda: model.train_step(None))
        for _ in range(steps):
            step()

    train(whole, 5)
    train(first, 3)
    assign_state(state_variables(second, None), read_state(state_variables(first, None)), "here")
    train(second, 2)
    expected, found = (read_state(state_variables(m, None)) for m in (whole, second))
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize("scan", [None, 1])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_what_layers_write_is_kept(scan: int | None, noise: float) -> None:
    spectral = keras.layers.SpectralNormalization(
        keras.layers.Dense(DIM, name="inside"), name="spectral"
    )
    z = keras.Input((2,))
    x = keras.layers.BatchNormalization(name="bn")(spectral(z))
    generator = keras.Model(z, keras.layers.Dropout(noise)(x), name="g")
    model = _model(generator, _critic(DIM), scan=RandomScan(scan))
    before = [g.get_weights() for g in model.generators]
    tf.function(lambda: model.train_step(None))()
    for network, old in zip(model.generators, before, strict=True):
        names = {v.path.rpartition("/")[2] for v in network.non_trainable_weights}
        assert names == {"vector_u", "moving_mean", "moving_variance"}
        changed = [np.any(w != o) for w, o in zip(network.get_weights(), old, strict=True)]
        assert all(changed) or (scan and not any(changed))


def test_a_generator_that_does_not_draw_is_passed_as_it_is() -> None:
    generator = _ones(keras.layers.BatchNormalization())
    z = tf.random.stateless_normal((BATCH, 2), (1, 2))
    sample = generator_of(Architecture(generator), generator)
    images = sample.images(z, tf.constant([5, 6]))
    written = [v.numpy() for v in generator.weights]
    generator.set_weights(_ones(keras.layers.BatchNormalization()).get_weights())
    np.testing.assert_array_equal(images, generator(z, training=True))
    for value, variable in zip(written, generator.weights, strict=True):
        np.testing.assert_array_equal(value, variable)


def test_what_is_frozen_beside_a_random_layer_stays() -> None:
    frozen = keras.layers.Dense(3, trainable=False)
    network = keras.Sequential([keras.Input((2,)), frozen, keras.layers.Dropout(0.5)])
    before = frozen.kernel.numpy()
    forward(network, tf.ones((4, 2)), tf.constant([1, 2]), keep_averages=True)
    np.testing.assert_array_equal(frozen.kernel, before)


def test_the_teacher_draws_anew_in_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    critic = _critic(DIM, keras.layers.Dropout(0.5), classes=3)
    model = _model(_ones(LAYERS["dropout"]), critic, terms=[Consistency(1.0)])
    (teacher,) = model.states
    read, drawn = teacher.read, []

    def watched(index: int, real: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        drawn.append(read(index, tf.ones_like(real), seed).numpy())
        return tf.constant(drawn[-1])

    monkeypatch.setattr(teacher, "read", watched)
    assert model.step is not None
    for step in range(3):
        model.step.change((0,), tf.constant(step, tf.int64))
    assert len({logits.tobytes() for logits in drawn}) == 3
