"""`docs/results.md` from the results file."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from benchmarks.table.cells import OTHER_SCORES, PAPER, SCORES, SYSTEMS

Lines = Sequence[dict[str, Any]]
# Data set, N, system, temperature, equal cost.
Kind = tuple[str, int, str, float | None, bool]
TITLES = ("supervised", "DCGAN", "W-DCGAN", "DCGAN-10", "BayesGAN")


def value(line: dict[str, Any]) -> float:
    """Errors of MNIST's and digits' test images; error % elsewhere, as the paper has it."""
    if line["dataset"] in ("mnist", "digits"):
        return float(line["errors"])
    return 100.0 * line["errors"] / line["n"]


def spread(values: Sequence[float]) -> str:
    """Mean +- 2 standard deviations, and the number of label sets; no deviation of one."""
    if not values:
        return "-"
    mean = statistics.mean(values)
    if len(values) == 1:
        return f"{mean:.4g} (1)"
    return f"{mean:.4g} ± {2 * statistics.stdev(values):.3g} ({len(values)})"


def render(lines: Lines) -> str:
    """The document's text."""
    parts = [
        "# Results",
        "",
        "Made by `python benchmarks/table1.py --render` from `benchmarks/results/table1.jsonl`; do not edit. "
        "Errors of the test set (MNIST: of 10,000; digits: of 500), otherwise error %, at the *final* state of "
        "each run: mean ± 2 standard deviations over label sets, their number in parentheses. In each preset "
        "all systems have the same terms. Beside ours, in italics, the paper's Table 1. DCGAN-10 *at the cost "
        "of bayesgan* makes so few iterations that all ten cost what the Bayesian GAN does. The supervised CNN "
        "trains within another system's run and has no minutes of its own. DCGAN and W-DCGAN are their "
        "last network; the average of its draws along the same run stands in the last tables. Minutes are "
        "those of the machine that ran a cell, and machines differ: they compare systems only roughly.",
    ]
    if lines:
        versions = ", ".join(sorted({line["version"] for line in lines}))
        parts += ["", f"Measured with version {versions}."]
    presets = sorted({line["preset"] for line in lines})
    for preset in presets:
        own = [line for line in lines if line["preset"] == preset]
        parts += ["", f"## `--preset {preset}`", "", *_further_flags(own)]
        parts += [*_table(own), "", *_paired(own), "", *_details(own)]
    if not lines:
        parts += ["", "No cell is done yet."]
    return "\n".join(parts) + "\n"


def _further_flags(lines: Lines) -> list[str]:
    """A paragraph with the flags of each data set's runs beside the preset's, if any."""
    found = sorted({(line["dataset"], line["extra"]) for line in lines if line.get("extra")})
    if not found:
        return []
    return ["With " + "; ".join(f"`{extra}` ({dataset})" for dataset, extra in found) + ".", ""]


def _warmest(lines: Lines) -> dict[tuple[str, int], float]:
    """The temperature that stands for `bayesgan` in each row."""
    warmest: dict[tuple[str, int], float] = {}
    for line in lines:
        row = (line["dataset"], line["N"])
        if line["system"] == "bayesgan":
            warmest[row] = max(warmest.get(row, 0.0), line["temperature"])
    return warmest


def _table(lines: Lines) -> list[str]:
    cells = defaultdict(list)
    equal = defaultdict(list)
    warmest = _warmest(lines)
    for line in lines:
        row = (line["dataset"], line["N"])
        if line.get("equal_cost"):
            equal[row].append(value(line))
        elif line["system"] != "bayesgan" or line["temperature"] == warmest[row]:
            cells[row, line["system"]].append(value(line))
    rows = sorted({row for row, _ in cells} | set(equal))
    table = [
        "| data, N | " + " | ".join(TITLES) + " |",
        "| --- |" + " --- |" * len(TITLES),
    ]
    for row in rows:
        printed = []
        for system, theirs in zip(SYSTEMS, PAPER.get(row, (None,) * len(SYSTEMS)), strict=True):
            paper = "" if theirs is None else f" *{theirs[0]:g} ± {theirs[1]:g}*"
            own = spread(cells[row, system])
            if system == "dcgan_10" and not cells[row, system] and equal[row]:
                own = f"{spread(equal[row])} at the cost of bayesgan"
            printed.append(own + paper)
        table.append(f"| {row[0]} {row[1]} | " + " | ".join(printed) + " |")
    return table


