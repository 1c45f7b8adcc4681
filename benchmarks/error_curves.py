#!/usr/bin/env python
"""Test errors against wall time, from the tables and summaries of finished semi-supervised runs.

    python benchmarks/error_curves.py RUN_DIR [RUN_DIR ...] --out docs/figures/mnist_errors.png

A line for each run: errors of the average of its current discriminators at every save, which
training shows and never uses, and a cross at its end: the average over the collected posterior.
Grey: the supervised CNN.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import matplotlib as mpl  # noqa: E402

mpl.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from bayesian_gan.errors import InputError  # noqa: E402
from bayesian_gan.runs.finished import FinishedRun  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402


def draw(runs: list[FinishedRun], path: Path) -> None:
    """Writes the picture, and prints the last numbers of each run."""
    figure, axes = plt.subplots(figsize=(7.5, 4))
    colors = plt.get_cmap("viridis")([i / max(1, len(runs) - 1) * 0.85 for i in range(len(runs))])
    for run, color in zip(runs, colors, strict=True):
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
        axes.plot(minutes, errors, "-", color=color)
        seed, average = run.config.label_seed, run.summary["posterior"]["errors"]
        axes.plot(
            minutes[-1], average, "x", color=color, ms=8, label=f"label set {seed}: {average}"
        )
        print(
            f"label set {seed}: {errors[-1]:.0f} at the end, average {average}, {minutes[-1]:.0f} min"
        )
    axes.set(xlabel="minutes", ylabel=f"errors of {n:,}", yscale="log")
    axes.legend(
        title="current networks (line),\nposterior average (cross)",
        fontsize=8,
        title_fontsize=8,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.0),
    )
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def main() -> int:
    """Draws."""
    parser = parser_of(__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    known = parser.parse_args()
    return status_of(__file__, lambda: draw([FinishedRun(path) for path in known.runs], known.out))


if __name__ == "__main__":
    sys.exit(main())
