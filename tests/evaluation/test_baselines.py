"""Logistic regression and label spreading, against NumPy and scikit-learn, and where little is known."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from bayesian_gan.data import digits
from bayesian_gan.data.splits import label_split
from bayesian_gan.evaluation import baselines
from bayesian_gan.evaluation.baselines import (
    BASELINES,
    FIT,
    FIXED_STRENGTH,
    STRENGTHS,
    Baseline,
    Points,
    label_spreading,
    logistic_regression,
    points,
    smoothed,
)

K = 10


def _digits(N: int, seed: int = 0) -> tuple[Points, np.ndarray]:
    """Of the digits with N labels, and the labels of the test set."""
    data = digits.load()
    split = label_split(data, N, 0)
    given = points(data.images, split.indices, split.labels, data.test_images, K, seed)
    return given, data.test_labels


def _blobs(labels: list[int], num_classes: int, far: int = 0) -> Points:
    """Three blobs in the plane, of 30 points and 5 to test on each, and `far` points from elsewhere."""
    rng = np.random.default_rng(0)
    centres = 10.0 * np.array([[0, 0], [1, 0], [0, 1]])
    train, test = (c + rng.normal(size=(n, 3, 2)) for n, c in ((30, centres), (5, centres)))
    labelled = np.array([centres[k] for k in labels])
    away = 1000 + rng.normal(size=(far, 2))
    unlabelled = np.concatenate([train.reshape(-1, 2), away])
    tested = np.concatenate([test.reshape(-1, 2), away[:1]])
    return Points(labelled, np.array(labels), unlabelled, tested, num_classes)


def _proper(found: Baseline, n: int, num_classes: int) -> None:
    """Probabilities of which none is 0."""
    assert found.probabilities.shape == (n, num_classes)
    assert found.probabilities.min() > 0
    np.testing.assert_allclose(found.probabilities.sum(1), 1.0, rtol=1e-12)


# ------------------------------------------------------------------------------- components


def test_points_are_principal_components_divided_by_one_number() -> None:
    data = digits.load()
    given, _ = _digits(100)
    split = label_split(data, 100, 0)
    pixels = data.images.reshape(-1, 64) / 255.0
    centred = pixels - pixels.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    all_of_it = centred @ directions[:50].T
    scale = np.sqrt(np.mean(all_of_it**2))
    expected = all_of_it[split.indices] / scale
    assert given.labelled.shape == (100, 50)
    # The sign of a direction is free.
    np.testing.assert_allclose(np.abs(given.labelled), np.abs(expected), atol=2e-3)
    assert len(given.unlabelled) == len(data.images) - 100
    everything = np.concatenate([given.labelled, given.unlabelled])
    assert np.mean(everything**2) == pytest.approx(1.0, rel=1e-4)
    tested = (data.test_images.reshape(-1, 64) / 255.0 - pixels.mean(0)) @ directions[:50].T
    np.testing.assert_allclose(np.abs(given.test), np.abs(tested / scale), atol=2e-3)


def test_vectors_of_few_numbers_have_as_many_components() -> None:
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    given = points(x, np.arange(8), np.arange(8) % 2, x[:5], 2, 0)
    assert given.labelled.shape == (8, 3)
    # All components: distances are those of the vectors, in another unit.
    ratios = np.linalg.norm(given.test[1:] - given.test[0], axis=1) / np.linalg.norm(
        x[1:5] - x[0], axis=1
    )
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-5)
    few = points(x[:4], np.arange(4), np.array([0, 0, 1, 1]), x[:5], 2, 0)
    for baseline in BASELINES.values():
        _proper(baseline(few, 0), 5, 2)


def test_what_is_drawn_is_drawn_by_the_seed_and_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "MOST_EXAMPLES", 60)
    monkeypatch.setattr(baselines, "BATCH", 7)
    given, _ = _digits(100, seed=3)
    again, _ = _digits(100, seed=3)
    other, _ = _digits(100, seed=4)
    assert (len(given.labelled), len(given.unlabelled), len(given.test)) == (100, 60, 500)
    np.testing.assert_array_equal(given.unlabelled, again.unlabelled)
    assert not np.array_equal(given.unlabelled[:, 0], other.unlabelled[:, 0])
    # More labels than a graph may hold.
    found = label_spreading(given, 3)
    assert found.how == {"labelled": 60, "unlabelled": 60, "unreached": found.how["unreached"]}
    assert found.title == "label spreading, 60 unlabelled"
    monkeypatch.setattr(baselines, "BATCH", 1000)
    np.testing.assert_allclose(
        label_spreading(given, 3).probabilities, found.probabilities, atol=1e-12
    )
    monkeypatch.setattr(baselines, "MOST_NUMBERS", 0)  # Long rows: the components are of fewer.
    monkeypatch.setattr(baselines, "LEAST_EXAMPLES", 20)
    assert _digits(100)[0].labelled.shape == (100, 20)


def test_equal_pictures_are_no_fault() -> None:
    x = np.full((12, 2, 2, 1), 7, np.uint8)
    given = points(x, np.arange(4), np.array([0, 0, 1, 1]), x[:3], 2, 0)
    for baseline in BASELINES.values():
        _proper(baseline(given, 0), 3, 2)


# ------------------------------------------------------------------------------- regression


def test_the_penalty_is_that_of_the_least_log_loss_on_the_labels() -> None:
    given, labels = _digits(100)
    found = logistic_regression(given, 0)
    number = baselines._number(0, baselines._Use.FOLDS)
    folds = list(
        StratifiedKFold(5, shuffle=True, random_state=number).split(given.labelled, given.labels)
    )
    losses = []
    for C in STRENGTHS:
        each = []
        for train, held in folds:
            model = LogisticRegression(C=C, **FIT)
            model.fit(given.labelled[train], given.labels[train])
            each.append(log_loss(given.labels[held], model.predict_proba(given.labelled[held])))
        losses.append(np.mean(each))
    C = STRENGTHS[int(np.argmin(losses))]
    assert found.how == {"components": 50, "strength": C, "folds": 5}
    assert found.title == "logistic regression, 50 components"
    expected = LogisticRegression(C=C, **FIT).fit(given.labelled, given.labels)
    np.testing.assert_allclose(found.probabilities, expected.predict_proba(given.test), atol=1e-9)
    assert np.sum(found.probabilities.argmax(1) != labels) < 75  # 51; chance has 450.


def test_the_regression_is_the_optimum_of_its_penalised_likelihood() -> None:
    given, _ = _digits(30)
    found = logistic_regression(given, 0)
    x = np.concatenate([given.labelled, np.ones((30, 1))], 1)
    y = np.eye(K)[given.labels]
    penalised = np.append(np.ones(50), 0.0)[:, None]  # All but the intercepts.

    def energy(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = flat.reshape(51, K)
        log_p = log_softmax(x @ w, axis=1)
        slope = found.how["strength"] * x.T @ (np.exp(log_p) - y) + penalised * w
        loss = -found.how["strength"] * np.sum(y * log_p) + 0.5 * np.sum(penalised * w**2)
        return loss, slope.ravel()

    exact = {"gtol": 1e-9, "ftol": 0.0, "maxiter": 10_000, "maxfun": 20_000}
    found_w = minimize(energy, np.zeros(51 * K), jac=True, method="L-BFGS-B", options=exact).x
    best = found_w.reshape(51, K)
    tested = np.concatenate([given.test, np.ones((500, 1))], 1)
    expected = np.exp(log_softmax(tested @ best, axis=1))
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-4)


def test_one_label_of_a_class_leaves_the_penalty_fixed() -> None:
    given, labels = _digits(10)
    found = logistic_regression(given, 0)
    assert found.how == {"components": 50, "strength": FIXED_STRENGTH, "folds": 0}
    _proper(found, 500, K)
    assert np.mean(found.probabilities.argmax(1) == labels) > 0.3
    pair, _ = _digits(20)  # Two of each: as many folds.
    assert logistic_regression(pair, 0).how["folds"] == 2


def test_many_labels_choose_the_penalty_by_some_of_each_class(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(baselines, "MOST_VALIDATED", 30)
    given, _ = _digits(200)
    sizes: list[int] = []
    split = StratifiedKFold.split

    def counted(self: Any, X: Any, y: Any, groups: Any = None) -> Any:
        sizes.extend(np.bincount(y))
        return split(self, X, y, groups)

    monkeypatch.setattr(StratifiedKFold, "split", counted)
    assert logistic_regression(given, 0).how["folds"] == 3
    assert sizes == [3] * K


# ------------------------------------------------------------------------------- spreading


def test_labels_spread_as_the_equations_say() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(12) % 3
    centres = rng.normal(size=(3, 4))
    labelled = centres[labels] + rng.normal(size=(12, 4))
    unlabelled = centres[np.arange(90) % 3] + rng.normal(size=(90, 4))
    test = rng.normal(size=(25, 4))
    found = label_spreading(Points(labelled, labels, unlabelled, test, 3), 0)
    graph = np.concatenate([labelled, unlabelled])

    def near(x: np.ndarray) -> np.ndarray:
        distances = np.linalg.norm(x[:, None] - graph[None], axis=2)
        return np.argsort(distances, axis=1)[:, :7]

    W = np.zeros((102, 102))
    np.put_along_axis(W, near(graph), 1.0, axis=1)
    np.fill_diagonal(W, 0.0)  # An example is the nearest of its neighbours.
    degrees = W.sum(0)
    degrees[degrees == 0] = 1.0
    S = W / np.sqrt(degrees[:, None] * degrees[None])
    Y = np.zeros((102, 3))
    Y[np.arange(12), labels] = 1.0
    F = 0.8 * np.linalg.solve(np.eye(102) - 0.2 * S, Y)  # Zhou et al. 2004, equation 6.
    F /= F.sum(1, keepdims=True)
    p = F[near(test)].sum(1)
    p /= p.sum(1, keepdims=True)
    expected = (12 * p + np.full(3, 5 / 15)) / 13
    # It stops where an iteration changes less than 1e-3 in all.
    np.testing.assert_allclose(found.probabilities, expected, atol=2e-3)


def test_labels_of_digits_spread() -> None:
    given, labels = _digits(100)
    found = label_spreading(given, 0)
    _proper(found, 500, K)
    assert found.how["labelled"] + found.how["unlabelled"] == 1297
    assert np.sum(found.probabilities.argmax(1) != labels) < 40  # 24; chance has 450.


def test_a_point_that_no_label_reaches_has_the_frequencies_of_the_labels() -> None:
    given = _blobs([0, 0, 1, 2], 3, far=20)
    found = label_spreading(given, 0)
    assert found.how == {"labelled": 4, "unlabelled": 110, "unreached": 1}
    np.testing.assert_allclose(found.probabilities[-1], [3 / 7, 2 / 7, 2 / 7], rtol=1e-12)
    assert found.probabilities[:-1].argmax(1).tolist() == [0, 1, 2] * 5
    # All certain: 4 labels said it, and one observation more is like all labels.
    certain = (4 * np.array([1, 0, 0]) + np.array([3, 2, 2]) / 7) / 5
    np.testing.assert_allclose(found.probabilities[0], certain, rtol=1e-12)


@pytest.mark.parametrize("baseline", BASELINES.values(), ids=BASELINES)
def test_a_class_without_a_label_is_not_impossible(baseline: Any) -> None:
    found = baseline(_blobs([0, 0, 2, 2], 4), 0)
    _proper(found, 15, 4)
    # No label spreads to the blob of class 1.
    known = found.probabilities.reshape(5, 3, 4)[:, [0, 2]]
    np.testing.assert_allclose(known[..., [1, 3]], (1 / 8) / 5, rtol=1e-9)
    assert known[:, 0].argmax(1).tolist() == [0] * 5
    assert known[:, 1].argmax(1).tolist() == [2] * 5
    alone = baseline(_blobs([2, 2], 3), 0)
    expected = (2 * np.array([0, 0, 1]) + np.array([0.2, 0.2, 0.6])) / 3
    np.testing.assert_allclose(alone.probabilities[2::3], [expected] * 5, rtol=1e-9)
    if baseline is logistic_regression:
        assert alone.how == {"components": 2, "strength": None, "folds": 0}


def test_smoothing_leaves_nothing_impossible() -> None:
    p = np.array([[1.0, 0.0, 0.0], [0.2, 0.3, 0.5]])
    labels = np.array([0, 0, 1])
    expected = [(3 * row + np.array([3, 2, 1]) / 6) / 4 for row in p]
    np.testing.assert_allclose(smoothed(p, labels), expected, rtol=1e-12)
