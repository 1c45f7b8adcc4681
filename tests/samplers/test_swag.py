"""SWAG: its mean and covariance against the formula of the paper, and its draws against these."""

import numpy as np
import pytest

from bayesian_gan.samplers.swag import Swag

N, K = 9, 4


def _snapshots() -> list[dict[str, np.ndarray]]:
    """Of two arrays, in float32; the weights are far from 0, as those that hardly move are."""
    rng = np.random.default_rng(3)
    steps = rng.standard_normal((N, 5)) @ rng.standard_normal((5, 5))
    flat = (100.0 + steps).astype(np.float32)
    return [{"a": row[:4].reshape(2, 2), "b": row[4:]} for row in flat]


def _flat(weights: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([weights["a"].ravel(), weights["b"]])


def _covariance(rank: int) -> np.ndarray:
    """Equation 4 of Maddox et al. and the definition of D above it, in float64."""
    theta = np.array([_flat(snapshot) for snapshot in _snapshots()], np.float64)
    means = np.cumsum(theta, axis=0) / np.arange(1, N + 1)[:, None]
    columns = (theta - means)[-rank:].T
    diagonal = np.diag((theta**2).mean(0) - theta.mean(0) ** 2)
    return 0.5 * (diagonal + columns @ columns.T / (columns.shape[1] - 1))


@pytest.mark.parametrize("rank", [2, K, 20])
def test_draws_have_the_papers_mean_and_covariance(rank: int) -> None:
    swag = Swag.of(_snapshots(), rank)
    assert swag.count == N
    np.testing.assert_allclose(
        _flat(swag.mean), np.mean([_flat(s) for s in _snapshots()], axis=0, dtype=np.float64)
    )
    rng = np.random.default_rng(0)
    count = 20_000
    draws = np.array([_flat(swag.draw(rng)) for _ in range(count)], np.float64)
    expected = _covariance(rank)
    found = np.cov(draws.T)
    # Var of a covariance of normal numbers: (S_ii S_jj + S_ij^2) / n; 30 numbers in each of three
    # cases, so 4.5 standard errors are passed by chance once in 1,600 seeds. Tried with twenty.
    variance = np.diag(expected)
    error = np.sqrt((np.outer(variance, variance) + expected**2) / count)
    assert (np.abs(found - expected) < 4.5 * error).all()
    off = np.abs(draws.mean(0) - _flat(swag.mean))
    assert (off < 4.5 * np.sqrt(variance / count)).all()


def test_draws_follow_the_generator_of_numbers() -> None:
    swag = Swag.of(_snapshots(), K)
    first, again, other = (swag.draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(_flat(first), _flat(again))
    assert (_flat(first) != _flat(other)).all()
    assert {name: (a.shape, a.dtype) for name, a in first.items()} == {
        "a": ((2, 2), np.float32),
        "b": ((1,), np.float32),
    }


def test_a_path_that_stands_still_has_no_width() -> None:
    swag = Swag.of([_snapshots()[0]] * 3, K)
    drawn = swag.draw(np.random.default_rng(0))
    np.testing.assert_array_equal(_flat(drawn), _flat(_snapshots()[0]))


def test_what_gives_no_covariance_is_refused() -> None:
    with pytest.raises(ValueError, match="`rank` must be at least 2, not 1"):
        Swag(1)
    with pytest.raises(ValueError, match="needs 2 snapshots, and there are 1"):
        Swag.of(_snapshots()[:1], K).draw(np.random.default_rng(0))
