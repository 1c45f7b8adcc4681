"""Which draws stay: a uniform choice, or the last, whatever way the chain took."""

import numpy as np
import pytest
from scipy.stats import chisquare

from bayesian_gan.samplers.kept import Kept


def take(kept: Kept, iterations: list[int], there: set[int] | None = None) -> set[int]:
    """What stays after these were taken one after the other."""
    there = set() if there is None else set(there)
    for iteration in iterations:
        there.add(iteration)
        there -= set(kept.beyond(sorted(there)))
    return there


def test_the_reservoir_is_a_uniform_choice() -> None:
    counts = np.zeros(20)
    for seed in range(600):
        kept = take(Kept(4, "reservoir", seed), list(range(20)))
        assert len(kept) == 4
        counts[list(kept)] += 1
    # 2,400 choices over 20 places (negatively correlated within a run, so the statistic is small
    # rather than large).
    assert chisquare(counts).pvalue > 0.01


@pytest.mark.parametrize("keep", ["reservoir", "recent"])
def test_a_chain_that_goes_back_keeps_what_it_would_have_kept(keep: str) -> None:
    iterations = list(range(10, 400, 10))
    for seed in range(20):
        kept = Kept(5, keep, seed)
        whole = take(kept, iterations)
        until = take(kept, iterations[:30])
        back = {iteration for iteration in until if iteration <= 200}
        assert take(kept, iterations[20:], back) == whole


def test_the_most_recent_and_all() -> None:
    assert take(Kept(3, "recent"), [5, 10, 15, 20]) == {10, 15, 20}
    assert take(Kept(None, "reservoir"), list(range(50))) == set(range(50))
