#!/usr/bin/env python
"""Which labels help most: errors of runs whose labels were chosen in rounds, beside random ones.

    python benchmarks/choosing_labels.py --data mnist --data_path DATA                  prints its plan
    python benchmarks/choosing_labels.py --data mnist --data_path DATA --go             runs it
    python benchmarks/choosing_labels.py --table                                        what is found

The first round of every seed is the label set `DATA.SEED@N`, as many of each class as of any other.
Each further round asks `suggest` for pictures, by the run of the round before, gives them their true
labels, and trains anew from all labels so far. `balanced` asks nobody: its rounds are the larger
label sets of the same seed. A run is judged by its final state on the test set.

Finished runs are lines of --results and are not run again; one that was broken off goes on from its
last checkpoint. --first_iterations makes the first round of several short, and --between_iterations
those between it and the last, which then start from the run before: they only serve to choose, and
their errors stand apart. With --last_goes_on the last is one of these, too. --figure draws errors
against labels. Every argument that is not listed here goes to each training.
"""

import argparse
import csv
import statistics
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import bayesian_gan  # noqa: E402
from bayesian_gan.data.catalogue import ImageData, load  # noqa: E402
from bayesian_gan.data.splits import label_split  # noqa: E402
from bayesian_gan.data.spreadsheets import original  # noqa: E402
from bayesian_gan.errors import InputError  # noqa: E402
from bayesian_gan.options.presets import PRESETS  # noqa: E402
from bayesian_gan.options.reading import ReadingOptions  # noqa: E402
from bayesian_gan.runs.suggest import WAYS  # noqa: E402
from benchmarks.choosing_shown import BALANCED, draw, table  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402
from benchmarks.driver_runs import finished, place_name, read, start, train  # noqa: E402
from benchmarks.table.cells import flag_values  # noqa: E402
from benchmarks.table.results import append_result, check_version, read_lines  # noqa: E402

BEFORE = "--start_from=before"
REQUIRED = ("data", "by", "seed", "rounds", "settings", "labels", "errors", "n", "nll", "version")


@dataclass(frozen=True)
class Step:
    """The run at the end of one round.

    Attributes:
        data: name of the data set.
        seed: of the first labels, and of what `suggest` draws.
        by: how all rounds but the first were chosen; `balanced` for the first.
        rounds: labels of each round so far, the first included.
        flags: of the training, without its labels and places; `BEFORE` stands for the run before.
    """

    data: str
    seed: int
    by: str
    rounds: tuple[int, ...]
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of the run's place."""
        rounds = "+".join(map(str, self.rounds))
        return place_name(f"{self.data}_{self.by}_{self.seed}_{rounds}", *self.flags)

    @property
    def settings(self) -> str:
        """A name of the flags."""
        return place_name("", *self.flags)[1:]

    def is_in(self, line: dict[str, Any]) -> bool:
        """Whether a line of the results is this run's."""
        return (
            (line["data"], line["seed"], line["by"], tuple(line["rounds"]), line["settings"])
        ) == (self.data, self.seed, self.by, self.rounds, self.settings)


def steps_of(known: argparse.Namespace, extra: tuple[str, ...]) -> list[list[Step]]:
    """The runs of each seed and way, one round after the other; first rounds are shared.

    Where the first is short, it serves only those who ask.
    """
    rounds = tuple(map(int, known.rounds.split(",")))
    flags = between = _flags(known, known.iterations, extra)
    first = flags
    if len(rounds) > 1 and known.first_iterations:
        first = _flags(known, known.first_iterations, extra)
    if known.between_iterations:
        between = (BEFORE, *_flags(known, known.between_iterations, extra))
    chains = []
    for seed in known.seeds:
        for by in known.by:
            steps = [Step(known.data, seed, by, rounds[:k], between) for k in range(2, len(rounds))]
            last = between if known.last_goes_on else flags
            steps += [Step(known.data, seed, by, rounds, last)] * (len(rounds) > 1)
            if by != BALANCED or first == flags or known.between_iterations:
                steps.insert(0, Step(known.data, seed, BALANCED, rounds[:1], first))
            chains.append(steps)
    return chains


