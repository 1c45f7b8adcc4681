#!/usr/bin/env python
"""The same run on several label sets: errors of each, their means, and the ratio to the baseline.

    python benchmarks/label_seeds.py --flagfile examples/digits.flags --label_seeds 0,1,2,3,4

Every argument but `--label_seeds` and `--out_dir` goes to run_bgan_semi.py. Runs go one after another.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COLUMNS = ("supervised", "single", "posterior")


def run(label_seed: int, out_dir: Path, arguments: list[str]) -> dict:
    """Runs one label set; returns its summary."""
    before = set(out_dir.glob("bgan_*"))
    subprocess.run(
        [
            sys.executable,
            str(ROOT / "run_bgan_semi.py"),
            *arguments,
            f"--label_seed={label_seed}",
            f"--out_dir={out_dir}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    )
    (folder,) = set(out_dir.glob("bgan_*")) - before
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def row(name: str, cells: list[str]) -> str:
    """A line of the table."""
    return f"{name:22}" + "".join(f"{cell:>17}" for cell in cells)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label_seeds", default="0,1,2,3,4", help="comma-separated seeds, >= 0")
    parser.add_argument("--out_dir", type=Path, default=Path("runs"), help="where runs go")
    known, arguments = parser.parse_known_args()
    known.out_dir.mkdir(parents=True, exist_ok=True)
    seeds = [int(seed) for seed in known.label_seeds.split(",")]
    print(row("split", [f"{c} err/NLL" for c in COLUMNS] + ["seconds"]))
    summaries = []
    for seed in seeds:
        summary = run(seed, known.out_dir.resolve(), arguments)
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
    main()
