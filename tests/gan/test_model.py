"""The model: who meets whom, merged batches, minibatches, statistics, and what Keras users expect."""

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of, gradients_of, minibatch

from bayesian_gan.errors import InputError
from bayesian_gan.gan.energies import Energies
from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.minibatch import Minibatch, draw_minibatch
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Objective, Paper
from bayesian_gan.gan.objectives.base import labelled_energy
from bayesian_gan.gan.priors import Normal
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import Entropy, FeatureMatching
from bayesian_gan.gan.terms.feature_matching import huber_distance
from bayesian_gan.networks import GhostBatchNormalization
from bayesian_gan.samplers import SGHMC, WarmStart

MakeModel = Callable[..., BayesianGAN]
BATCH = 8


def _prepare(model: BayesianGAN, images: np.ndarray, labels: np.ndarray | None) -> None:
    """Gives the model its data and the ghost batch, as `fit` does, with one iteration."""
    if not model.generator_optimizers:
        model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0), run_eagerly=True)
    model.fit(images, labels, batch_size=BATCH, steps_per_epoch=1, verbose=0)


def _gradients(model: BayesianGAN, step: int = 3) -> list[tuple[Energies, list, list]]:
    t = tf.constant(step, tf.int64)
    return [gradients_of(model, group, t) for group in model.game.groups()]


def _shift(network: keras.Model) -> None:
    for variable in network.trainable_variables:
        variable.assign_add(0.05 * tf.ones_like(variable))


