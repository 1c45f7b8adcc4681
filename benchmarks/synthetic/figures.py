"""Draws the figures of docs/research/synthetic.md from kept numbers, without training.

    python benchmarks/synthetic/figures.py --out docs/figures

FOLDER/synthetic_divergence.png comes from benchmarks/results/synthetic_seeds.csv, the
`measurements.csv` of `seeds.py`, and FOLDER/synthetic_points.png from
benchmarks/results/synthetic_points.npz, the `points.npz` of a run of `run_bgan_synth.py`. A seed whose
systems were not all run is left out. Prints the rows of the document's table, and what `seeds.py` prints.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bayesian_gan.synthetic.measure import Measurement  # noqa: E402
from bayesian_gan.synthetic.pictures import (  # noqa: E402
    divergence_picture,
    points_picture,
    save_picture,
)
from bayesian_gan.synthetic.shown import read_shown  # noqa: E402
from benchmarks.synthetic.seeds import read, report  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"
SEEDS, POINTS = RESULTS / "synthetic_seeds.csv", RESULTS / "synthetic_points.npz"
SHOWN = ("bayesgan", "ml", "wasserstein")


Found = dict[int, tuple[float, list[Measurement]]]


def complete(found: Found) -> Found:
    """The seeds that all systems were run with."""
    return {
        seed: (floor, rows)
        for seed, (floor, rows) in sorted(found.items())
        if {m.system for m in rows} >= set(SHOWN)
    }


def table(found: Found) -> list[str]:
    """The rows of the document's table: final divergences, a ratio, and clusters, seed by seed."""
    ends = {
        seed: [[m for m in rows if m.system == name][-1] for name in SHOWN]
        for seed, (_, rows) in found.items()
    }
    lines = []
    for seed, (own, ml, critic) in ends.items():
        ratio = own.divergence / ml.divergence
        lines.append(
            f"| {seed} | {own.divergence:.4f} | {ml.divergence:.4f} | {ratio:.2f} | "
            f"{critic.divergence:.4f} | {own.found} | {ml.found} | {critic.found} |"
        )
    values = np.array([[m.divergence for m in each] for each in ends.values()])
    counts = np.array([[m.found for m in each] for each in ends.values()]).mean(0)
    means = [
        f"{mean:.4f} +- {std:.4f}"
        for mean, std in zip(values.mean(0), values.std(0, ddof=1), strict=True)
    ]
    ratio = np.mean(values[:, 0] / values[:, 1])
    lines.append(
        f"| mean +- std | {means[0]} | {means[1]} | {ratio:.2f} | {means[2]} | "
        + " | ".join(f"{count:.1f}" for count in counts)
        + " |"
    )
    return lines


def main() -> None:
    """Draws and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    folder = parser.parse_args().out
    found = complete(read(SEEDS))
    rows = [m for _, own in found.values() for m in own]
    floor = float(np.mean([floor for floor, _ in found.values()]))
    save_picture(folder / "synthetic_divergence.png", divergence_picture(rows, floor))
    save_picture(folder / "synthetic_points.png", points_picture(read_shown(POINTS)))
    print("\n".join(table(found)))
    report(found)


if __name__ == "__main__":
    main()
