"""R-hat and effective sample sizes against ArviZ's numbers and against closed forms."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.special import ndtri

from bayesian_gan.samplers.diagnostics import ess_bulk, ess_mean, ess_tail, rhat

FUNCTIONS = {"rank": rhat, "bulk": ess_bulk, "tail": ess_tail, "mean": ess_mean}


def irregular(draws: int, chains: int) -> np.ndarray:
    """[draws, chains] that look like independent standard normals; no generator's stream."""
    count = np.arange(1.0, draws * chains + 1.0)
    return ndtri((count**2 * np.sqrt(2.0) % 1.0 * 0.999998) + 1e-6).reshape(draws, chains)


def autoregression(draws: int, chains: int, rho: float) -> np.ndarray:
    return np.asarray(lfilter([1.0], [1.0, -rho], irregular(draws, chains), axis=0))


CASES: dict[str, np.ndarray] = {
    "independent": irregular(100, 4),
    "slow": autoregression(500, 4, 0.9),
    "antithetic": autoregression(100, 3, -0.7),
    "odd number of draws": autoregression(77, 2, 0.5),
    "one chain": autoregression(300, 1, 0.6),
    "a chain apart": irregular(100, 4) + np.array([0.0, 0.0, 0.0, 1.0]),
    "a wide chain": irregular(100, 4) * np.array([1.0, 1.0, 1.0, 4.0]),
    "a drift of all": irregular(100, 4) + np.linspace(0.0, 2.0, 100)[:, None],
    "ties": np.round(irregular(100, 4)),
    "two values": (irregular(100, 4) > 1.0).astype(np.float64),
    "heavy tails": irregular(200, 2) / irregular(400, 2)[200:],
    "four draws": irregular(4, 2),
}
# R-hat, bulk, tail and mean ESS by ArviZ 0.23.4 and 1.3.0, which agree. The R-hat of one chain is
# ours: ArviZ has none.
ARVIZ = {
    "independent": (1.00098212, 412.442126, 415.009437, 413.69054),
    "slow": (1.03532948, 115.515821, 238.353747, 114.28585),
    "antithetic": (0.993175181, 743.136376, 245.164997, 743.136376),
    "odd number of draws": (1.04363179, 65.6611448, 103.59031, 65.9058428),
    "one chain": (1.01688929, 85.667182, 160.722797, 85.9664918),
    "a chain apart": (1.11922254, 25.7257752, 314.175406, 25.4505099),
    "a wide chain": (1.14107209, 433.99477, 46.5973177, 431.926821),
    "a drift of all": (1.12473893, 22.2849387, 142.096665, 21.8165214),
    "ties": (1.00271732, 421.128635, 263.258189, 422.299122),
    "two values": (0.994976902, 340.365723, 340.365723, 340.365723),
    "heavy tails": (0.997463567, 399.866037, 404.888628, 402.511723),
    "four draws": (1.24389906, 7.2247199, 7.2247199, 7.2247199),
}


@pytest.mark.parametrize("case", CASES)
def test_numbers_that_arviz_has_computed(case: str) -> None:
    found = [float(function(CASES[case])) for function in FUNCTIONS.values()]
    assert found == pytest.approx(ARVIZ[case], rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_installed_arviz_agrees(seed: int) -> None:
    arviz = pytest.importorskip("arviz", reason="ArviZ is optional")
    rng = np.random.default_rng(seed)
    chains = int(rng.integers(2, 6))
    # No multiple of 20 and one more: there the 5% quantile is a draw, and ArviZ 0.x rounds.
    draws = np.cumsum(rng.normal(size=(50, chains, 3)), axis=0) + rng.normal(size=(50, chains, 3))
    dataset = arviz.convert_to_dataset({"x": np.moveaxis(draws, 0, 1)})
    np.testing.assert_allclose(rhat(draws), arviz.rhat(dataset, method="rank")["x"], rtol=1e-6)
    for method in ("bulk", "tail", "mean"):
        # ArviZ 1.x needs the tail's quantiles where 0.x knows them.
        given = {"prob": (0.05, 0.95)} if method == "tail" else {}
        theirs = arviz.ess(dataset, method=method, **given)["x"]
        np.testing.assert_allclose(FUNCTIONS[method](draws), theirs, rtol=1e-6)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_draws_without_a_number(function: Callable[[np.ndarray], np.ndarray]) -> None:
    draws = irregular(40, 6).reshape(40, 2, 3)
    draws[7, 1, 0] = np.nan
    draws[:, :, 1] = 3.0
    found = function(draws)
    assert np.isnan(found[0])
    # Equal draws: no R-hat, and an ESS of all of them, as ArviZ has it.
    assert np.isnan(found[1]) if function is rhat else found[1] == 80
    assert found[2] == pytest.approx(function(draws[:, :, 2]), rel=1e-12)
    assert np.isnan(function(draws[:3])).all()
    assert function(draws[:, :, :0]).shape == (0,)


def test_one_infinite_draw_is_a_rank_and_no_mean() -> None:
    draws = irregular(50, 2)
    draws[3, 0] = np.inf
    assert np.isfinite([rhat(draws), ess_bulk(draws), ess_tail(draws)]).all()
    assert np.isnan(ess_mean(draws))


def test_ess_of_an_autoregression() -> None:
    # AR(1): n (1 - rho) / (1 + rho) = 20,000 of 180,000; the estimate scatters by 1% to 2%.
    rng = np.random.default_rng(3)
    draws = lfilter([1.0], [1.0, -0.8], rng.normal(size=(20000, 9)), axis=0)
    assert ess_bulk(draws) == pytest.approx(20000, rel=0.1)
    assert rhat(draws) == pytest.approx(1.0, abs=0.005)


def test_many_functionals_are_those_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    # Batches of three of the ten functionals.
    monkeypatch.setattr("bayesian_gan.samplers.convergence._BATCH", 3 * 60)
    draws = irregular(30, 20).reshape(30, 2, 2, 5)
    for function in FUNCTIONS.values():
        found = function(draws)
        each = [[function(draws[:, :, i, j]) for j in range(5)] for i in range(2)]
        np.testing.assert_allclose(found, each, rtol=1e-12)


def test_draws_of_no_chains_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^`draws` must have the axes \[draws, chains"):
        rhat(np.zeros(10))
