"""Does a series rise or fall beyond its noise? And how well is its mean known?"""

from typing import NamedTuple

import numpy as np
from scipy.stats import t as student_t

MIN_ROWS = 5


class Trend(NamedTuple):
    """Of one series.

    Attributes:
        change: from its first to its last value, along the straight line that fits best.
        probability: of so large a change, up or down, in a series without trend.
    """

    change: float
    probability: float


class Mean(NamedTuple):
    """Of one series: its mean and the mean's standard error."""

    value: float
    error: float


def trend(values: np.ndarray) -> Trend | None:
    """The change along a straight line, held against the scatter around it.

    Neighbours in a chain are alike, so the scatter counts for (1 - rho) / (1 + rho) of its values,
    rho the autocorrelation of neighbours. Taking off a line lowers rho by about (2 + 4 rho) / n,
    which is put back.

    Args:
        values: finite, evenly spaced, [n].

    Returns:
        None for fewer than `MIN_ROWS` values.
    """
    n = len(values)
    if n < MIN_ROWS:
        return None
    x = np.linspace(-0.5, 0.5, n)
    change = float(x @ values / (x @ x))
    rest = values - values.mean() - change * x
    share = _independent(rest, 2.0)
    freedom = max(n * share - 2.0, 1.0)
    error = float(np.sqrt(rest @ rest / (n - 2) / share / (x @ x)))
    # A series without any scatter, flat but for rounding, has no trend.
    if error <= 1e-12 * np.abs(values).max():
        flat = abs(change) <= 1e-9 * np.abs(values).max()
        return Trend(change, 1.0 if flat else 0.0)
    return Trend(change, float(2.0 * student_t.sf(abs(change) / error, freedom)))


def mean(values: np.ndarray) -> Mean | None:
    """The mean and its standard error, with the same regard to neighbours; None as for `trend`."""
    n = len(values)
    if n < MIN_ROWS:
        return None
    rest = values - values.mean()
    share = _independent(rest, 1.0)
    return Mean(float(values.mean()), float(np.sqrt(rest @ rest / (n - 1) / share / n)))


def _independent(rest: np.ndarray, taken_off: float) -> float:
    """(1 - rho) / (1 + rho), with what the `taken_off` fitted parameters took from rho put back."""
    power = float(rest @ rest)
    rho = 0.0 if power == 0.0 else float(rest[1:] @ rest[:-1]) / power
    rho += (taken_off + 4.0 * max(rho, 0.0)) / len(rest)
    rho = min(max(rho, 0.0), 0.95)
    return (1.0 - rho) / (1.0 + rho)
