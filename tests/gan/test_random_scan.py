"""Random scans: parts of the generators and of the pairs in a step, with the full gradients in expectation."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import gradients_of

from bayesian_gan.errors import InputError
from bayesian_gan.gan.energies import gradients
from bayesian_gan.gan.generators import Generator
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Paper
from bayesian_gan.gan.objectives.paper import Reduction
from bayesian_gan.gan.random_scan import random_start, read_block
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.samplers import SGHMC, WarmStart

MakeModel = Callable[..., BayesianGAN]
STEP = tf.constant(3, tf.int64)


def _held(model: BayesianGAN, images: np.ndarray, labels: np.ndarray) -> BayesianGAN:
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    model.hold(images, labels, batch_size=8)
    return model


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("k", [1, 2])
def test_the_mean_over_blocks_is_the_full_gradient(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, k: int, reduction: Reduction
) -> None:
    model = _held(
        make_model(num_gen=4, num_disc=2, objective=Paper(reduction=reduction)), images, labels
    )
    full, (full_g,), (full_d,) = gradients_of(model, (0,), STEP)
    assert model.step is not None
    (whole,) = model.step.players((0,), STEP)
    batch = whole.batch
    each = len(model.generators[0].trainable_variables)
    means = [np.zeros(g.shape) for g in full_d]
    for block in range(4 // k):
        models = model.chains[0].generators[block * k : (block + 1) * k]
        scanned = [Generator(model.step.architecture, w) for w in read_block(models)]
        part = replace(
            whole,
            generators=scanned,
            batch=replace(batch, z=batch.z[block * k : (block + 1) * k]),
        )
        energies, (gradients_g,), (gradients_d,) = gradients(model.game, [part], STEP)
        own = full_g[block * k * each : (block + 1) * k * each]
        for found, expected in zip(gradients_g, own, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(
            energies.generators, full.generators[block * k : (block + 1) * k], rtol=1e-5
        )
        for mean, gradient in zip(means, gradients_d, strict=True):
            mean += np.asarray(gradient) * k / 4
    for mean, expected in zip(means, full_d, strict=True):
        np.testing.assert_allclose(mean, expected, rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_the_mean_over_choices_of_pairs_is_the_full_gradient(
    make_model: MakeModel,
    images: np.ndarray,
    labels: np.ndarray,
    reduction: Reduction,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    arguments: dict[str, Any] = {
        "num_gen": 3,
        "num_disc": 2,
        "num_mcmc": 1,
        "objective": Paper(reduction=reduction),
    }
    model = _held(make_model(**arguments, scan=RandomScan(pairs=2)), images, labels)
    full = _held(make_model(**arguments), images, labels)
    _, (full_g,), (full_d,) = gradients_of(full, (0,), STEP)
    sums = [np.zeros(g.shape) for g in [*full_g, *full_d]]
    # Every combination of the two discriminators' three choices, each as probable as the others.
    for choice in range(9):

        def met(
            game: Any, d: tuple[int, int], step: tf.Tensor, count: int, choice: int = choice
        ) -> tf.Tensor:
            return ((choice // 3 ** d[1]) % 3 + tf.range(2)) % count

        monkeypatch.setattr("bayesian_gan.gan.energies._met", met)
        _, (gradients_g,), (gradients_d,) = gradients_of(model, (0,), STEP)
        for total, gradient in zip(sums, [*gradients_g, *gradients_d], strict=True):
            total += np.asarray(gradient)
        monkeypatch.undo()
    for total, expected in zip(sums, [*full_g, *full_d], strict=True):
        np.testing.assert_allclose(total / 9, expected, rtol=2e-4, atol=1e-6)


def test_choices_are_uniform_and_differ_between_discriminators() -> None:
    starts = [
        [int(random_start((1, 9, 0, d), tf.constant(t), 5)) for t in range(400)] for d in (0, 1)
    ]
    for drawn in starts:
        counts = Counter(drawn)
        # Standard deviation of each count: sqrt(400 * 0.2 * 0.8) = 8; four of them.
        assert all(abs(counts[i] - 80) <= 32 for i in range(5))
    same = sum(a == b for a, b in zip(*starts, strict=True))
    assert abs(same - 80) <= 32


def test_only_the_block_of_the_step_moves_and_takes_its_averages(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(num_gen=4, num_mcmc=2, scan=RandomScan(2))
    model.compile(
        WarmStart(keras.optimizers.Adam(0.01), SGHMC(0.01, 96, seed=1), 2),
        keras.optimizers.Adam(0.01),
    )
    model.hold(images, labels, batch_size=8)
    step = tf.function(lambda: model.train_step(None))
    for t in range(6):
        before = [[w.numpy() for w in g.weights] for g in model.generators]
        energies = model.generator_energies.numpy()
        step()
        at = tf.constant(t, tf.int64)
        blocks = [int(random_start((model.game.seed, 8, m), at, 2)) for m in range(2)]
        for j, generator in enumerate(model.generators):
            moves = j % 4 // 2 == blocks[j // 4]
            # A bias before batch normalisation has no gradient, but the prior's.
            moved = [
                np.any(w.numpy() != b) for w, b in zip(generator.weights, before[j], strict=True)
            ]
            assert moved == [moves] * len(moved)
            assert (model.generator_energies.numpy()[j] != energies[j]) == moves
    assert [int(o.iterations.numpy()) for o in model.generator_optimizers] == [6] * 4


def test_a_scan_of_everything_is_the_plain_step(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    weights = []
    for scan in (None, 2):
        model = _held(make_model(scan=RandomScan(scan)), images, labels)
        tf.function(lambda model=model: model.train_step(None))()
        weights.append([w.numpy() for w in model.weights])
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_gen": 4, "scan": RandomScan(3)}, "divide"),
        ({"num_gen": 4, "scan": RandomScan(5)}, "RandomScan: generators"),
        ({"num_gen": 4, "scan": RandomScan(2, 3)}, "RandomScan: pairs"),
        ({"num_gen": 2, "scan": RandomScan(1), "objective": Authors()}, "unbiased"),
        ({"num_gen": 2, "scan": RandomScan(pairs=1), "objective": Authors()}, "unbiased"),
    ],
)
def test_scans_that_do_not_fit_are_refused(
    make_model: MakeModel, arguments: dict, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_model(**arguments)