def _paired(lines: Lines) -> list[str]:
    """Means of each system and of `bayesgan` over the label sets that both have."""
    warmest = _warmest(lines)
    groups: dict[Kind, dict[int, dict[str, Any]]] = defaultdict(dict)
    for line in lines:
        groups[_kind(line)][line["label_seed"]] = line
    table = [
        "On the label sets that both have, in the mean:",
        "",
        "| data, N | system | label sets | its errors | BayesGAN's | its NLL | BayesGAN's |",
        "| --- |" + " --- |" * 6,
    ]
    for key in sorted(groups, key=_order):
        dataset, N, system, temperature, equal_cost = key
        warm = warmest.get((dataset, N))
        own, other = groups[key], groups.get((dataset, N, "bayesgan", warm, False), {})
        shared = sorted(set(own) & set(other))
        if not shared or own is other:
            continue
        means = [
            (statistics.mean(map(value, found)), statistics.mean(line["nll"] for line in found))
            for found in ([own[k] for k in shared], [other[k] for k in shared])
        ]
        warmth = f", temperature {temperature:g}" if temperature is not None else ""
        columns = [
            f"{dataset} {N}",
            _name(system, equal_cost) + warmth,
            ", ".join(map(str, shared)),
            *(f"{errors:.4g}" for errors, _ in means),
            *(f"{nll:.4f}" for _, nll in means),
        ]
        table.append("| " + " | ".join(columns) + " |")
    return table


def _kind(line: dict[str, Any]) -> Kind:
    """What lines have in common that differ in the label set alone."""
    rest = (line["system"], line.get("temperature"), line.get("equal_cost", False))
    return (line["dataset"], line["N"], *rest)


def _order(kind: Kind) -> tuple[Any, ...]:
    dataset, N, system, temperature, equal_cost = kind
    return dataset, N, SYSTEMS.index(system), -(temperature or 0.0), equal_cost


def _name(system: str, equal_cost: bool) -> str:
    return f"{system} at the cost of bayesgan" if equal_cost else system


def _details(lines: Lines) -> list[str]:
    """Single networks beside averages, NLL, and cost, for each row, system and temperature."""
    groups = defaultdict(list)
    for line in lines:
        groups[_kind(line)].append(line)
    table = [
        "| data, N | system | temperature | errors of a single network | of an average "
        "| NLL of a single network | of an average | minutes a run | minutes an epoch |",
        "| --- |" + " --- |" * 8,
    ]
    for key in sorted(groups, key=_order):
        dataset, N, system, temperature, equal_cost = key
        own = groups[key]
        name = _name(system, equal_cost)
        single, average = _single_and_average(system)
        columns = [
            "" if temperature is None else f"{temperature:g}",
            _errors(own, single),
            _errors(own, average),
            _nll(own, single),
            _nll(own, average),
            *(("", "") if system == "supervised" else _minutes(own)),
        ]
        table.append(f"| {dataset} {N} | {name} | " + " | ".join(columns) + " |")
    return table


def _minutes(lines: Lines) -> tuple[str, str]:
    """Of a run and of an epoch, in the mean."""
    seconds = statistics.mean(line["seconds"] for line in lines)
    epoch = statistics.mean(line["minutes_per_epoch"] for line in lines)
    return f"{seconds / 60:.1f}", f"{epoch:.2f}"


def _single_and_average(system: str) -> tuple[str, str | None]:
    """How the names of a system's scores begin: of one network, and of an average if any."""
    other = OTHER_SCORES[SCORES[system]]
    return ("single_", "") if other == "single_" else ("", other)


def _errors(lines: Lines, prefix: str | None) -> str:
    """Their spread, of the lines that have them."""
    found = [value(line | {"errors": e}) for line, e in _scores(lines, prefix, "errors")]
    return spread(found) if found else ""


def _nll(lines: Lines, prefix: str | None) -> str:
    """Its mean, of the lines that have it."""
    found = [nll for _, nll in _scores(lines, prefix, "nll")]
    return f"{statistics.mean(found):.4f}" if found else ""


def _scores(lines: Lines, prefix: str | None, score: str) -> list[tuple[dict[str, Any], float]]:
    """The lines that have a score, each with it."""
    if prefix is None:
        return []
    name = prefix + score
    return [(line, line[name]) for line in lines if line.get(name) is not None]
