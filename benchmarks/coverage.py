#!/usr/bin/env python
"""Classes that unsupervised generators make: a Bayesian GAN beside a single DCGAN of the same cost.

    python benchmarks/coverage.py --dataset digits --num_gen 5 --num_mcmc 2 --times 6 --preset laptop

For each seed two runs of `run_bgan.py`: one with these networks, and one with `--ml`, which has a
single generator and TIMES as many iterations; choose it so that the minutes in the table agree.
`bayesian-gan evaluate` judges both, with a classifier that has learnt all real labels. Prints a
table; runs that are finished, with these flags, are not made again. Every argument that is not
listed here goes to `run_bgan.py`, for both.
"""

import argparse
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bayesian_gan.evaluation.uncertainty import entropy  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402
from benchmarks.driver_runs import (  # noqa: E402
    finished,
    place_name,
    read,
    start,
    train,
)

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


def generated_rows(
    seed: int, system: str, summary: dict[str, Any], evaluation: dict[str, Any]
) -> list[str]:
    """Lines of the table for one run: its last draw, and all draws where they are others.

    Args:
        seed: of the run.
        system: its name.
        summary: its `summary.json`.
        evaluation: its `evaluation.json`.
    """
    found = evaluation["samples"]["features"]["classifier"]
    modes = found["mode_coverage"]
    each = f"{min(modes['covered'])} to {max(modes['covered'])}"
    if len(modes["covered"]) == 1:
        each = str(modes["covered"][0])
    effective = f"{np.exp(entropy(np.array([modes['union']])))[0]:.2f}"
    collapsed = f"{modes['num_collapsed']} of {len(modes['covered'])}"
    cells = [
        f"{summary['seconds'] / 60:.1f}",
        each,
        modes["covered_by_union"],
        effective,
        collapsed,
    ]
    last = _row(seed, system, "the last draw", cells, found["rows"]["all of the last draw"])
    if len(modes["covered"]) == 1:
        return [last]
    every = found["rows"]["all of every draw"]
    return [last, _row(seed, "", "all draws", [""] * len(cells), every)]


def real_row(evaluation: dict[str, Any]) -> str:
    """The line of the real test images, which are the same for every run."""
    row = evaluation["samples"]["features"]["classifier"]["rows"]["test images"]
    return _row("", "", "the test set", [""] * 5, row)


def _row(seed: int | str, system: str, what: str, cells: list[Any], scores: dict[str, Any]) -> str:
    shares = [f"{scores[name]:.2f}" for name in ("precision", "recall", "coverage")]
    row = [seed, system, what, *cells, f"{scores['fid']:.3g}", *shares]
    return "| " + " | ".join(map(str, row)) + " |"


def main(arguments: list[str]) -> int:
    """Trains, evaluates and prints; returns the exit status of what failed."""
    known, extra = _parse(arguments)
    return status_of(__file__, lambda: _compare(known, extra))


def _compare(known: argparse.Namespace, extra: list[str]) -> None:
    """Makes what is missing, and prints the table."""
    networks = Networks(**{f.name: getattr(known, f.name) for f in fields(Networks)})
    table = [HEADER, "| --- |" + " --- |" * (HEADER.count("|") - 2)]
    for seed in known.seeds:
        for ml in (False, True):
            system = "DCGAN" if ml else f"BayesGAN, {known.num_gen} x {known.num_mcmc}"
            flags = [*networks.flags(ml), f"--dataset={known.dataset}"]
            flags += [f"--random_seed={seed}", *extra]
            name = f"{known.dataset}_{'dcgan' if ml else 'bayesgan'}_{seed}"
            place = known.out_dir / place_name(name, flags, known.num_images)
            folder = _judged(place, flags, known.num_images)
            evaluation = read(folder, "evaluation.json")
            table += generated_rows(seed, system, read(folder, "summary.json"), evaluation)
            print(f"seed {seed}, {system}: {folder}", flush=True)
    print("\n".join([*table, real_row(evaluation)]))


def _judged(place: Path, flags: list[str], num_images: int) -> Path:
    """The folder of a run that is trained and evaluated; makes what is not there yet."""
    folder = finished(place) or train("run_bgan.py", flags, place)
    if not (folder / "evaluation.json").exists():
        start(["-m", "bayesian_gan", "evaluate", str(folder), f"--num_images={num_images}"])
    return folder


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = parser_of(__doc__, hands_on=True)
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--num_gen", type=int, default=5, help="J_g of the Bayesian GAN")
    parser.add_argument("--num_mcmc", type=int, default=2, help="M of the Bayesian GAN")
    parser.add_argument("--warm_up", type=int, default=1500, help="its iterations of Adam")
    parser.add_argument("--train_iter", type=int, default=2000, help="its iterations in all")
    parser.add_argument("--collect_every", type=int, default=100)
    parser.add_argument(
        "--times",
        type=int,
        help="the DCGAN's iterations over these; num_gen * num_mcmc by default, which favours it",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--num_images", type=int, default=10_000, help="generated for each mixture")
    parser.add_argument("--out_dir", type=Path, default=ROOT / "runs" / "coverage")
    known, extra = parser.parse_known_args(arguments)
    known.out_dir = known.out_dir.resolve()
    known.times = known.times or known.num_gen * known.num_mcmc
    return known, extra


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
