"""A study: trials whose results are lines of a file, of which only the missing ones are run."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import bayesian_gan
from benchmarks.table.results import append_result, check_version, read_lines

ROOT = Path(__file__).parents[1]

Lines = list[dict[str, Any]]


class Trial(Protocol):
    """One trial; its `name` says all that decides it."""

    @property
    def name(self) -> str:
        """Of its place and its line."""

    def minutes(self, lines: Lines) -> float | None:
        """How long it takes, judging by trials that are done; None where none is like it."""

    def run(self, places: Path, data_path: str | None) -> dict[str, Any]:
        """Makes its runs in folders of `places`; what is found, with its `name`."""


def add_arguments(parser: argparse.ArgumentParser, name: str) -> None:
    """What all studies take; `name` is that of their results and of the folder of their runs."""
    parser.add_argument("--data_path", help="folder of the data sets that are not downloaded here")
    parser.add_argument("--go", action="store_true", help="run what is missing")
    parser.add_argument("--table", action="store_true", help="print what is found, run nothing")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "benchmarks" / "results" / f"{name}.jsonl"
    )
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / name)


def study(
    known: argparse.Namespace,
    required: tuple[str, ...],
    trials: Callable[[], Sequence[Trial]],
    table: Callable[[Lines], str],
    said: Callable[[dict[str, Any]], str],
) -> None:
    """Prints the plan, runs what is missing with `--go`, and prints the table.

    Args:
        known: the command line; see `add_arguments`.
        required: what a line of the results must have.
        trials: all that are asked for, in the order in which they are run.
        table: of the lines.
        said: a line in a few words.

    Raises:
        InputError: the results are no results, or another version's.
        RunError: a run failed.
    """
    lines = read_lines(known.results, required)
    if known.table:
        print(table(lines))
        return
    check_version(known.results, lines, bayesian_gan.__version__)
    every = trials()
    done = {line["name"] for line in lines}
    missing = [trial for trial in every if trial.name not in done]
    print(f"{len(every) - len(missing)} of {len(every)} trials are done")
    for trial in missing:
        minutes = trial.minutes(lines)
        print(f"  {trial.name}" + ("" if minutes is None else f": about {minutes:.0f} minutes"))
    if missing and not known.go:
        print("--go runs them")
    for trial in missing if known.go else ():
        line = trial.run(known.runs.resolve(), known.data_path)
        line["version"] = bayesian_gan.__version__
        append_result(known.results, line)
        lines.append(line)
        print(f"{trial.name}: {said(line)}", flush=True)
    if known.go:
        print(table(lines))
