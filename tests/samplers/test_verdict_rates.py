"""How often the verdict is right: `benchmarks/samplers/verdicts.py` in short.

There, of 200 trials of 1,000 draws, none on exact draws is an alarm and no fault passes. Here 20
trials have 300 draws: at a rate of 1% one alarm is to be expected in five posteriors.
"""

import pytest
from test_posteriors import benchmark

STUDY = benchmark("verdicts")
TRIALS, DRAWS = 20, 300


def test_exact_draws_give_no_alarm() -> None:
    found = {
        name: STUDY.count(make, TRIALS, DRAWS) for name, make in STUDY.exact(TRIALS, DRAWS).items()
    }
    assert sum(counts["not sampling"] for counts in found.values()) <= 2
    assert all(counts["sampling"] >= TRIALS - 2 for counts in found.values()), found


@pytest.mark.parametrize("name", list(STUDY.faults()))
def test_each_fault_is_caught(name: str) -> None:
    # One weight's heat takes more draws: a standard error of 3%.
    draws = 1000 if "1 weight" in name else DRAWS
    assert STUDY.count(STUDY.faults()[name], TRIALS, draws)["not sampling"] >= TRIALS - 1


def test_a_funnel_without_an_r_hat_is_not_vouched_for() -> None:
    assert STUDY.count(STUDY.funnel(), 3, DRAWS, None)["sampling"] == 0