def _flags(
    known: argparse.Namespace, iterations: int | None, extra: tuple[str, ...]
) -> tuple[str, ...]:
    """Of a training; other iterations than the preset's keep the proportions of its phases."""
    values = flag_values(known.preset, extra)
    lengths = {name: values[name].value for name in ("train_iter", "warm_up", "collect_every")}
    scale = 1.0 if iterations is None else iterations / lengths["train_iter"]
    scaled = {name: max(1, round(scale * length)) for name, length in lengths.items()}
    return (
        f"--preset={known.preset}",
        *extra,
        *(f"--{name}={length}" for name, length in scaled.items()),
        f"--n_save={scaled['train_iter']}",  # One evaluation, of the end.
    )


# ------------------------------------------------------------------------------- running


class Runner:
    """Makes the runs that are missing.

    Args:
        known: the command line.
    """

    def __init__(self, known: argparse.Namespace) -> None:
        self._known = known
        self._places = known.runs.resolve()

    @cached_property
    def _data(self) -> ImageData:
        known = self._known
        return load(known.data, known.data_path, ReadingOptions(download=False))

    def run(self, chain: list[Step], lines: list[dict[str, Any]]) -> None:
        """All runs of one seed and way, whose lines are added to the results.

        Raises:
            RunError: one failed.
        """
        for k, step in enumerate(chain):
            if any(map(step.is_in, lines)):
                continue
            line = self._line(step, self._folder(chain[: k + 1]))
            append_result(self._known.results, line)
            lines.append(line)
            print(f"{step.name}: {line['errors']} of {line['n']} errors", flush=True)

    def _folder(self, chain: list[Step]) -> Path:
        """The run folder of the last step, made now if it is not there."""
        place = self._places / chain[-1].name
        folder = finished(place)
        if folder is not None:
            return folder
        place.mkdir(parents=True, exist_ok=True)
        labels = place / "labels.csv"
        if not labels.exists():
            self._write(labels, self._indices(chain, place))
        flags = [f"--dataset={chain[-1].data}", f"--labels={labels}"]
        flags += [
            f"--start_from={self._folder(chain[:-1])}" if flag == BEFORE else flag
            for flag in chain[-1].flags
        ]
        if self._known.data_path:
            flags.append(f"--data_path={Path(self._known.data_path).resolve()}")
        return train("run_bgan_semi.py", flags, place, log=place / "output.log")

    def _indices(self, chain: list[Step], place: Path) -> list[int]:
        """Which training images the last step has the labels of."""
        step = chain[-1]
        if step.by == BALANCED:
            return label_split(self._data, sum(step.rounds), step.seed).indices.tolist()
        before = self._folder(chain[:-1])
        command = ["-m", "bayesian_gan", "suggest", str(before), f"--by={step.by}"]
        command += [f"--num={step.rounds[-1]}", f"--seed={step.seed}", f"--out={place}"]
        start(command, log=place / "output.log")
        with (place / "suggest.csv").open(newline="", encoding="utf-8") as file:
            new = [number(original(row["path"])) for row in csv.DictReader(file)]
        if len(new) != step.rounds[-1]:
            raise InputError(f"{place}: {len(new)} pictures were suggested; give smaller --rounds")
        return [*read(before, "labelled.json")["indices"], *new]

    def _write(self, path: Path, indices: list[int]) -> None:
        """The true labels of some images, as `--labels` takes them."""
        part = path.with_suffix(".part")
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["path", "label"])
            names, classes = self._data.image_names, self._data.class_names
            writer.writerows([names[i], classes[self._data.labels[i]]] for i in indices)
        part.rename(path)

    def _line(self, step: Step, folder: Path) -> dict[str, Any]:
        summary, split = read(folder, "summary.json"), read(folder, "labelled.json")
        classes = len(read(folder, "data.json")["class_names"])
        score = summary["posterior"]
        return {
            "data": step.data,
            "by": step.by,
            "seed": step.seed,
            "rounds": list(step.rounds),
            "settings": step.settings,
            "flags": " ".join(step.flags),
            "labels": len(split["indices"]),
            "of_class": [split["labels"].count(k) for k in range(classes)],
            "errors": score["errors"],
            "n": score["n"],
            "nll": score["nll"],
            "single_errors": summary["single"]["errors"],
            "iterations": summary["iteration"],
            "seconds": summary["seconds"],
            "indices": split["indices"],
            "version": bayesian_gan.__version__,
        }


