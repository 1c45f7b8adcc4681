"""What a run's options become: objective, terms, noise, schedules."""

import pytest
from conftest import parse_flags

from bayesian_gan.data import digits
from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.objectives import Authors, Objective, Paper, Wasserstein
from bayesian_gan.gan.terms import (
    ClassFrequencies,
    Consistency,
    Entropy,
    FeatureMatching,
    GradientPenalty,
    Neighbours,
    Term,
)
from bayesian_gan.runs.build import build_model, build_objective, build_terms


def test_noise_falls_along_with_the_learning_rate() -> None:
    flags = "--preset laptop --num_mcmc 1 --warm_up 400 --cosine_from 0.25 --final_noise 0.5"
    model = build_model(parse_flags("--out_dir", "o", *flags.split()), digits.load())
    assert model.game.noise == FallingNoise(0.5, 100, 400)
    schedule = model.discriminator_optimizers[0].optimizer._learning_rate
    assert float(schedule(100)) == pytest.approx(0.003)
    assert float(schedule(101)) < 0.003


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
