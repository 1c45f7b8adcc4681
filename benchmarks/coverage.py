#!/usr/bin/env python
"""Classes that unsupervised generators make: a Bayesian GAN beside a single DCGAN of the same cost.

    python benchmarks/coverage.py --dataset digits --num_gen 5 --num_mcmc 2 --times 6 --preset laptop

For each seed two runs of `run_bgan.py`: one with these networks, and one with `--ml`, which has a single
generator and TIMES as many iterations; choose it so that the minutes in the table agree. `python -m
bayesian_gan evaluate` judges both, with a classifier that has learnt all real labels. Prints a table; runs that
are finished, with these flags, are not made again. Every argument that is not listed here goes to
`run_bgan.py`, for both.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bayesian_gan.evaluation.uncertainty import entropy  # noqa: E402

HEADER = (
    "| seed | system | images of | minutes | classes of each generator | of all | effective classes of all "
    "| collapsed | FID | precision | recall | coverage |"
)


@dataclass(frozen=True)
class Networks:
    """What a Bayesian GAN has and for how long it trains.

    Attributes:
        num_gen: J_g.
        num_mcmc: M.
        warm_up: iterations of Adam.
        train_iter: iterations in all.
        collect_every: iterations between draws.
        times: iterations of the DCGAN that costs as much, over these.
    """

    num_gen: int
    num_mcmc: int
    warm_up: int
    train_iter: int
    collect_every: int
    times: int

    def flags(self, ml: bool) -> list[str]:
        """Flags of the run, or those of the DCGAN that costs as much."""
        share = self.times if ml else 1
        lengths = [
            f"--{name}={share * getattr(self, name)}"
            for name in ("warm_up", "train_iter", "collect_every")
        ]
        own = ["--ml"] if ml else [f"--num_gen={self.num_gen}", f"--num_mcmc={self.num_mcmc}"]
        return [*own, *lengths, f"--n_save={share * self.train_iter}"]


def rows(
    seed: int, system: str, summary: dict[str, Any], evaluation: dict[str, Any], every: bool
) -> list[str]:
    """Lines of the table for one run.

    Args:
        seed: of the run.
        system: its name.
        summary: its `summary.json`.
        evaluation: its `evaluation.json`.
        every: whether the images of all draws have a line of their own, and the test images one.
    """
    found = evaluation["samples"]["features"]["classifier"]
    modes = found["mode_coverage"]
    minutes = f"{summary['seconds'] / 60:.1f}"
    each = f"{min(modes['covered'])} to {max(modes['covered'])}"
    if len(modes["covered"]) == 1:
        each = str(modes["covered"][0])
    effective = f"{np.exp(entropy(np.array([modes['union']])))[0]:.2f}"
    collapsed = f"{modes['num_collapsed']} of {len(modes['covered'])}"
    lines = [
        [system, "the last draw", minutes, each, modes["covered_by_union"], effective, collapsed],
        ["", "all draws", "", "", "", "", ""],
        ["", "the test set", "", "", "", "", ""],
    ]
    keys = ("all of the last draw", "all of every draw", "test images")
    table = []
    for line, key in list(zip(lines, keys, strict=True))[: 3 if every else 1]:
        row = found["rows"][key]
        scores = [f"{row['fid']:.3g}"] + [
            f"{row[k]:.2f}" for k in ("precision", "recall", "coverage")
        ]
        table.append(f"| {seed} | " + " | ".join(map(str, [*line, *scores])) + " |")
    return table


def place_name(dataset: str, ml: bool, seed: int, flags: list[str], num_images: int) -> str:
    """A name for a run's folder; runs and evaluations of other flags have other names."""
    decided = hashlib.sha256(json.dumps([flags, num_images]).encode()).hexdigest()[:8]
    return f"{dataset}_{'dcgan' if ml else 'bayesgan'}_{seed}_{decided}"


def main(arguments: list[str]) -> int:
    """Trains, evaluates and prints; returns the exit status of what failed."""
    known, extra = _parse(arguments)
    networks = Networks(**{f.name: getattr(known, f.name) for f in fields(Networks)})
    table = [HEADER, "| --- |" + " --- |" * (HEADER.count("|") - 2)]
    for seed in known.seeds:
        for ml in (False, True):
            system = "DCGAN" if ml else f"BayesGAN, {known.num_gen} x {known.num_mcmc}"
            common = [f"--dataset={known.dataset}", f"--random_seed={seed}", *extra]
            flags = [*networks.flags(ml), *common]
            place = known.out_dir / place_name(known.dataset, ml, seed, flags, known.num_images)
            status = _run(place, flags, known.num_images)
            if status:
                return status
            (folder,) = place.glob("bgan_*")
            summary, evaluation = (
                json.loads((folder / name).read_text(encoding="utf-8"))
                for name in ("summary.json", "evaluation.json")
            )
            table += rows(seed, system, summary, evaluation, not ml)
            print(f"seed {seed}, {system}: {folder}", flush=True)
    print("\n".join(table))
    return 0


def _run(place: Path, flags: list[str], num_images: int) -> int:
    """Trains and evaluates what is not there yet; returns the status of what failed, or 0."""
    if not list(place.glob("bgan_*/summary.json")):
        place.mkdir(parents=True, exist_ok=True)
        command = [str(ROOT / "run_bgan.py"), *flags, f"--out_dir={place}", "--resume=auto"]
        status = subprocess.run([sys.executable, *command], check=False).returncode
        if status:
            return status
    (folder,) = place.glob("bgan_*")
    if (folder / "evaluation.json").exists():
        return 0
    command = ["-m", "bayesian_gan", "evaluate", str(folder), f"--num_images={num_images}"]
    return subprocess.run([sys.executable, *command], check=False, cwd=ROOT).returncode


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--num_gen", type=int, default=5, help="J_g of the Bayesian GAN")
    parser.add_argument("--num_mcmc", type=int, default=2, help="M of the Bayesian GAN")
    parser.add_argument("--warm_up", type=int, default=1500, help="its iterations of Adam")
    parser.add_argument("--train_iter", type=int, default=2000, help="its iterations in all")
    parser.add_argument("--collect_every", type=int, default=100)
    parser.add_argument("--times", type=int, help="default: num_gen * num_mcmc")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--num_images", type=int, default=10_000, help="generated for each mixture")
    parser.add_argument("--out_dir", type=Path, default=ROOT / "runs" / "coverage")
    known, extra = parser.parse_known_args(arguments)
    known.out_dir = known.out_dir.resolve()
    known.times = known.times or known.num_gen * known.num_mcmc
    return known, extra


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