def number(path: str) -> int:
    """The place of an image that is called `train/17`: 17."""
    return int(path.rpartition("/")[2])


# ------------------------------------------------------------------------------- saying


def print_plan(chains: list[list[Step]], lines: list[dict[str, Any]]) -> None:
    """What is missing, and how long it takes judging by the finished runs of its kind."""
    every = list(dict.fromkeys(step for chain in chains for step in chain))
    missing = [step for step in every if not any(map(step.is_in, lines))]
    print(f"{len(every) - len(missing)} of {len(every)} runs are done")
    total, unknown = 0.0, 0
    for step in missing:
        like = [
            line["seconds"]
            for line in lines
            if (line["data"], line["settings"]) == (step.data, step.settings)
        ]
        total += statistics.mean(like) if like else 0.0
        unknown += not like
        print(
            f"  {step.name}: {sum(step.rounds)} labels, {step.flags[-1].partition('=')[2]} iterations"
        )
    if missing:
        more = f", and {unknown} runs of kinds of which none is done" * bool(unknown)
        print(f"about {total / 3600:.1f} hours{more}; --go runs them")


# ------------------------------------------------------------------------------- the command


def main(arguments: list[str]) -> int:
    """Prints a plan or a table, or runs; returns the exit status."""
    known, extra = _parse(arguments)
    return status_of(__file__, lambda: _do(known, tuple(extra)))


def _do(known: argparse.Namespace, extra: tuple[str, ...]) -> None:
    lines = read_lines(known.results, REQUIRED)
    check_version(known.results, lines, bayesian_gan.__version__)
    if known.table:
        print(table(lines))
        return
    if known.figure:
        draw(known.figure, known.data, lines)
        return
    _check(known)
    chains = steps_of(known, extra)
    print_plan(chains, lines)
    if known.go:
        runner = Runner(known)
        for chain in chains:
            runner.run(chain, lines)
        print(table(lines))


def _check(known: argparse.Namespace) -> None:
    if known.last_goes_on and not known.between_iterations:
        raise InputError("--last_goes_on needs --between_iterations, which it is as long as")
    rounds = known.rounds.split(",")
    if not all(text.isdigit() and int(text) for text in rounds):
        raise InputError(f"--rounds {known.rounds}: give numbers of labels, such as 20,80")
    for name in ("iterations", "first_iterations", "between_iterations"):
        value = getattr(known, name)
        if value is not None and value < 1:
            raise InputError(f"--{name} {value}: give at least 1")


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = parser_of(__doc__, hands_on=True)
    parser.add_argument("--data", default="mnist", help="mnist, digits, cifar, ...")
    parser.add_argument("--data_path", help="folder of the data sets")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--rounds", default="20,80", help="labels of each round")
    parser.add_argument(
        "--by", nargs="+", default=["typical"], choices=[BALANCED, *WAYS], help="ways to choose"
    )
    parser.add_argument("--preset", default="laptop", choices=list(PRESETS))
    parser.add_argument("--iterations", type=int, help="of a run; by default the preset's")
    parser.add_argument(
        "--first_iterations",
        type=int,
        help="of the first of several rounds; by default as the others",
    )
    parser.add_argument(
        "--between_iterations",
        type=int,
        help="of the rounds between the first and the last, which then start from the run before",
    )
    parser.add_argument(
        "--last_goes_on",
        action="store_true",
        help="the last round is as short as those between, and starts from the run before",
    )
    parser.add_argument("--go", action="store_true", help="run what is missing")
    parser.add_argument("--table", action="store_true", help="print what is found, run nothing")
    parser.add_argument(
        "--figure", type=Path, metavar="FILE.png", help="draw what is found of --data, run nothing"
    )
    results = ROOT / "benchmarks" / "results" / "choosing_labels.jsonl"
    parser.add_argument("--results", type=Path, default=results)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "choosing_labels")
    return parser.parse_known_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
