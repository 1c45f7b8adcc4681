"""The further tables of the results page: label sets in common, single networks, temperatures, cost."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from bayesian_gan.evaluation.baselines import BASELINES
from benchmarks.table.cells import OTHER_SCORES, SCORES, SYSTEMS
from benchmarks.table.numbers import Line, Lines, mean, of_lines, spread, three

# N, system, temperature, equal cost.
Kind = tuple[int, str, float | None, bool]


def warmest(lines: Lines) -> dict[tuple[str, int], float]:
    """The temperature that stands for `bayesgan` in each row, a data set and N."""
    found: dict[tuple[str, int], float] = {}
    for line in lines:
        row = (line["dataset"], line["N"])
        if line["system"] == "bayesgan":
            found[row] = max(found.get(row, 0.0), line["temperature"])
    return found


def paired(lines: Lines) -> list[str]:
    """Means of each system and of `bayesgan` over the label sets that both have; empty without any.

    Args:
        lines: of one data set.
    """
    warm = {N: temperature for (_, N), temperature in warmest(lines).items()}
    groups: dict[Kind, dict[int, Line]] = defaultdict(dict)
    for line in lines:
        groups[_kind(line)][line["label_seed"]] = line
    table = []
    for key in sorted(groups, key=_order):
        N, system, temperature, equal_cost = key
        own, other = groups[key], groups.get((N, "bayesgan", warm.get(N), False), {})
        shared = sorted(set(own) & set(other))
        if not shared or own is other:
            continue
        both = [own[k] for k in shared], [other[k] for k in shared]
        warmth = f", temperature {temperature:g}" if temperature is not None else ""
        means = [mean(found, score) for score in ("errors", "nll", "ece") for found in both]
        name = _name(system, equal_cost) + warmth
        table.append(_row(f"{N}", name, ", ".join(map(str, shared)), *means))
    if not table:
        return []
    scores = ("its errors", "BayesGAN's", "its NLL", "BayesGAN's", "its ECE %", "BayesGAN's")
    header = ("N", "system", "label sets", *scores)
    return [
        "Each system beside BayesGAN, means over the label sets that both have:",
        "",
        *_head(*header),
        *table,
    ]


def details(lines: Lines) -> list[str]:
    """Single networks beside averages, NLL, ECE and cost, of each N, system and temperature.

    Args:
        lines: of one data set.
    """
    groups: dict[Kind, list[Line]] = defaultdict(list)
    for line in lines:
        groups[_kind(line)].append(line)
    errors = ("errors of a single network", "of an average")
    rest = (
        "NLL of a single network",
        "of an average",
        "ECE %",
        "minutes a run",
        "minutes an epoch",
    )
    header = ("N", "system", "temperature", *errors, *rest)
    table = [
        "Single networks beside averages, and what a run costs:",
        "",
        *_head(*header),
    ]
    for key in sorted(groups, key=_order):
        N, system, temperature, equal_cost = key
        own = groups[key]
        single, average = _single_and_average(system)
        table.append(
            _row(
                f"{N}",
                _name(system, equal_cost),
                _warmth(temperature),
                _errors(own, single),
                _errors(own, average),
                _nll(own, single),
                _nll(own, average),
                mean(own, "ece"),
                *_minutes(own, system),
            )
        )
    return table


def told_apart(lines: Lines) -> list[str]:
    """How well each system's draws tell images from elsewhere from test images; empty without any.

    Args:
        lines: of one data set.
    """
    groups: dict[tuple[str, Kind], list[Line]] = defaultdict(list)
    for line in lines:
        if line.get("ood"):
            groups[line["ood"]["data_set"], _kind(line)].append(line)
    if not groups:
        return []
    scores = ("entropy", "mutual_information", "p_real")
    header = ("elsewhere", "N", "system", "temperature", "by entropy", "mutual information")
    table = [
        "AUROC of telling images from elsewhere from test images, by the average of a run's draws (of a",
        "DCGAN's along its last iterations): mean, smallest and largest over label sets:",
        "",
        *_head(*header, "P(real)"),
    ]
    for elsewhere, kind in sorted(groups, key=lambda key: (key[0], _order(key[1]))):
        N, system, temperature, equal_cost = kind
        found = [line["ood"]["auroc"] for line in groups[elsewhere, kind]]
        each = [_range([auroc[name] for auroc in found]) for name in scores]
        name = _name(system, equal_cost)
        table.append(_row(elsewhere, f"{N}", name, _warmth(temperature), *each))
    return table


def _range(values: Sequence[float]) -> str:
    """Mean, smallest and largest of numbers near 1, of which differences matter."""
    return f"{statistics.mean(values):.4f} ({min(values):.4f} to {max(values):.4f})"


def _warmth(temperature: float | None) -> str:
    return "" if temperature is None else f"{temperature:g}"


def _head(*titles: str) -> tuple[str, str]:
    """The first two lines of a table."""
    return _row(*titles), "|" + " --- |" * len(titles)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _kind(line: Line) -> Kind:
    """What lines of a data set have in common that differ in the label set alone."""
    rest = (line["system"], line.get("temperature"), line.get("equal_cost", False))
    return (line["N"], *rest)


def _order(kind: Kind) -> tuple[Any, ...]:
    N, system, temperature, equal_cost = kind
    return N, SYSTEMS.index(system), -(temperature or 0.0), equal_cost


def _name(system: str, equal_cost: bool) -> str:
    return f"{system} at the cost of bayesgan" if equal_cost else system


def _minutes(lines: Lines, system: str) -> tuple[str, str]:
    """Of a run and of an epoch, in the mean; a baseline sees no epochs."""
    if system == "supervised":
        return "", ""
    seconds = three(statistics.mean(line["seconds"] for line in lines) / 60)
    if system in BASELINES:
        return seconds, ""
    return seconds, three(statistics.mean(line["minutes_per_epoch"] for line in lines))


def _single_and_average(system: str) -> tuple[str, str | None]:
    """How the names of a system's scores begin: of one network, and of an average if any."""
    if system in BASELINES:
        return "", None
    other = OTHER_SCORES[SCORES[system]]
    return ("single_", "") if other == "single_" else ("", other)


def _errors(lines: Lines, prefix: str | None) -> str:
    """Their spread, of the lines that have them."""
    found = [] if prefix is None else of_lines(lines, f"{prefix}errors")
    return spread(found) if found else ""


def _nll(lines: Lines, prefix: str | None) -> str:
    """Its mean, of the lines that have it."""
    found = [] if prefix is None else of_lines(lines, f"{prefix}nll")
    return three(statistics.mean(found)) if found else ""
