"""What is found of rounds of chosen labels: a table, and errors against labels as a figure."""

import statistics
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from bayesian_gan.errors import InputError
from bayesian_gan.report.charts import COLOURS, DASHES
from bayesian_gan.runs.suggest import WAYS
from bayesian_gan.storage import write_atomically

BALANCED = "balanced"

Lines = list[dict[str, Any]]
# Labels, mean errors, and of how many seeds.
Curve = list[tuple[int, float, int]]


def table(lines: Lines) -> str:
    """Errors by data set, settings and number of labels: mean and worst over the seeds, a way a column."""
    ways = [BALANCED, *WAYS]
    parts = []
    for data, settings in dict.fromkeys((line["data"], line["settings"]) for line in lines):
        some = [line for line in lines if (line["data"], line["settings"]) == (data, settings)]
        parts += [
            f"{data}, {some[0]['iterations']:,} iterations (`{some[0]['flags']}`), errors of "
            f"{some[0]['n']:,}, mean / worst (seeds):",
            "",
            f"| labels | rounds | {' | '.join(ways)} |",
            "| --- | --- |" + " --- |" * len(ways),
        ]
        for rounds in sorted(
            {tuple(line["rounds"]) for line in some}, key=lambda r: (sum(r), len(r))
        ):
            cells = [
                _cell([x for x in some if (tuple(x["rounds"]), x["by"]) == (rounds, by)])
                for by in ways
            ]
            parts.append(f"| {sum(rounds)} | {'+'.join(map(str, rounds))} | {' | '.join(cells)} |")
        parts.append("")
    return "\n".join(parts)


def _cell(lines: Lines) -> str:
    if not lines:
        return ""
    errors = [line["errors"] for line in lines]
    return f"{statistics.mean(errors):.1f} / {max(errors)} ({len(errors)})"


def draw(path: Path, data: str, lines: Lines) -> None:
    """Mean errors against labels, a line for each way of choosing and length of the runs, or a star.

    Raises:
        InputError: nothing is found of the data set.
    """
    own = [line for line in lines if line["data"] == data]
    curves = curves_of(own)
    if not curves:
        raise InputError(f"--figure {path}: no seed of {data} has two rounds of one length")
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for k, ((by, step, iterations), curve) in enumerate(curves.items()):
        labels, errors, seeds = zip(*curve, strict=True)
        plural = "s" * (seeds[0] > 1)
        name = f"{by}, by {step}, {iterations:,} iterations ({seeds[0]} label set{plural})"
        colour, dash = COLOURS[k % len(COLOURS)], DASHES[k % len(DASHES)]
        if len(curve) == 2:  # A line would say what lies between.
            axes.plot(labels[1:], errors[1:], "*", color=colour, markersize=10, label=name)
        else:
            axes.plot(labels, errors, marker="o", color=colour, linestyle=dash, label=name)
    axes.set_title(f"{data}: errors as labels are added")
    axes.set_xlabel("labels")
    axes.set_ylabel(f"errors of {own[0]['n']:,}, mean over label sets")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=110))
    print(path)


def curves_of(lines: Lines) -> dict[tuple[str, int, int], Curve]:
    """The points of each way of choosing, size of a round and length of a run, from the second round on.

    The first round of a seed is that of all its ways, whatever its length, and begins their curves.
    Seeds that lack a number of labels that others have are left out, so that no point differs from
    its neighbours by the seeds that it is a mean of. A curve of one point is none.

    Args:
        lines: of one data set.
    """
    first = {
        (line["seed"], line["labels"]): line["errors"] for line in lines if len(line["rounds"]) == 1
    }
    found: dict[tuple[str, int, int], dict[int, dict[int, int]]] = {}
    for line in lines:
        if len(line["rounds"]) == 1:
            continue
        points = found.setdefault((line["by"], line["rounds"][1], line["iterations"]), {})
        points.setdefault(line["labels"], {})[line["seed"]] = line["errors"]
        start = (line["seed"], line["rounds"][0])
        if start in first:
            points.setdefault(start[1], {})[line["seed"]] = first[start]
    curves: dict[tuple[str, int, int], Curve] = {}
    for key, points in found.items():
        seeds = set.intersection(*map(set, points.values()))
        if len(points) > 1 and seeds:
            curves[key] = [
                (n, statistics.mean(of[seed] for seed in seeds), len(seeds))
                for n, of in sorted(points.items())
            ]
    return curves