def test_chains_are_independent_under_the_papers_objective(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model()
    _prepare(model, images, labels)
    before = _gradients(model)
    for network in model.chains[1].generators + model.chains[1].discriminators:
        _shift(network)
    after = _gradients(model)
    for player in (1, 2):
        for a, b in zip(before[0][player][0], after[0][player][0], strict=True):
            np.testing.assert_array_equal(a, b)
    # The test can fail: the changed chain's own gradients move.
    assert np.any(np.asarray(before[1][1][0][0]) != np.asarray(after[1][1][0][0]))


def test_all_networks_meet_under_the_authors_objective(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(objective=Authors())
    _prepare(model, images, labels)
    assert model.game.groups() == [(0, 1)]
    before = _gradients(model)[0]
    for network in model.chains[1].generators:
        _shift(network)
    after = _gradients(model)[0]
    assert np.any(np.asarray(before[2][0][0]) != np.asarray(after[2][0][0]))


@pytest.mark.parametrize("objective", [Paper(), Authors()])
def test_merged_batches_equal_the_double_loop_over_pairs(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, objective: Objective
) -> None:
    model = make_model(objective=objective, num_gen=3, num_disc=2)
    _prepare(model, images, labels)
    t = tf.constant(5, tf.int64)
    for group in model.game.groups():
        batches = [minibatch(model, m, t) for m in group]
        terms = energies_of(model, group, t).terms
        generators = [
            (g, batch.z[j])
            for m, batch in zip(group, batches, strict=True)
            for j, g in enumerate(model.chains[m].generators)
        ]
        discriminators = [
            (d, batch)
            for m, batch in zip(group, batches, strict=True)
            for d in model.chains[m].discriminators
        ]
        # The naive program: every pair is a forward pass of its own.
        with keras.StatelessScope():
            for i, (d, batch) in enumerate(discriminators):
                real = d(batch.real, training=True)
                labelled = d(batch.labelled, training=True)
                expected = objective.real_energy(real["logits"])
                np.testing.assert_allclose(terms["real"][i], expected, rtol=1e-5)
                expected = labelled_energy(labelled["logits"], batch.labels)
                np.testing.assert_allclose(terms["labelled"][i], expected, rtol=1e-5)
                for k, (g, z) in enumerate(generators):
                    fake = d(g(z, training=True), training=True)
                    for name, expected in (
                        ("fake", objective.fake_energy(fake["logits"])),
                        ("adversarial", objective.real_energy(fake["logits"])),
                        ("matching", huber_distance(real["features"], fake["features"])),
                    ):
                        got = terms[name][i, k]
                        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-7)


def test_energies_hold_the_terms_and_the_prior(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(
        prior=Normal(0.5), objective=Paper(labelled_weight=0.3), terms=[FeatureMatching(2.0)]
    )
    _prepare(model, images, labels)
    t = tf.constant(0, tf.int64)
    energies = energies_of(model, (1,), t)
    (d,), generators = model.chains[1].discriminators, model.chains[1].generators

    def prior(network: keras.Model) -> float:
        squares = sum(float((w.numpy() ** 2).sum()) for w in network.trainable_variables)
        return squares / (2 * 0.5**2 * model.game.num_data)

    terms = energies.terms
    expected = np.mean(terms["real"][0] + terms["fake"][0]) + 0.3 * terms["labelled"][0] + prior(d)
    np.testing.assert_allclose(energies.discriminators[0], expected, rtol=1e-5)
    for j, g in enumerate(generators):
        expected = terms["adversarial"][0, j] + 2.0 * terms["matching"][0, j] + prior(g)
        np.testing.assert_allclose(energies.generators[j], expected, rtol=1e-5)


def test_gradients_are_those_of_the_energies(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    # Central differences along a random direction, for a generator and for a discriminator. The curvature
    # term of a step of 1e-2 and float32 rounding leave about 1e-3 of the slope.
    model = make_model(num_mcmc=1)
    _prepare(model, images, labels)
    t = tf.constant(0, tf.int64)
    _, gradients_g, gradients_d = gradients_of(model, (0,), t)
    rng = np.random.default_rng(0)
    first = len(model.generators[0].trainable_variables)
    for network, gradients, player in (
        (model.generators[0], gradients_g[0][:first], "generators"),
        (model.discriminators[0], gradients_d[0], "discriminators"),
    ):
        variables = network.trainable_variables
        direction = [rng.standard_normal(v.shape).astype(np.float32) for v in variables]
        norm = np.sqrt(sum((u**2).sum() for u in direction))
        slope = sum(
            float((np.asarray(g) * u).sum()) for g, u in zip(gradients, direction, strict=True)
        )
        values = []
        for sign in (1, -2):
            for v, u in zip(variables, direction, strict=True):
                v.assign_add(sign * 1e-2 * u / norm)
            values.append(float(getattr(energies_of(model, (0,), t), player)[0]))
        assert (values[0] - values[1]) / 2e-2 == pytest.approx(slope / norm, rel=2e-2, abs=2e-4)


@pytest.mark.slow
def test_two_runs_with_one_seed_are_equal_bit_for_bit(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    def train(seed: int) -> list[np.ndarray]:
        model = make_model(seed=seed)
        adam = keras.optimizers.Adam(1e-3)
        sampler = WarmStart(adam, SGHMC(1e-2, num_data=96, seed=0), iterations=3)
        model.compile(sampler, sampler)
        model.fit(images, labels, batch_size=BATCH, steps_per_epoch=8, verbose=0)
        return model.get_weights()

    first, second, other = train(1), train(1), train(2)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(np.any(a != b) for a, b in zip(first, other, strict=True))


def test_chains_draw_different_noise_minibatches_and_weights(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model()
    sampler = SGHMC(1e-2, num_data=96, seed=0)
    model.compile(sampler, sampler)
    seeds = {o.seed for o in model.generator_optimizers + model.discriminator_optimizers}
    assert len(seeds) == 4
    model.fit(images, labels, batch_size=BATCH, steps_per_epoch=1, verbose=0)
    t = tf.constant(0, tf.int64)
    a, b = minibatch(model, 0, t), minibatch(model, 1, t)
    assert np.any(a.real != b.real)
    assert np.any(a.z != b.z)
    kernels = [g.weights[0].numpy() for g in model.generators]
    for i in range(len(kernels)):
        for j in range(i):
            # Two independent N(0, 0.02^2) draws differ by N(0, 2 * 0.02^2).
            assert np.std(kernels[i] - kernels[j]) == pytest.approx(0.02 * np.sqrt(2), rel=0.15)


def test_running_averages_come_from_real_images_only(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(num_mcmc=1)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    model.fit(images, labels, batch_size=BATCH, steps_per_epoch=1, verbose=0)
    discriminator = model.discriminators[0]
    layer = discriminator.get_layer("d_bn1")
    before = keras.Model(discriminator.input, layer.input)
    real = minibatch(model, 0, tf.constant(0, tf.int64)).real
    activations = before(real, training=True).numpy().reshape(-1, layer.moving_mean.shape[0])
    np.testing.assert_allclose(layer.moving_mean, 0.1 * activations.mean(0), rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(layer.moving_variance, 0.9 + 0.1 * activations.var(0), rtol=1e-5)


def test_prediction_is_the_mean_of_the_members_softmax(
    make_model: MakeModel, images: np.ndarray
) -> None:
    model = make_model(num_disc=2)
    for network in model.discriminators:
        _shift(network)  # Larger weights, so that softmax and its mean differ from those of logits.
        _shift(network)
    members = []
    for network in model.discriminators:
        logits = network(images / 127.5 - 1.0, training=False)["logits"].numpy().astype(np.float64)
        members.append(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True))
    np.testing.assert_allclose(model.predict(images, verbose=0), np.mean(members, 0), rtol=1e-5)
    np.testing.assert_allclose(model.predict_sample(images, -1), members[-1], rtol=1e-5)


def test_unsupervised_is_one_logit(make_model: MakeModel, images: np.ndarray) -> None:
    model = make_model(num_classes=1)
    _prepare(model, images, None)
    logits = [d(images / 127.5 - 1.0, training=False)["logits"] for d in model.discriminators]
    expected = np.mean([1 / (1 + np.exp(-np.asarray(m, np.float64))) for m in logits], 0)
    np.testing.assert_allclose(model.predict(images, verbose=0), expected, rtol=1e-5)
    assert "labelled" not in model.history.history


def test_own_keras_models_work(images: np.ndarray, labels: np.ndarray) -> None:
    keras.utils.set_random_seed(0)
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(64, "tanh"),
            keras.layers.Reshape((8, 8, 1)),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(16, "relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(3),
        ]
    )
    model = BayesianGAN(generator, discriminator, num_data=96, num_gen=2, num_mcmc=2, terms=[])
    model.compile(keras.optimizers.Adam(1e-2), keras.optimizers.Adam(1e-2))
    history = model.fit(images, labels, batch_size=8, steps_per_epoch=100, epochs=2, verbose=0)
    # 12 labelled random images are learnt by heart: far below log 3, that of a guess.
    assert history.history["labelled"][-1] < 0.25 * np.log(3)
    accuracy = model.evaluate(images[:12], labels[:12], verbose=0, return_dict=True)["accuracy"]
    assert accuracy == 1.0
    with pytest.raises(InputError, match="FeatureMatching needs a discriminator with outputs"):
        BayesianGAN(generator, discriminator, num_data=96)


def test_configuration_round_trip(make_model: MakeModel) -> None:
    model = make_model(
        seed=np.int64(1),
        objective=Paper("posterior", "sum"),
        prior=Normal(2.0),
        terms=[Entropy(0.5)],
        noise=FallingNoise(0.5, 3, 9),
    )
    arguments = inspect.signature(BayesianGAN.__init__).parameters
    assert len(arguments.keys() - {"self"}) <= 16  # What more there is belongs to an object.
    assert model.get_config().keys() == arguments.keys() - {"self"}
    assert type(model.get_config()["seed"]) is int
    copy = BayesianGAN.from_config(model.get_config())
    assert copy.get_config() == model.get_config()
    for a, b in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_ghost_batches_follow_the_minibatch(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model()
    _prepare(model, images, labels)
    for network in model.generators + model.discriminators:
        for layer in network.layers:
            if isinstance(layer, GhostBatchNormalization):
                assert layer.ghost_batch_size == BATCH


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_gen": 0}, "num_gen"),
        ({"num_mcmc": -1}, "num_mcmc"),
        ({"num_data": 0}, "num_data"),
        ({"num_gen": "2"}, "num_gen must be a whole number at least 1, not '2'"),
        ({"num_gen": 1.5}, "num_gen must be a whole number"),
        ({"num_data": None}, "num_data must be a whole number"),
        ({"num_disc": True}, "num_disc must be a whole number"),
        ({"shards": 0}, "shards must be a whole number at least 1, not 0"),
        ({"chain_offset": -1}, "chain_offset must be a whole number at least 0"),
        ({"seed": -1}, "seed must be a whole number at least 0"),
        ({"terms": Entropy(0.1)}, r"terms must be a list such as \[Entropy\(0.3\)\]"),
        ({"terms": None}, "terms must be a list"),
        ({"objective": "paper"}, r"objective must be such as Paper\(\)"),
        ({"prior": 1.0}, r"prior must be such as Normal\(1.0\)"),
        ({"noise": 0.5}, "noise must be such as FallingNoise"),
        ({"terms": [0.3]}, "terms must be such as"),
        ({"terms": [Entropy(0.1), Entropy(0.2)]}, "two are called 'entropy'"),
        ({"objective": Authors(), "chain_offset": 1}, "chain_offset does not go with Authors"),
        ({"objective": Authors(), "shards": 2}, "shards and strategies do not go with Authors"),
    ],
)
def test_wrong_arguments_are_named(
    make_model: MakeModel, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_model(**arguments)


def test_wrong_data_is_refused(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model()
    with pytest.raises(InputError, match="compile"):
        model.fit(images, labels)
    with pytest.raises(InputError, match=r"Keras has no optimizer called 'adm'"):
        model.compile("adm")
    with pytest.raises(InputError, match=r"compile needs Keras optimizers or samplers, not 0\.1"):
        model.compile("adam", 0.1)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    for x, y, message in [
        (images[:, :4], labels, "shape"),
        (images.astype(np.int64), labels, "uint8"),
        (images.astype(np.float32), labels, r"\[-1, 1\]"),
        (images, None, "needs labels"),
        (images, labels[:-1], "one for each image"),
        (images, np.full_like(labels, -1), "all are -1"),
        (images, labels + 3, "labels must lie"),
    ]:
        with pytest.raises(InputError, match=message):
            model.fit(x, y)
    with pytest.raises(InputError, match="batch_size"):
        model.fit(images, labels, batch_size=1)


@pytest.mark.slow
def test_compiled_by_xla_the_step_is_the_same(
    make_model: MakeModel,
    images: np.ndarray,
    labels: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # XLA makes other numbers from the same seeds, so both get the same minibatches and blocks.
    monkeypatch.setattr(
        "bayesian_gan.gan.step.random_start",
        lambda key, step, count: tf.cast(step % count, tf.int32),
    )
    trained = []
    for jit_compile in (False, True):
        model = make_model(num_mcmc=1, scan=RandomScan(1))
        for network in (*model.generators, *model.discriminators):
            for variable in network.trainable_variables:  # activations of order 1
                variable.assign(10.0 * variable)
        cold = SGHMC(0.01, 96, temperature=0.0, seed=3)
        optimizer = WarmStart(keras.optimizers.SGD(0.01), cold, 1)
        model.compile(optimizer, optimizer, jit_compile=jit_compile)
        model.hold(images, labels, batch_size=BATCH)
        monkeypatch.setattr("bayesian_gan.gan.step.draw_minibatch", draw_minibatch)
        drawn = [minibatch(model, 0, tf.constant(t, tf.int64)) for t in range(2)]
        names = [f.name for f in fields(drawn[0]) if getattr(drawn[0], f.name) is not None]
        fixed = {name: tf.stack([getattr(b, name) for b in drawn]) for name in names}

        def draw(
            data: Any, seed: int, chain: int, step: tf.Tensor, *sizes: Any, fixed: dict = fixed
        ) -> Minibatch:
            found = {name: tf.gather(values, step) for name, values in fixed.items()}
            return Minibatch(**found, weights=None)

        monkeypatch.setattr("bayesian_gan.gan.step.draw_minibatch", draw)
        model.fit(images, labels, batch_size=BATCH, steps_per_epoch=2, verbose=0)
        trained.append([w.numpy() for w in model.weights])
    # Sums are in another order; updates are of order 1e-2.
    for plain, compiled in zip(*trained, strict=True):
        np.testing.assert_allclose(compiled, plain, rtol=1e-3, atol=1e-4)
