"""How the numbers of `docs/research/results.md` are made of lines, and written: three significant digits."""

import math
import statistics
from collections.abc import Sequence
from typing import Any

Line = dict[str, Any]
Lines = Sequence[Line]
# Of these the paper counts errors; elsewhere it has error %.
COUNTED = ("mnist", "digits")


def three(number: float) -> str:
    """Three significant digits, without an exponent: 1,230, 12.3, 0.00123; 0 is "0"."""
    if number == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(number)))
    rounded = round(number, digits)
    # 9.996 is 10.0, which has one decimal less.
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:,.{decimals}f}"


def value(line: Line) -> float:
    """Errors of MNIST's and digits' test images; error % elsewhere, as the paper has it."""
    if line["dataset"] in COUNTED:
        return float(line["errors"])
    return 100.0 * line["errors"] / line["n"]


def spread(values: Sequence[float]) -> str:
    """Mean +- 2 standard deviations, and the number of label sets; no deviation of one."""
    if not values:
        return "-"
    mean = three(statistics.mean(values))
    if len(values) == 1:
        return f"{mean} (1)"
    return f"{mean} ± {three(2 * statistics.stdev(values))} ({len(values)})"


def of_lines(lines: Lines, score: str) -> list[float]:
    """A score of the lines that have it: `errors` as `value` has them, `ece` in %, others as they are."""
    found = [line for line in lines if line.get(score) is not None]
    if score.endswith("errors"):
        return [value(line | {"errors": line[score]}) for line in found]
    return [(100.0 if score == "ece" else 1.0) * line[score] for line in found]


def mean(lines: Lines, score: str) -> str:
    """The mean of a score over the lines that have it; "-" where none has."""
    found = of_lines(lines, score)
    return three(statistics.mean(found)) if found else "-"
