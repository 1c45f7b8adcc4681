#!/usr/bin/env python
"""Test errors against wall time, from the tables and summaries of finished semi-supervised runs.

    python benchmarks/error_curves.py RUN_DIR [RUN_DIR ...] --out errors.png

A line for each run: errors of the average of its current discriminators at every save, which
training shows and never uses. At its end a cross, the average over the collected posterior, with
the label set and the errors. Grey: the supervised CNN.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import matplotlib as mpl  # noqa: E402

mpl.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

from bayesian_gan.errors import InputError  # noqa: E402
from bayesian_gan.runs.finished import FinishedRun  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402

BLUE = "#1f5fa8"


def draw(runs: list[FinishedRun], path: Path) -> None:
    """Writes the picture, and prints the last numbers of each run."""
    figure, axes = plt.subplots(figsize=(7.5, 4.5))
    ends, above = [], 0.0
    for run in runs:
        if run.summary is None or not run.summary.get("supervised"):
            raise InputError(
                f"{run.path}: no finished semi-supervised run; give one that has ended"
            )
        n = run.summary["posterior"]["n"]
        minutes = [row["seconds"] / 60.0 for row in run.log]
        alone, errors = (
            [n * (1.0 - row[column] / 100.0) for row in run.log]
            for column in ("supervised_acc", "semi_supervised_acc")
        )
        axes.plot(minutes, alone, "-", color="0.7", zorder=1)
        axes.plot(minutes, errors, "-", color=BLUE)
        seed, average = run.config.label_seed, run.summary["posterior"]["errors"]
        axes.plot(minutes[-1], average, "x", color=BLUE, ms=8)
        ends.append((average, minutes[-1], f"label set {seed}: {average}"))
        above = max(above, alone[-1])
        print(
            f"label set {seed}: {errors[-1]:.0f} at the end, average {average}, {minutes[-1]:.0f} min"
        )
    axes.set(xlabel="minutes", ylabel=f"errors of {n:,}", yscale="log")
    axes.set_title(
        "Test errors of current networks (lines) and posterior averages (crosses)", fontsize=10
    )
    axes.annotate(
        "supervised CNN", (minutes[0], above), (0, 5), textcoords="offset points", color="0.5"
    )
    axes.margins(y=0.12)
    _label(axes, sorted(ends))
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _label(axes: Axes, ends: list[tuple[float, float, str]]) -> None:
    """Writes a text beside each cross, (errors, minutes, text) in ascending order, none on another."""
    low, high = np.log(axes.get_ylim())
    place = -np.inf
    for errors, minutes, text in ends:
        place = max(np.log(errors), place + (high - low) / 22)
        axes.annotate(
            text,
            (minutes, errors),
            (1.02, (place - low) / (high - low)),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            arrowprops={"arrowstyle": "-", "color": "0.7"},
        )


def main() -> int:
    """Draws."""
    parser = parser_of(__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    known = parser.parse_args()
    return status_of(__file__, lambda: draw([FinishedRun(path) for path in known.runs], known.out))


if __name__ == "__main__":
    sys.exit(main())
