"""How often the verdict is right: `benchmarks/samplers/verdicts.py` in short."""

import pytest
from test_posteriors import benchmark

STUDY = benchmark("verdicts")
TRIALS, DRAWS = 20, 300


@pytest.mark.slow
def test_exact_draws_give_no_alarm() -> None:
    # At a rate of 1% more than two alarms among 120 come once in eight times; the study has none.
    found = {
        name: STUDY.count(make, TRIALS, DRAWS) for name, make in STUDY.exact(TRIALS, DRAWS).items()
    }
    assert sum(counts["not sampling"] for counts in found.values()) <= 2, found
    assert all(counts["sampling"] >= TRIALS - 1 for counts in found.values()), found


def test_each_fault_is_caught() -> None:
    faults = STUDY.faults(TRIALS, DRAWS)
    found = {
        # One weight's heat takes more draws: it is known to 3% by 4,000.
        name: STUDY.count(make, TRIALS, 1000 if "1 weight" in name else DRAWS)
        for name, make in faults.items()
    }
    assert all(counts["not sampling"] >= TRIALS - 1 for counts in found.values()), found
    assert STUDY.count(faults["funnel"], TRIALS, DRAWS, None)["sampling"] == 0
