#!/usr/bin/env python
"""The same run on several label sets: errors of each, their means, and the ratio to the baseline.

    python benchmarks/label_seeds.py --flagfile examples/digits.flags --label_seeds 0 1 2 3 4

Every argument but `--label_seeds` and `--out_dir` goes to run_bgan_semi.py. Runs go one after
another; those that are finished, with these flags, are not made again.
"""

import statistics
import sys
from pathlib import Path
from typing import Any

from absl import flags as absl_flags

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.command_line import parser_of, status_of
from benchmarks.driver_runs import finished, place_name, read, train

COLUMNS = ("supervised", "single", "posterior")


def run(label_seed: int, out_dir: Path, arguments: list[str]) -> dict[str, Any]:
    """Runs one label set, unless that is done with these flags; returns its summary.

    Raises:
        RunError: it failed.
    """
    flags = [*arguments, f"--label_seed={label_seed}"]
    place = out_dir / place_name(f"label_set_{label_seed}", flags)
    folder = finished(place)
    if folder is None:
        folder = train("run_bgan_semi.py", flags, place, log=place / "output.log")
    return read(folder, "summary.json")


def row(name: str, cells: list[str]) -> str:
    """A line of the table."""
    return f"{name:22}" + "".join(f"{cell:>20}" for cell in cells)


def main(arguments: list[str]) -> int:
    """Prints the table; returns the exit status of a run that failed."""
    parser = parser_of(__doc__, hands_on=True)
    parser.add_argument("--label_seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--out_dir", type=Path, default=Path("runs"), help="where runs go")
    known, extra = parser.parse_known_args(arguments)
    return status_of(__file__, lambda: _print_table(known.label_seeds, known.out_dir, extra))


def _print_table(seeds: list[int], out_dir: Path, arguments: list[str]) -> None:
    # A run is found again by what a flag file holds, not by the file's name.
    arguments = absl_flags.FlagValues().read_flags_from_files(arguments)
    print(row("split", [f"{c} err/NLL" for c in COLUMNS] + ["seconds"]))
    summaries = []
    for seed in seeds:
        summary = run(seed, out_dir.resolve(), arguments)
        summaries.append(summary)
        cells = [f"{summary[c]['errors']} / {summary[c]['nll']:.3f}" for c in COLUMNS]
        print(row(summary["split"], [*cells, f"{summary['seconds']:.0f}"]), flush=True)
    for name, key in (("mean errors", "errors"), ("mean NLL", "nll")):
        means = [statistics.mean(s[c][key] for s in summaries) for c in COLUMNS]
        print(row(name, [f"{m:.3f}" if key == "nll" else f"{m:.1f}" for m in means]))
    n = summaries[0]["posterior"]["n"]
    ratio = [
        sum(s[c]["errors"] for s in summaries) / sum(s["supervised"]["errors"] for s in summaries)
        for c in COLUMNS
    ]
    print(row(f"of supervised (n={n})", [f"{100 * r:.0f}%" for r in ratio]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
