#!/usr/bin/env python
"""Runs on tables with 30 labels from the command line, beside `BayesianGANClassifier` on the same rows.

    python benchmarks/tables.py --out_dir runs --label_seeds 0

The halves and the labels are those of `benchmarks/estimators.py`: of a data set of scikit-learn one
half trains, of which 30 rows have labels, and the other tests. digits are vectors here, of 64
columns. Each becomes a CSV file, and a run on it has the flags that a user need give: --data and
--label_column. Prints a line for each.
"""

import argparse
import csv
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bayesian_gan.estimators import BayesianGANClassifier
from benchmarks.command_line import parser_of, status_of
from benchmarks.driver_runs import read, train
from benchmarks.estimators import LOADERS, UNLABELLED, Split, score_of, split_of

ROW = "{:14} {:>4}  {:24} {:>7} {:>7} {:>8}"


def write_table(file: Path, split: Split) -> None:
    """The rows to train and to test on as a CSV file."""
    labels = ["" if label == UNLABELLED else f"class {label}" for label in split.labels]
    with file.open("w", newline="", encoding="utf-8") as opened:
        lines = csv.writer(opened)
        lines.writerow([*(f"x{k}" for k in range(split.X.shape[1])), "kind", "split"])
        for row, label in zip(split.X, labels, strict=True):
            lines.writerow([*row, label, "train"])
        for row, label in zip(split.X_test, split.y_test, strict=True):
            lines.writerow([*row, f"class {label}", "test"])


def _print_scores(known: argparse.Namespace) -> None:
    known.out_dir.mkdir(parents=True, exist_ok=True)
    print(ROW.format("data", "seed", "", "error %", "NLL", "seconds"))
    for name in known.data:
        for seed in known.label_seeds:
            split = split_of(name, seed)
            file = known.out_dir.resolve() / f"{name}_{seed}.csv"
            write_table(file, split)
            flags = [f"--data={file}", "--label_column=kind", f"--random_seed={seed}"]
            began = time.perf_counter()
            place = known.out_dir.resolve() / f"{name}_{seed}"
            folder = train("run_bgan_semi.py", flags, place, log=place / "output.log")
            found = read(folder, "summary.json")
            seconds = time.perf_counter() - began
            for what in ("supervised", "posterior"):
                _print(
                    name, seed, what, 100 * found[what]["error_rate"], found[what]["nll"], seconds
                )
            score = score_of("", BayesianGANClassifier(random_state=seed), split)
            _print(name, seed, "BayesianGANClassifier", score.error, score.nll, score.seconds)


def _print(name: str, seed: int, what: str, error: float, nll: float, seconds: float) -> None:
    cells = (f"{error:.1f}", f"{nll:.3f}", f"{seconds:.0f}")
    print(ROW.format(name, seed, what, *cells), flush=True)


def main() -> int:
    """Trains and prints; returns the exit status."""
    parser = parser_of(__doc__)
    parser.add_argument("--label_seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--data", nargs="+", choices=list(LOADERS), default=list(LOADERS))
    parser.add_argument("--out_dir", type=Path, default=Path("runs"), help="where runs go")
    known = parser.parse_args()
    return status_of(__file__, lambda: _print_scores(known))


if __name__ == "__main__":
    sys.exit(main())
