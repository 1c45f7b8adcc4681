"""Split conformal prediction: the quantile in closed form, and the coverage over many splits."""

import math

import numpy as np
import pytest

from bayesian_gan.evaluation import conformal


def test_the_quantile_is_the_next_larger_rank() -> None:
    scores = np.arange(1, 20) / 100  # 19: (n + 1) 0.95 = 19, the largest.
    rng = np.random.default_rng(0)
    assert conformal.quantile(rng.permutation(scores), 0.95) == 0.19
    assert conformal.quantile(scores, 0.9) == 0.18
    assert conformal.quantile(scores, 0.901) == 0.19
    assert conformal.quantile(scores, 0.05) == 0.01
    assert conformal.quantile(scores, 0.951) == math.inf
    assert conformal.quantile(scores[:18], 0.95) == math.inf


@pytest.mark.parametrize(
    ("coverage", "least"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19), (0.99, 99), (0.001, 1)]
)
def test_the_least_number_of_pictures(coverage: float, least: int) -> None:
    assert conformal.least_pictures(coverage) == least
    assert conformal.quantile(np.arange(least), coverage) <= least - 1
    if least > 1:
        assert conformal.quantile(np.arange(least - 1), coverage) == math.inf


@pytest.mark.parametrize("coverage", [0.0, 1.0, -1.0, math.nan])
def test_a_coverage_out_of_range_is_refused(coverage: float) -> None:
    with pytest.raises(ValueError, match="coverage"):
        conformal.quantile(np.ones(3), coverage)


@pytest.mark.parametrize("scores", [[], [0.1, math.nan], [[0.1]]])
def test_scores_that_are_none_are_refused(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="scores"):
        conformal.quantile(np.array(scores), 0.9)


def test_sets_hold_the_classes_of_a_small_enough_score() -> None:
    p = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]])
    np.testing.assert_allclose(conformal.scores(p, np.array([0, 2])), [0.3, 0.75])
    q = 1 - 0.35
    assert conformal.prediction_sets(p, q).tolist() == [[True, False, False], [True, True, False]]
    assert not conformal.prediction_sets(p, 0.2).any()
    assert conformal.prediction_sets(p, math.inf).all()


@pytest.mark.parametrize(("n", "coverage"), [(50, 0.9), (200, 0.95), (19, 0.95)])
def test_the_coverage_over_many_splits(n: int, coverage: float) -> None:
    """Of a model that is wrong: overconfident, and blind to a class. P(covered) = k / (n + 1)."""
    rng = np.random.default_rng(n)
    splits, new, K = 2000, 20, 4
    shares = np.empty(splits)
    for split in range(splits):
        labels = rng.integers(0, K, n + new)
        logits = rng.normal(size=(n + new, K))
        logits[np.arange(n + new), labels] += 1.0
        logits = 3.0 * logits  # Overconfident.
        logits[:, 3] -= 2.0  # Blind.
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        q = conformal.quantile(conformal.scores(p[:n], labels[:n]), coverage)
        sets = conformal.prediction_sets(p[n:], q)
        shares[split] = sets[np.arange(new), labels[n:]].mean()
    expected = math.ceil((n + 1) * coverage - 1e-9) / (n + 1)
    assert coverage <= expected < coverage + 1 / (n + 1)
    error = shares.std(ddof=1) / math.sqrt(splits)
    assert abs(shares.mean() - expected) < 4 * error
    assert error < 0.003  # So that ranks next to this one would be told apart at n = 50.
