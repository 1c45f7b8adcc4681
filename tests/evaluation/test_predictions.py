"""Scores of predicted probabilities, against scikit-learn, loops and closed forms."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from bayesian_gan.evaluation import (
    brier_score,
    calibration_bins,
    classification,
    detection,
    entropy,
    per_class,
    risk_coverage,
    uncertainty,
)

K = 4


@pytest.fixture(scope="module")
def predicted() -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [500, 4] and labels that have something to do with them."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.3] * K, 500)
    # Right with probability 0.65 whatever the confidence: too sure at high confidence, too unsure
    # at low, so that it matters which bin an example is in.
    labels = (p.argmax(1) + (rng.random(500) > 0.65) * rng.integers(1, K, 500)) % K
    return p, labels


def test_scores_are_scikit_learn_s(predicted: tuple[np.ndarray, np.ndarray]) -> None:
    p, labels = predicted
    found = classification(p, labels)
    assert found.errors == sum(
        int(max(range(K), key=row.__getitem__)) != y for row, y in zip(p, labels, strict=True)
    )
    assert found.nll == pytest.approx(log_loss(labels, p, labels=range(K)), rel=1e-9)
    expected = sum(
        brier_score_loss(labels == k, p[:, k]) for k in range(K)
    )  # One class against the rest, summed.
    assert brier_score(p, labels) == pytest.approx(expected, rel=1e-12)
    assert found.ece == calibration_bins(p, labels).error
    assert found.to_json() == vars(found)
    classes = per_class(p, labels, ["a", "b", "c", "d"])
    assert sum(c.errors for c in classes.values()) == found.errors
    assert sum(c.nll * c.n for c in classes.values()) == pytest.approx(found.nll * found.n)
    b = labels == 1
    assert classes["b"].errors == int((p[b].argmax(1) != 1).sum())
    assert "d" not in per_class(p[labels < 3], labels[labels < 3], ["a", "b", "c", "d"])


def test_calibration_error_is_the_sum_over_bins(predicted: tuple[np.ndarray, np.ndarray]) -> None:
    p, labels = predicted
    confidence, right = p.max(1), p.argmax(1) == labels
    fixed = 0.0
    for i in range(15):
        inside = (confidence > i / 15) & (confidence <= (i + 1) / 15)
        if inside.any():
            fixed += inside.sum() * abs(right[inside].mean() - confidence[inside].mean())
    assert calibration_bins(p, labels).error == pytest.approx(fixed / 500, rel=1e-12)
    order = sorted(range(500), key=confidence.__getitem__)
    # 500 = 5 bins of 34 and 10 of 33.
    adaptive, start = 0.0, 0
    for size in [34] * 5 + [33] * 10:
        some = order[start : start + size]
        adaptive += abs(sum(right[some]) - sum(confidence[some]))
        start += size
    assert calibration_bins(p, labels, adaptive=True).error == pytest.approx(adaptive / 500)
    # A confidence on an edge belongs to the bin below it; one of 1 to the last.
    edges = calibration_bins(np.array([[0.6, 0.4], [1.0, 0.0], [0.61, 0.39]]), np.zeros(3, int), 5)
    np.testing.assert_array_equal(edges.count, [1, 1, 1])


@pytest.mark.parametrize("adaptive", [False, True])
def test_a_calibrated_classifier_has_little_calibration_error(adaptive: bool) -> None:
    rng = np.random.default_rng(1)
    p = rng.dirichlet([0.5] * K, 100_000)
    labels = (rng.random((len(p), 1)) > p.cumsum(1)).sum(1)
    bins = calibration_bins(p, labels, adaptive=adaptive)
    # |gap| of a bin of m examples has mean sqrt(2 a (1 - a) / (pi m)) and at most that as its
    # deviation; the sum over 15 independent bins stays within four of its deviations.
    gaps = np.sqrt(2 * bins.accuracy * (1 - bins.accuracy) / np.pi / bins.count)
    shares = bins.count / bins.count.sum()
    tolerance = 4 * np.sqrt(np.sum((shares * gaps) ** 2))
    assert abs(bins.error - np.sum(shares * gaps)) < tolerance
    # And one that is too sure of itself has as much as was put in.
    sure = np.where(p == p.max(1, keepdims=True), p + 0.1 * (1 - p), 0.9 * p)
    expected = float(np.mean(sure.max(1) - p.max(1)))
    found = calibration_bins(sure, labels, adaptive=adaptive).error
    assert found == pytest.approx(expected, abs=tolerance)


def test_uncertainty_splits() -> None:
    assert entropy(np.full((1, 8), 1 / 8)) == pytest.approx(np.log(8))
    assert entropy(np.array([0.0, 1.0])) == 0.0
    rng = np.random.default_rng(2)
    members = rng.dirichlet([0.5] * K, (6, 50))
    members[:, 0] = [1.0, 0.0, 0.0, 0.0]  # All sure of the same.
    members[:, 1] = np.eye(K)[[0, 1, 0, 1, 0, 1]]  # Each sure, of two classes in equal parts.
    members[:, 2] = 0.25  # All agree that they do not know.
    found = uncertainty([members[:2], members[2], members[3:]])
    np.testing.assert_allclose(found.average, members.mean(0), rtol=1e-12)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(members > 0, np.log(members), 0.0)
        # Mutual information as the mean Kullback-Leibler divergence of a member from the average.
        kl = (members * (logs - np.log(members.mean(0)))).sum(-1, where=members > 0).mean(0)
    np.testing.assert_allclose(found.epistemic, kl, atol=1e-12)
    np.testing.assert_allclose(found.aleatoric, -(members * logs).sum(-1).mean(0), atol=1e-12)
    np.testing.assert_allclose(found.total, found.aleatoric + found.epistemic, atol=1e-15)
    assert found.epistemic[:3] == pytest.approx([0.0, np.log(2), 0.0], abs=1e-12)
    with pytest.raises(ValueError, match="no samples"):
        uncertainty([])


def test_risk_coverage() -> None:
    # By hand: answered in the order 0.1 (right), 0.2 (wrong), 0.3 (right), 0.9 (wrong).
    found = risk_coverage(np.array([1, 0, 1, 0]), np.array([0.2, 0.1, 0.9, 0.3]))
    np.testing.assert_allclose(found.risk, [0, 1 / 2, 1 / 3, 2 / 4])
    assert found.area == pytest.approx((1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert found.risk_at(0.5) == pytest.approx(1 / 2)
    assert found.risk_at(0.75) == pytest.approx(1 / 3)
    assert found.risk_at(0.76) == found.risk_at(1.0) == pytest.approx(1 / 2)
    # Without information the curve is flat at the error rate, whatever the order of the data.
    tied = risk_coverage(np.array([1, 1, 0, 0, 0]), np.zeros(5))
    np.testing.assert_allclose(tied.risk, 0.4)
    # With perfect information: with r wrong of n, the mean of max(0, i - (n - r)) / i.
    wrong = np.arange(10) < 3
    best = risk_coverage(wrong, wrong.astype(float))
    assert best.area == pytest.approx((1 / 8 + 2 / 9 + 3 / 10) / 10)


def test_detection_counts_pairs() -> None:
    rng = np.random.default_rng(3)
    inside, outside = rng.normal(size=60).round(1), rng.normal(1.0, 1.0, 40).round(1)
    found = detection(inside, outside)
    pairs = (outside[:, None] > inside) + 0.5 * (outside[:, None] == inside)
    assert found.auroc == pytest.approx(pairs.mean(), rel=1e-12)
    # Average precision: recall gained times precision, threshold by threshold.
    expected, before = 0.0, 0.0
    for threshold in sorted(set(inside) | set(outside), reverse=True):
        hits, alarms = (outside >= threshold).sum(), (inside >= threshold).sum()
        expected += (hits / 40 - before) * hits / (hits + alarms)
        before = hits / 40
    assert found.aupr == pytest.approx(expected, rel=1e-12)
    assert (found.share, found.n_in, found.n_out) == (0.4, 60, 40)
    edges = found.histogram.edges
    assert (edges[0], edges[-1]) == (min(*inside, *outside), max(*inside, *outside))
    for scores, counts in ((inside, found.histogram.inside), (outside, found.histogram.outside)):
        assert sum(counts) == len(scores)
        assert sum(counts[:20]) == np.sum(scores < edges[20])
