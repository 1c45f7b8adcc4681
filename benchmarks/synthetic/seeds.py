"""The synthetic experiment over ten seeds: divergence of the systems, clusters found.

    python benchmarks/synthetic/seeds.py --out_dir runs --z_dim 10 --numz 10

All flags of `run_bgan_synth.py`, and `--seeds` (how many, default 10) and `--first` (the first of
them). Each seed has a data set of its own (`--data_seed`) and weights of its own (`--random_seed`).
Writes `measurements.csv` of all seeds (with a column `seed`; a seed that is there already is not
run again) and `divergence.png` into a folder of OUT_DIR that is named by the flags and the version,
and prints a table.
"""

import csv
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bayesian_gan.options.flags import define_options  # noqa: E402
from bayesian_gan.storage import write_json  # noqa: E402
from bayesian_gan.synthetic.data import synthetic_data  # noqa: E402
from bayesian_gan.synthetic.divergence import Plane  # noqa: E402
from bayesian_gan.synthetic.experiment import train  # noqa: E402
from bayesian_gan.synthetic.measure import Measurement  # noqa: E402
from bayesian_gan.synthetic.options import SynthConfig  # noqa: E402
from bayesian_gan.synthetic.pictures import divergence_picture, save_picture  # noqa: E402
from benchmarks.command_line import status_of  # noqa: E402
from benchmarks.driver_runs import place_name  # noqa: E402

COLUMNS = ["seed", "floor", *(f.name for f in fields(Measurement))]


def shared_flags(config: SynthConfig) -> dict[str, Any]:
    """The flags that all seeds of a folder have."""
    own = ("random_seed", "data_seed", "out_dir")
    return {name: value for name, value in config.to_json().items() if name not in own}


def read(path: Path) -> dict[int, tuple[float, list[Measurement]]]:
    """What the file holds of each seed: the floor, and the measurements."""
    found: dict[int, tuple[float, list[Measurement]]] = {}
    if not path.exists():
        return found
    kinds = {"system": str, "iteration": int, "found": int}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            values = {f.name: kinds.get(f.name, float)(row[f.name]) for f in fields(Measurement)}
            _, rows = found.setdefault(int(row["seed"]), (float(row["floor"]), []))
            rows.append(Measurement(**values))
    return found


def run_seed(config: SynthConfig, seed: int, path: Path) -> None:
    """Trains every system of one seed and appends what was measured to the file."""
    config = replace(config, random_seed=seed, data_seed=seed)
    data = synthetic_data(config.data, config.x_dim, seed)
    plane = Plane(data.x)
    floor = plane.divergence(data.fresh)
    print(f"seed {seed}:", flush=True)
    rows = [m for name in config.systems for m in train(name, config, data, plane).measurements]
    begun = path.exists()
    with path.open("a", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if not begun:
            table.writeheader()
        table.writerows({"seed": seed, "floor": floor, **asdict(m)} for m in rows)


def report(found: dict[int, tuple[float, list[Measurement]]]) -> None:
    """Prints a line for each system, from the last measurement of each seed."""
    print(f"{len(found)} seeds; floor {np.mean([floor for floor, _ in found.values()]):.4f}")
    systems = dict.fromkeys(m.system for _, rows in found.values() for m in rows)
    last = {
        name: [[m for m in rows if m.system == name][-1] for _, rows in found.values()]
        for name in systems
    }
    for name, ends in last.items():
        values = np.array([m.divergence for m in ends])
        counts = [m.found for m in ends]
        print(
            f"{name:14} divergence {values.mean():.4f} +- {values.std(ddof=min(1, len(ends) - 1)):.4f} "
            f"({values.min():.4f} to {values.max():.4f}), clusters {min(counts)} to {max(counts)} "
            f"(mean {np.mean(counts):.1f}), seconds {np.mean([m.seconds for m in ends]):.0f} (at most "
            f"{max(m.seconds for m in ends):.0f})"
        )
    for name in last:
        if name != "bayesgan" and "bayesgan" in last:
            pairs = zip(last["bayesgan"], last[name], strict=True)
            ratios = [bayesian.divergence / single.divergence for bayesian, single in pairs]
            print(f"bayesgan / {name}: mean {np.mean(ratios):.3f}, largest {max(ratios):.3f}")


def main(arguments: list[str]) -> int:
    """Runs what is missing, and reports; returns the exit status."""
    values = flags.FlagValues()
    define_options(values, SynthConfig)
    flags.DEFINE_integer("seeds", 10, "How many.", lower_bound=1, flag_values=values)
    flags.DEFINE_integer("first", 0, "The first.", lower_bound=0, flag_values=values)
    return status_of(__file__, lambda: _run(values, arguments))


def _run(values: flags.FlagValues, arguments: list[str]) -> None:
    values(["seeds.py", *arguments])
    config = SynthConfig.from_flags(values)
    shared = shared_flags(config)
    folder = Path(config.out_dir or ".") / place_name(f"seeds_{config.data}", shared)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", {"flags": shared})
    path = folder / "measurements.csv"
    first = values["first"].value
    for seed in range(first, first + values["seeds"].value):
        if seed not in read(path):
            run_seed(config, seed, path)
    found = read(path)
    report(found)
    rows = [m for _, own in found.values() for m in own]
    floor = float(np.mean([floor for floor, _ in found.values()]))
    save_picture(folder / "divergence.png", divergence_picture(rows, floor))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
