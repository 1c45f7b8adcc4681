"""Wasserstein critics: energies, clipping, class heads, whole runs."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import IMAGE_SHAPE, NUM_CLASSES, NUM_DATA, Z_DIM, run_flagged
from playing import energies_of, minibatch

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Paper, Wasserstein
from bayesian_gan.gan.priors import Normal
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import FeatureMatching, GradientPenalty
from bayesian_gan.gan.terms.gradient_penalty import gradient_penalties, interpolates
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.normalization import LayerNormalization
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs.compare import differences
from bayesian_gan.samplers import SGHMC, stateless
from bayesian_gan.seeds import Use, name_key

BATCH = 8
STEP = tf.constant(5, tf.int64)


def _model(num_classes: int = NUM_CLASSES, **arguments: Any) -> BayesianGAN:
    penalised = any(isinstance(t, GradientPenalty) for t in arguments.get("terms", ()))
    defaults: dict[str, Any] = {
        "num_data": NUM_DATA,
        "num_gen": 2,
        "num_mcmc": 2,
        "seed": 1,
        "objective": Wasserstein(weight_clip=None if penalised else 0.1),
        "terms": [],
    }
    return BayesianGAN(
        dcgan_generator(IMAGE_SHAPE, Z_DIM, width=4, num_layers=2),
        dcgan_discriminator(
            IMAGE_SHAPE,
            num_classes,
            width=4,
            num_layers=2,
            critic=True,
            normalization="layer" if penalised else "batch",
        ),
        **(defaults | arguments),
    )


def _hold(model: BayesianGAN, images: np.ndarray, labels: np.ndarray | None) -> None:
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    model.hold(images, labels, batch_size=BATCH)
    for network in (*model.generators, *model.discriminators):
        for variable in network.trainable_variables:  # Activations of order 1.
            variable.assign(5.0 * variable)


@pytest.mark.parametrize("num_classes", [1, NUM_CLASSES])
@pytest.mark.parametrize("gradient_penalty", [None, 10.0])
def test_energies_are_those_of_the_formulas(
    images: np.ndarray, labels: np.ndarray, num_classes: int, gradient_penalty: float | None
) -> None:
    model = _model(
        num_classes,
        num_gen=3,
        num_disc=2,
        prior=Normal(0.5),
        objective=Wasserstein(0.3, weight_clip=0.1 if gradient_penalty is None else None),
        terms=[] if gradient_penalty is None else [GradientPenalty(gradient_penalty)],
    )
    _hold(model, images, labels if num_classes > 1 else None)
    batch = minibatch(model, 1, STEP)
    found = energies_of(model, (1,), STEP)

    def prior(network: keras.Model) -> float:
        squares = sum(float((w.numpy() ** 2).sum()) for w in network.trainable_variables)
        return squares / (2 * 0.5**2 * NUM_DATA)

    def critic(network: keras.Model, x: tf.Tensor) -> float:
        outputs = network(x, training=True)
        name = "critic" if num_classes > 1 else "logits"
        assert outputs[name].shape == (BATCH, 1)
        return float(np.asarray(outputs[name], np.float64).mean())

    generators, discriminators = model.chains[1].generators, model.chains[1].discriminators
    with keras.StatelessScope():
        fakes = [g(z, training=True) for g, z in zip(generators, batch.z, strict=True)]
        of_fakes = [[critic(d, fake) for fake in fakes] for d in discriminators]
        for i, d in enumerate(discriminators):
            expected = -critic(d, batch.real) + np.mean(of_fakes[i]) + prior(d)
            if num_classes > 1:
                logits = d(batch.labelled, training=True)["logits"].numpy().astype(np.float64)
                p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
                expected -= 0.3 * np.log(p[np.arange(len(p)), batch.labels]).mean()
            if gradient_penalty is not None:
                seed = stateless.seed_pair((1, Use.TERM, 1, i, name_key("penalty")), STEP)
                of_points = stateless.split(seed, 2)[0]
                points = interpolates(batch.real, tf.concat(fakes, 0), of_points)
                expected += 10.0 * np.mean(gradient_penalties(d, points, BATCH))
                assert np.min(found.terms["penalty"]) > 0.01
            np.testing.assert_allclose(found.discriminators[i], expected, rtol=1e-4)
        for j, g in enumerate(generators):
            expected = -np.mean([row[j] for row in of_fakes]) + prior(g)
            np.testing.assert_allclose(found.generators[j], expected, rtol=1e-4)


def test_critic_energies() -> None:
    c = np.random.default_rng(0).standard_normal((3, 5, 1)).astype(np.float32)
    critic = Wasserstein(weight_clip=0.1)
    np.testing.assert_allclose(critic.fake_energy(c), c[..., 0].mean(1), rtol=1e-5)
    np.testing.assert_allclose(critic.real_energy(c), -c[..., 0].mean(1), rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "scan"),
    [
        pytest.param(lambda: keras.optimizers.Adam(0.05), 1, marks=pytest.mark.slow),
        (lambda: SGHMC(0.05, num_data=NUM_DATA, friction=0.3, seed=0), None),
    ],
)
def test_after_every_step_the_critics_weights_lie_in_the_box_and_the_class_head_is_free(
    images: np.ndarray,
    labels: np.ndarray,
    make: Callable[[], keras.optimizers.Optimizer],
    scan: int | None,
) -> None:
    clip = 0.02
    model = _model(objective=Wasserstein(weight_clip=clip), scan=RandomScan(scan))
    model.compile(make(), make())
    model.hold(images, labels, batch_size=BATCH)
    step = tf.function(lambda: model.train_step(None))
    for _ in range(3):
        step()
        for discriminator in model.discriminators:
            for variable in discriminator.trainable_variables:
                if "logits" not in variable.path:
                    assert np.abs(variable.numpy()).max() <= np.float32(clip)
        kernel = model.discriminators[0].get_layer("d_h0").kernel.numpy()
        on_the_wall = np.abs(kernel) == np.float32(clip)
        assert 0 < on_the_wall.sum() < kernel.size
    head = model.discriminators[0].get_layer("logits")
    for free in (head.kernel, model.generators[0].trainable_variables[0]):
        assert np.abs(free.numpy()).max() > clip


def test_an_unsupervised_critics_score_grows_with_the_critic(images: np.ndarray) -> None:
    model = _model(num_classes=1)
    assert "critic" not in model.discriminators[0].output
    c = np.mean([d(images / 127.5 - 1.0)["logits"] for d in model.discriminators[:1]], 0)
    score = model.predict_sample(images, 0)
    assert (np.diff(score[np.argsort(c[:, 0])], axis=0) >= 0).all()


def test_a_posterior_reads_real_from_the_critics_head(tmp_path: Path, images: np.ndarray) -> None:
    model = _model()
    posterior = Posterior.create(tmp_path / "posterior", model)
    posterior.collect(model)
    (found,) = posterior.member_outputs(images)
    for i, network in enumerate(model.discriminators):
        outputs = network(images / 127.5 - 1.0, training=False)
        c = outputs["critic"].numpy()[:, 0].astype(np.float64)
        np.testing.assert_allclose(found.p_fake[i], 1 / (1 + np.exp(c)), rtol=1e-5)
        p = tf.nn.softmax(outputs["logits"])
        np.testing.assert_allclose(found.probabilities[i], p, rtol=1e-5)


def test_layer_normalisation_is_of_each_example() -> None:
    x = (3 + 2 * np.random.default_rng(0).standard_normal((6, 5, 4, 3))).astype(np.float32)
    y = LayerNormalization(negative_slope=0.2)(x).numpy()
    axes = (1, 2, 3)
    u = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
    np.testing.assert_allclose(y, np.where(u > 0, u, 0.2 * u), atol=1e-5)


def test_parts_of_a_step_fit_together(images: np.ndarray, labels: np.ndarray) -> None:
    model = _model(num_gen=4, num_mcmc=1, scan=RandomScan(2, 1), terms=[GradientPenalty(1.0)])
    model.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    history = model.fit(images, labels, batch_size=BATCH, steps_per_epoch=3, verbose=0).history
    assert np.isfinite([history[name][-1] for name in ("penalty", "discriminator_energy")]).all()
    copy = BayesianGAN.from_config(model.get_config())
    assert copy.get_config() == model.get_config()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"objective": Wasserstein()}, "either weight_clip or the term GradientPenalty"),
        (
            {"objective": Wasserstein(weight_clip=0.1), "terms": [GradientPenalty(1.0)]},
            "either weight_clip or the term GradientPenalty",
        ),
        ({"terms": [FeatureMatching(1.0)]}, "FeatureMatching does not go with Wasserstein"),
        (
            {"objective": Paper(), "terms": [GradientPenalty(1.0)]},
            r"GradientPenalty needs the objective Wasserstein\(\)",
        ),
    ],
)
def test_what_does_not_go_together_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        _model(**arguments)


@pytest.mark.parametrize("clip", [0.0, -1.0, float("inf"), float("nan")])
def test_boxes_that_are_none_are_refused(clip: float) -> None:
    with pytest.raises(
        InputError, match="Wasserstein: weight_clip must be a finite number greater than 0"
    ):
        Wasserstein(weight_clip=clip)


def test_networks_that_are_no_critic_are_refused(make_model: Callable[..., BayesianGAN]) -> None:
    with pytest.raises(InputError, match='an output "critic"'):
        make_model(objective=Wasserstein(weight_clip=0.1), terms=[])
    with pytest.raises(InputError, match=r"GradientPenalty needs the objective Wasserstein\(\)"):
        make_model(terms=[GradientPenalty(1.0)])  # Before what else is wrong with it.
    with pytest.raises(InputError, match="d_bn1 couples"):
        make_model(num_classes=1, objective=Wasserstein(), terms=[GradientPenalty(10.0)])


# ------------------------------------------------------------------------------------- whole runs

FLAGS = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 1 --z_dim 5 --batch_size 8 --num_gen 2 "
    "--train_iter 20 --n_save 10 --warm_up 10 --collect_every 5 --lr 0.01 --wasserstein"
)


@pytest.mark.slow
def test_a_clipped_run_that_resumes_ends_as_if_left_alone(tmp_path: Path) -> None:
    whole = run_flagged(*FLAGS.split(), "--out_dir", str(tmp_path))
    summary = json.loads((whole / "summary.json").read_text())
    assert summary["posterior"]["num_samples"] == 2
    drawn = dict(np.load(whole / "posterior" / "draw_00000020.npz"))
    largest = {name: np.abs(a).max() for name, a in drawn.items() if name.startswith("d_")}
    assert sum(value == np.float32(0.01) for value in largest.values()) >= 4
    part = (*FLAGS.split(), "--train_iter", "15")  # In SGHMC, at the second draw's iteration.
    folder = run_flagged(*part, "--out_dir", str(tmp_path))
    run_flagged(*FLAGS.split(), "--out_dir", str(tmp_path), folder=folder)
    for path in folder.glob("*_15.*"):
        path.unlink()
    assert differences(whole, folder) == []


def test_an_unsupervised_run_with_the_penalty(tmp_path: Path) -> None:
    more = ("--gradient_penalty", "10", "--nosemi", "--ml", "--num_gen", "1")
    folder = run_flagged(*FLAGS.split(), *more, "--out_dir", str(tmp_path))
    with (folder / "log.csv").open() as file:
        *_, last = csv.DictReader(file)
    penalty, energy = float(last["penalty"]), float(last["discriminator_energy"])
    assert penalty > 0
    assert energy == pytest.approx(float(last["real"]) + float(last["fake"]) + penalty, rel=1e-4)
