"""Lines of the table's results, as runs and baselines leave them."""

from typing import Any


def line(**changes: Any) -> dict[str, Any]:
    """A line as a run has it."""
    found = {
        "dataset": "mnist",
        "N": 100,
        "system": "bayesgan",
        "label_seed": 0,
        "preset": "laptop",
        "temperature": 1.0,
        "errors": 100,
        "n": 10000,
        "nll": 0.04,
        "single_errors": 120,
        "single_nll": 0.05,
        "seconds": 600.0,
        "minutes_per_epoch": 0.5,
        "version": "1",
    }
    return found | changes


def baseline(**changes: Any) -> dict[str, Any]:
    """A line as a baseline has it, without what only runs have."""
    names = ("dataset", "N", "label_seed", "errors", "n", "nll", "seconds", "version")
    found = {name: value for name, value in line().items() if name in names}
    return found | {"system": "label_spreading", "preset": None, "ece": 0.0125} | changes
