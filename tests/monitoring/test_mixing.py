"""R-hat and effective sample sizes of what chains predict, and what a chain is."""

import numpy as np
import pytest

from bayesian_gan.monitoring.convergence import convergence
from bayesian_gan.posterior.chains import of_chains
from bayesian_gan.samplers.convergence import ess_tail, rhat


def test_convergence_of_independent_draws_and_of_chains_that_disagree() -> None:
    rng = np.random.default_rng(1)
    draws = rng.standard_normal((400, 3, 6))
    found = convergence(draws)
    assert found is not None
    assert (found.draws, found.chains) == (400, 3)
    # R-hat - 1 of independent draws is of order 1 / 200; the ESS of 1200 draws scatters by some 5%.
    assert found.rhat_max < 1.02
    assert found.ess_median == pytest.approx(1200, rel=0.15)
    assert found.ess_tail_min == pytest.approx(ess_tail(draws).min(), rel=1e-12)
    draws[:, 0] += 2.0
    apart = convergence(draws)
    assert apart is not None
    expected = rhat(draws)
    assert expected.min() > 1.2
    assert apart.rhat_max == pytest.approx(expected.max(), rel=1e-12)
    assert apart.rhat_median == pytest.approx(np.median(expected), rel=1e-12)
    assert apart.ess_median < 30
    thinned = convergence(draws, most=100)
    assert thinned is not None
    assert thinned.draws == 100
    assert thinned == convergence(draws[::4])


def test_what_stands_still_or_is_no_number_has_not_mixed() -> None:
    draws = np.random.default_rng(4).standard_normal((100, 2, 3))
    draws[:, :, 0] = 1.0  # The same in all chains at all times says nothing.
    good = convergence(draws)
    assert good is not None
    assert good.rhat_max < 1.1
    for broken in (np.broadcast_to([1.0, 2.0], (100, 2)), np.full((100, 2), np.nan)):
        draws[:, :, 1] = broken
        found = convergence(draws)
        assert found is not None
        assert found.rhat_max == np.inf
        assert found.to_json()["rhat_max"] is None
    frozen = convergence(np.ones((50, 2, 3)))
    assert frozen is not None
    assert (frozen.rhat_median, frozen.ess_median) == (np.inf, 0.0)


def test_discriminators_of_one_chain_are_averaged_and_may_change_places() -> None:
    log_odds = np.random.default_rng(5).normal(0.0, 3.0, (20, 2 * 3, 4))
    p = (1.0 / (1.0 + np.exp(-log_odds))).reshape(20, 2, 3, 4).mean(2)
    found = of_chains(log_odds, 3)
    np.testing.assert_allclose(found, np.log(p / (1.0 - p)), rtol=1e-9)
    np.testing.assert_allclose(of_chains(log_odds[:, [2, 0, 1, 3, 5, 4]], 3), found, rtol=1e-12)
    np.testing.assert_array_equal(of_chains(log_odds, 1), log_odds)
    assert of_chains(np.zeros((0, 6, 0)), 3).shape == (0, 2, 0)
    assert of_chains(np.full((1, 2, 1), 800.0), 2)[0, 0, 0] == pytest.approx(800.0)


def test_effective_sample_size_of_an_autoregression() -> None:
    rng, rho = np.random.default_rng(2), 0.8
    draws = np.zeros((4000, 2, 4))
    for t in range(1, len(draws)):
        draws[t] = rho * draws[t - 1] + np.sqrt(1 - rho**2) * rng.standard_normal((2, 4))
    found = convergence(draws)
    assert found is not None
    # The estimate scatters by some 10%.
    assert found.ess_median == pytest.approx(8000 * (1 - rho) / (1 + rho), rel=0.25)


def test_one_chain_is_compared_with_itself() -> None:
    rng = np.random.default_rng(3)
    still = rng.standard_normal((200, 1, 3))
    drifting = still + np.linspace(0.0, 6.0, 200)[:, None, None]
    calm, moving = convergence(still), convergence(drifting)
    assert calm is not None
    assert moving is not None
    # Two halves of 100 draws: R-hat - 1 is of order 1 / 100, and the largest of three counts.
    assert calm.rhat_max < 1.06
    assert moving.rhat_max > 1.3
    assert convergence(still[:7]) is None
