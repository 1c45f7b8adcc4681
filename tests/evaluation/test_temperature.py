"""A temperature of predictions, from held-out labels."""

import numpy as np
import pytest
from scipy.special import softmax

from bayesian_gan.evaluation.temperature import POINTS, PRIOR_MEAN, Tempering, fit_temperature


def _right(seed: int, n: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are right, and labels drawn from them."""
    numbers = np.random.default_rng(seed)
    p = softmax(1.5 * numbers.standard_normal((n, classes)), axis=1)
    labels = np.array([numbers.choice(classes, p=row) for row in p])
    return p, labels


def _sharpened(p: np.ndarray, T: float) -> np.ndarray:
    return softmax(np.log(p) * T, axis=1)


@pytest.mark.parametrize("T", [0.5, 1.0, 2.5])
def test_many_labels_find_the_temperature(T: float) -> None:
    p, labels = _right(0, 4000)
    found = fit_temperature(_sharpened(p, T), labels)
    # The width of the posterior itself: over seeds 0 to 19 T lies within 2.1 of them.
    std = np.sqrt(found.weights @ (found.log_t - np.log(found.T)) ** 2)
    assert std < 0.06
    assert abs(np.log(found.T / T)) < 3.0 * std


def test_no_label_leaves_the_prior() -> None:
    found = fit_temperature(np.zeros((0, 3)), np.zeros(0, int))
    assert found.n == 0
    assert np.log(found.T) == pytest.approx(PRIOR_MEAN, abs=1e-6)


def test_intervals_hold_the_temperature_as_often_as_they_say() -> None:
    """Of temperatures drawn from the prior, as they must whatever the labels are."""
    inside = 0
    trials = 200
    for seed in range(trials):
        T = float(np.exp(np.random.default_rng(seed).normal(0.4, 0.7)))
        p, labels = _right(seed + trials, 40)
        low, high = fit_temperature(_sharpened(p, T), labels).interval(0.9)
        inside += low <= T <= high
    # A share of 0.9 of 200 has a standard error of 0.021; this is three of them.
    assert inside / trials == pytest.approx(0.9, abs=0.064)


def test_tempered_probabilities_are_the_mean_over_the_grid() -> None:
    p, labels = _right(1, 30)
    found = fit_temperature(_sharpened(p, 2.0), labels)
    expected = sum(
        w * p ** (2.0 / np.exp(t)) / np.sum(p ** (2.0 / np.exp(t)), axis=1, keepdims=True)
        for t, w in zip(found.log_t, found.weights, strict=True)
    )
    tempered = found.apply(_sharpened(p, 2.0))
    np.testing.assert_allclose(tempered, expected, atol=2e-5)
    np.testing.assert_allclose(tempered.sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_array_equal(tempered.argmax(axis=1), p.argmax(axis=1))


def test_probabilities_of_zero_are_no_end() -> None:
    p = np.array([[1.0, 0.0], [0.0, 1.0]])
    found = fit_temperature(p, np.array([0, 0]))
    assert found.T > 3.0
    assert np.isfinite(found.apply(p)).all()


def test_a_file_brings_it_back() -> None:
    p, labels = _right(2, 20)
    found = fit_temperature(p, labels)
    again = Tempering.from_json(found.to_json())
    np.testing.assert_array_equal(again.apply(p), found.apply(p))


@pytest.mark.parametrize(
    "change",
    [
        {"log_t": None},
        {"weights": [1.0]},
        {"weights": [-1.0, *[2.0 / (POINTS - 1)] * (POINTS - 1)]},
        {"n": None},
    ],
)
def test_a_damaged_file_is_refused(change: dict[str, object]) -> None:
    contents = fit_temperature(np.zeros((0, 3)), np.zeros(0, int)).to_json() | change
    with pytest.raises(ValueError, match="no temperature"):
        Tempering.from_json(contents)
