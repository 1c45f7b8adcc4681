#!/usr/bin/env python
"""Does a prior of heavier tails warm the cold posterior? Errors, NLL, weights and mixing of four priors.

    python benchmarks/priors.py --data_path DATA                  what is missing, and how long it takes
    python benchmarks/priors.py --data_path DATA --go             runs it
    python benchmarks/priors.py --table                           what is found

Each trial is a run of --preset laptop with N labels, of which --share of the iterations are the
warm-up. A trial of another temperature than 1 branches off that of temperature 1 where its warm-up
ended. Finished trials are lines of --results and are not run again. Every argument that is not
listed here goes to each training.
"""

import argparse
import statistics
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from bayesian_gan.errors import InputError  # noqa: E402
from bayesian_gan.options.objective import PriorName  # noqa: E402
from bayesian_gan.posterior import Posterior  # noqa: E402
from bayesian_gan.posterior.draws import array_name  # noqa: E402
from bayesian_gan.runs.branch import branch  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402
from benchmarks.driver_runs import finished, newest, place_name, read, train  # noqa: E402
from benchmarks.study import Lines, add_arguments, study  # noqa: E402

DRAWS = 20
REQUIRED = ("name", "data", "prior", "temperature", "label_seed", "errors", "n", "nll", "version")


@dataclass(frozen=True)
class Trial:
    """A run under one prior at one temperature.

    Attributes:
        data: `digits` or `mnist`.
        prior: as `--prior` has it.
        temperature: T.
        label_seed: which label set.
        N: labels.
        iterations: of the run.
        share: of them that are the warm-up.
        extra: flags for every trial.
    """

    data: str
    prior: str
    temperature: float
    label_seed: int
    N: int
    iterations: int
    share: float
    extra: tuple[str, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """All that decides the run but its temperature and its data's place."""
        every = max(1, round(self.iterations * (1.0 - self.share) / DRAWS))
        return (
            "--preset=laptop",
            f"--dataset={self.data}",
            f"--prior={self.prior}",
            f"--N={self.N}",
            f"--label_seed={self.label_seed}",
            f"--train_iter={self.iterations}",
            f"--warm_up={self.iterations - DRAWS * every}",
            f"--collect_every={every}",
            f"--n_save={self.iterations}",  # One evaluation, of the end.
            *self.extra,
        )

    @property
    def name(self) -> str:
        """Of its place."""
        name = f"{self.data}_{self.prior}_T{self.temperature:g}_{self.label_seed}"
        return place_name(name, self.temperature, *self.flags)

    def minutes(self, lines: Lines) -> float | None:
        """How long it takes, judging by others on the same data; None without one."""
        like = [
            line["seconds"] * self.iterations / line["iterations"]
            for line in lines
            if line["data"] == self.data and line["temperature"] == 1.0
        ]
        share = 1.0 if self.temperature == 1.0 else 1.0 - self.share
        return share * statistics.mean(like) / 60 if like else None

    def run(self, places: Path, data_path: str | None) -> dict[str, Any]:
        """Trains, or branches off and goes on; what is found.

        Raises:
            RunError: a training failed.
        """
        where = () if data_path is None else (f"--data_path={Path(data_path).resolve()}",)
        folder = self._folder(places, where)
        summary, config = read(folder, "summary.json"), read(folder, "config.json")
        mixing = summary["convergence"] or {}
        return {
            "name": self.name,
            "data": self.data,
            "prior": self.prior,
            "temperature": config["flags"]["temperature"],
            "label_seed": self.label_seed,
            "N": self.N,
            "iterations": summary["iteration"],
            "flags": " ".join(self.flags),
            **{key: summary["posterior"][key] for key in ("errors", "n", "nll", "ece")},
            "single_nll": summary["single"]["nll"],
            "norm": norm(Posterior(folder / "posterior")),
            "rhat_median": mixing.get("rhat_median"),
            "rhat_max": mixing.get("rhat_max"),
            "seconds": summary["seconds"],
        }

    def _folder(self, places: Path, where: tuple[str, ...]) -> Path:
        place = places / self.name
        folder = finished(place)
        if folder is not None:
            return folder
        place.mkdir(parents=True, exist_ok=True)
        flags = [*self.flags, f"--temperature={self.temperature:g}", *where]
        if self.temperature != 1.0 and newest(place) is None:
            branch(
                replace(self, temperature=1.0)._folder(places, where),
                place,
                {"temperature": self.temperature},
            )
        return train("run_bgan_semi.py", flags, place, log=place / "output.log")


def norm(posterior: Posterior) -> float:
    """The root mean square of the discriminators' trained weights, over all draws."""
    trained = posterior.trained("discriminator")
    squares, count = 0.0, 0
    for iteration in posterior.iterations:
        draw = posterior.draw(iteration)
        for member in range(posterior.num_discriminators):
            for k in trained:
                weights = draw[array_name("d", member, k)].astype(np.float64)
                squares, count = squares + float(np.sum(weights**2)), count + weights.size
    return (squares / count) ** 0.5


def table(lines: Lines) -> str:
    """For each data set a row a prior and temperature: means over the label sets they all have."""
    parts = []
    for data in dict.fromkeys(line["data"] for line in lines):
        own = [line for line in lines if line["data"] == data]
        kinds = sorted({(x["prior"], -x["temperature"]) for x in own})
        seeds = set.intersection(*({x["label_seed"] for x in own if _kind(x) == k} for k in kinds))
        parts += [
            f"{data}, {own[0]['iterations']:,} iterations, errors of {own[0]['n']:,}; means over label sets "
            f"{', '.join(map(str, sorted(seeds))) or 'none'}",
            "",
            "| prior | T | errors | NLL | single NLL | ECE % | rms weight | R-hat, median / worst |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        for kind in kinds:
            some = [x for x in own if _kind(x) == kind and x["label_seed"] in seeds]
            if some:
                parts.append(_row(some))
        parts.append("")
    return "\n".join(parts)


def _kind(line: dict[str, Any]) -> tuple[str, float]:
    return line["prior"], -line["temperature"]


def _row(lines: Lines) -> str:
    def mean(key: str) -> float:
        known = [line[key] for line in lines if line[key] is not None]
        return statistics.mean(known) if known else float("nan")

    first = lines[0]
    return (
        f"| {first['prior']} | {first['temperature']:g} | {mean('errors'):.1f} | {mean('nll'):.3f} | "
        f"{mean('single_nll'):.3f} | {100 * mean('ece'):.1f} | {mean('norm'):.3f} | "
        f"{mean('rhat_median'):.2f} / {mean('rhat_max'):.2f} |"
    )


def main(arguments: list[str]) -> int:
    """Prints a plan or a table, or runs; returns the exit status."""
    known, extra = _parse(arguments)
    return status_of(__file__, lambda: _do(known, tuple(extra)))


def _do(known: argparse.Namespace, extra: tuple[str, ...]) -> None:
    if not 0.0 < known.share < 1.0:
        raise InputError(f"--share {known.share:g}: give a number between 0 and 1")
    if known.iterations < 2 * DRAWS:
        raise InputError(f"--iterations {known.iterations}: give at least {2 * DRAWS}")
    study(known, REQUIRED, lambda: _trials(known, extra), table, _said)


def _said(line: dict[str, Any]) -> str:
    return f"{line['errors']} of {line['n']} errors, NLL {line['nll']:.3f}"


def _trials(known: argparse.Namespace, extra: tuple[str, ...]) -> list[Trial]:
    return [
        Trial(data, prior, T, seed, known.N, known.iterations, known.share, extra)
        for data in known.data
        for seed in known.label_seeds
        for prior in known.priors
        for T in sorted(known.temperatures, reverse=True)
    ]


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = parser_of(__doc__, hands_on=True)
    names = get_args(PriorName)
    parser.add_argument("--data", nargs="+", default=["digits", "mnist"])
    parser.add_argument("--priors", nargs="+", default=list(names), choices=names)
    parser.add_argument("--temperatures", nargs="+", type=float, default=[1.0, 0.1])
    parser.add_argument("--label_seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--N", type=int, default=100, help="labels")
    parser.add_argument("--iterations", type=int, default=3000)
    parser.add_argument("--share", type=float, default=0.5, help="of the iterations: the warm-up")
    add_arguments(parser, "priors")
    return parser.parse_known_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
