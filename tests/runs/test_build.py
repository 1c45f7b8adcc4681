"""What a run's options become: objective, terms, noise, schedules."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from conftest import parse_flags

from bayesian_gan.data import digits
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.objectives import Authors, Objective, Paper, Wasserstein
from bayesian_gan.gan.priors import HeNormal, Laplace, Normal, Prior, StudentT
from bayesian_gan.gan.terms import (
    ClassFrequencies,
    Consistency,
    Entropy,
    FeatureMatching,
    GradientPenalty,
    Neighbours,
    Term,
)
from bayesian_gan.options.config import Config
from bayesian_gan.options.presets import PRESETS
from bayesian_gan.runs.build import (
    build_model,
    build_objective,
    build_optimizer,
    build_prior,
    build_supervised,
    build_terms,
    steps_per_execution,
)
from bayesian_gan.samplers import WarmStart


def test_noise_falls_along_with_the_learning_rate() -> None:
    flags = "--preset laptop --num_mcmc 1 --warm_up 400 --cosine_from 0.25 --final_noise 0.5"
    model = build_model(parse_flags("--out_dir", "o", *flags.split()), digits.load())
    assert model.game.noise == FallingNoise(0.5, 100, 400)
    schedule = model.discriminator_optimizers[0].optimizer._learning_rate
    assert float(schedule(100)) == pytest.approx(0.003)
    assert float(schedule(101)) < 0.003


def _rate(config: Config, iteration: int) -> float:
    """The learning rate of what moves the weights at an iteration."""
    optimizer = build_optimizer(config, 60000)
    if isinstance(optimizer, WarmStart):
        warms = iteration < config.warm_up
        optimizer = optimizer.optimizer if warms else optimizer.sampler
    rate = optimizer._learning_rate
    return float(rate(iteration) if callable(rate) else rate)


def test_nothing_freezes_after_the_warm_up() -> None:
    parts = (
        ("", *(f"--preset {name}" for name in PRESETS)),
        ("", "--optimizer adam"),
        (
            "--objective paper",
            "--ml --objective paper",
            "--ml_ensemble 3",
            "--objective authors",
            "--wasserstein",
            "--objective paper --temperature 0",
        ),
        ("", "--cosine_from 1"),
        ("", "--lr_decay 10", "--sampler_lr 0.01", "--warm_up 0"),
    )
    accepted = 0
    for given in product(*parts):
        try:
            config = parse_flags("--out_dir", "o", *" ".join(given).split())
        except InputError:
            continue
        accepted += 1
        for iteration in (0, 1, 10**6):
            # A tenth of what float32 resolves of a weight of 0.02, or more.
            assert _rate(config, config.warm_up + iteration) > 1e-10, given
    assert accepted > 400


def test_adam_goes_on_at_its_learning_rate_after_the_cosine() -> None:
    given = "--optimizer adam --preset laptop --warm_up 100"
    config = parse_flags("--out_dir", "o", *given.split())
    rates = [_rate(config, t) for t in (0, 50, 75, 99, 100, 5000)]
    assert rates == pytest.approx([0.003, 0.003, 0.0015, 0.003 * 0.000987, 0.003, 0.003], rel=1e-3)


def test_the_terms_of_a_preset_reach_the_model() -> None:
    model = build_model(parse_flags("--out_dir", "o", "--preset", "laptop_balanced"), digits.load())
    assert model.game.terms == (
        FeatureMatching(1.0, "mean"),
        Entropy(0.3),
        Consistency(3.0, 1500, 0.999),
        ClassFrequencies(10.0),
    )


@pytest.mark.parametrize(
    ("given", "term"),
    [
        ("--entropy 0.2", Entropy(0.2)),
        ("--consistency 2 --consistency_ramp 7", Consistency(2.0, 7, 0.999)),
        ("--class_frequencies 4", ClassFrequencies(4.0)),
        ("--neighbours 0.3 --average_decay 0.9", Neighbours(0.3, 1500, 0.9)),
        ("--wasserstein --gradient_penalty 5", GradientPenalty(5.0)),
    ],
)
def test_a_term_that_is_weighed_reaches_the_model(given: str, term: Term) -> None:
    terms = build_terms(parse_flags("--out_dir", "o", *given.split()))
    assert terms[-1] == term
    assert len(terms) == (1 if "wasserstein" in given else 2)


@pytest.mark.parametrize(
    ("given", "objective"),
    [
        ("", Paper(1.0, "mean")),
        ("--labelled_weight 0.2 --pairing_reduction sum", Paper(0.2, "sum")),
        ("--objective authors", Authors()),
        ("--labelled_weight posterior", Paper("posterior")),
        ("--preset paper", Paper("posterior", "mean", order="generators_first")),
        ("--order generators_first", Paper(order="generators_first")),
        ("--preset authors", Authors(order="discriminators_first")),
        ("--wasserstein", Wasserstein(weight_clip=0.01)),
        (
            "--wasserstein --order generators_first",
            Wasserstein(weight_clip=0.01, order="generators_first"),
        ),
        ("--wasserstein --gradient_penalty 10 --labelled_weight 0.2", Wasserstein(0.2)),
    ],
)
def test_the_objective_that_is_asked_for_reaches_the_model(
    given: str, objective: Objective
) -> None:
    assert build_objective(parse_flags("--out_dir", "o", *given.split())) == objective


@pytest.mark.parametrize(
    ("given", "prior"),
    [
        ("", Normal(1.0)),
        ("--preset paper", Normal(10.0**0.5)),
        ("--preset laptop --prior laplace --prior_std 0.5", Laplace(0.5)),
        ("--prior student_t", StudentT(1.0, 5.0)),
        ("--prior student_t --prior_df 3 --prior_std 2", StudentT(2.0, 3.0)),
        ("--prior he_normal --wasserstein", HeNormal(1.0)),
        ("--prior laplace --ml", None),
        ("--prior laplace --ml_ensemble 2", None),
    ],
)
def test_the_prior_that_is_asked_for_reaches_the_model(given: str, prior: Prior | None) -> None:
    assert build_prior(parse_flags("--out_dir", "o", *given.split())) == prior


def test_the_supervised_network_is_for_labels_and_a_test_set() -> None:
    config, data = parse_flags("--out_dir=o", "--df_dim=4", "--lr=0.003"), digits.load()
    split = label_split(data, 20, 0)
    found = build_supervised(config, data, split)
    assert found is not None
    assert found.iteration == 0
    np.testing.assert_array_equal(found.images, split.images)
    assert found.model.output_shape == (None, 10)
    # The authors give it a twentieth of what the GAN has.
    assert float(found.model.optimizer.learning_rate) == pytest.approx(0.003 / 20)
    untested = replace(data, test_images=data.test_images[:0], test_labels=data.test_labels[:0])
    assert build_supervised(config, untested, split) is None
    assert build_supervised(config, data, None) is None


@pytest.mark.parametrize(
    ("numbers", "start", "expected"),
    [
        ((40, 400, 200, 40), 0, 20),
        ((40, 400, 200, 40), 10, 10),
        ((19, 38, 0, 19), 0, 19),
        ((21, 42, 21, 21), 0, 7),
        ((23, 46, 23, 23), 0, 1),
    ],
)
def test_a_call_ends_where_something_is_due(
    numbers: tuple[int, int, int, int], start: int, expected: int
) -> None:
    n_save, train_iter, warm_up, every = numbers
    flags = (f"--n_save={n_save}", f"--train_iter={train_iter}", f"--warm_up={warm_up}")
    config = parse_flags("--out_dir=o", *flags, f"--collect_every={every}")
    assert steps_per_execution(config, start) == expected
