#!/usr/bin/env python
"""The paper's Table 1, cell by cell: data sets, numbers of labels, systems, label sets.

    python benchmarks/table1.py --data_path DATA                 what is missing, and how long it takes
    python benchmarks/table1.py --data_path DATA --jobs 2 --go   runs it, two cells side by side
    python benchmarks/table1.py --render                         writes docs/research/results.md

Beside the paper's five systems stand SWAG and two baselines. These need no run and no preset; alone
they are --systems logistic_regression label_spreading, and take seconds a label set.

Finished cells are lines of --results and are not run again; a cell that was broken off goes on from
its last checkpoint. A cell whose data set is absent is skipped, and said so. A cell of another
temperature branches off a finished run of its label set, of the preset's temperature or of another
that is asked for: they share the warm-up. Every argument that is not listed here goes to
run_bgan_semi.py, for every cell.
"""

import argparse
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import bayesian_gan  # noqa: E402
from bayesian_gan.data.catalogue import load  # noqa: E402
from bayesian_gan.data.image_data import ImageData  # noqa: E402
from bayesian_gan.errors import InputError  # noqa: E402
from bayesian_gan.evaluation.baselines import BASELINES  # noqa: E402
from bayesian_gan.options.presets import PRESETS  # noqa: E402
from bayesian_gan.options.reading import ReadingOptions  # noqa: E402
from bayesian_gan.runs.branch import branch  # noqa: E402
from bayesian_gan.storage import write_atomically  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402
from benchmarks.driver_runs import RunError, finished, newest, read, start, train  # noqa: E402
from benchmarks.table.baselines import baseline_results  # noqa: E402
from benchmarks.table.cells import SYSTEMS, Cell, flag_values, result  # noqa: E402
from benchmarks.table.render import render  # noqa: E402
from benchmarks.table.results import (  # noqa: E402
    append_result,
    check_version,
    find,
    read_results,
)

ROWS = "mnist:20 mnist:50 mnist:100 mnist:200 digits:100"


def main(arguments: list[str]) -> int:
    """Plans, runs or renders; returns the exit status."""
    known, extra = _parse(arguments)
    return status_of(__file__, lambda: _do(known, tuple(extra)))


def _do(known: argparse.Namespace, extra: tuple[str, ...]) -> int:
    if any(flag.lstrip("-").partition("=")[0] == "temperature" for flag in extra):
        raise InputError("--temperature: give --temperatures, so that cells of each are told apart")
    lines = read_results(known.results)
    if known.render:
        text = render(lines)
        write_atomically(
            ROOT / "docs" / "research" / "results.md", lambda file: file.write(text.encode())
        )
        print(f"docs/research/results.md: {len(lines)} cells")
        return 0
    if known.ood:
        load(known.ood, known.data_path, ReadingOptions(download=False))  # Or is refused here.
    flag_values(known.preset, extra)  # Refuses what no run would take, before the first one.
    if not set(known.systems) <= set(BASELINES):
        check_version(known.results, lines, bayesian_gan.__version__)
    cells, data = _cells(known)
    missing = [cell for cell in cells if find(lines, cell) is None]
    _print_plan(lines, cells, missing, known.jobs)
    if not known.go:
        if missing:
            print("--go runs them")
        return 0
    deadline = time.monotonic() + 60 * known.minutes if known.minutes else float("inf")
    _compute([cell for cell in missing if cell.system in BASELINES], data, known, deadline)
    trained = [cell for cell in missing if cell.system not in BASELINES]
    return _run(trained, data, known, extra, deadline)


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = parser_of(__doc__, hands_on=True)
    parser.add_argument("--data_path", help="folder of the data sets")
    parser.add_argument("--rows", nargs="+", default=ROWS.split(), metavar="DATASET:N")
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), choices=SYSTEMS)
    parser.add_argument("--label_seeds", nargs="+", type=int, default=list(range(10)))
    parser.add_argument("--preset", default="laptop", choices=list(PRESETS))
    parser.add_argument(
        "--temperatures", nargs="+", type=float, help="of bayesgan; by default the preset's"
    )
    parser.add_argument(
        "--equal_cost",
        action="store_true",
        help="dcgan_10 with fewer iterations, so that all of it costs what the preset's bayesgan costs",
    )
    parser.add_argument(
        "--ood",
        metavar="DATASET",
        help="data set whose test images runs are to tell from their own",
    )
    parser.add_argument("--jobs", type=int, default=2, help="cells side by side, on a core each")
    parser.add_argument("--minutes", type=float, help="begin no further cell after this time")
    parser.add_argument("--go", action="store_true", help="run what is missing")
    parser.add_argument("--render", action="store_true", help="write its page, run nothing")
    parser.add_argument(
        "--results", type=Path, default=ROOT / "benchmarks" / "results" / "table1.jsonl"
    )
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "table1", help="run folders")
    return parser.parse_known_args(arguments)


def _cells(known: argparse.Namespace) -> tuple[list[Cell], dict[str, ImageData]]:
    """The cells asked for whose data is there, label set by label set; and the data sets."""
    found: dict[str, ImageData] = {}
    rows = []
    for row in known.rows:
        dataset, _, N = row.partition(":")
        if not N.isdigit():
            raise InputError(f"--rows {row}: give DATASET:N, such as mnist:100")
        if dataset not in found:
            try:
                found[dataset] = load(dataset, known.data_path, ReadingOptions(download=False))
            except InputError as error:
                print(f"skipped {row}: {error}")
                continue
        rows.append((dataset, int(N)))
    cells = [
        Cell(
            dataset,
            N,
            system,
            seed,
            None if system in BASELINES else known.preset,
            temperature,
            known.equal_cost and system == "dcgan_10",
        )
        for seed in known.label_seeds
        for dataset, N in rows
        for system in known.systems
        for temperature in (
            known.temperatures if system == "bayesgan" and known.temperatures else [None]
        )
    ]
    return cells, found


def _print_plan(
    lines: list[dict[str, Any]], cells: list[Cell], missing: list[Cell], jobs: int
) -> None:
    """What is missing, and how long it takes judging by the finished cells of its kind."""
    print(f"{len(cells) - len(missing)} of {len(cells)} cells are done")
    total, unknown = 0.0, 0
    for name in dict.fromkeys(cell.name for cell in missing):
        cell = next(cell for cell in missing if cell.name == name)
        system = "bayesgan" if cell.system == "supervised" else cell.system
        known = [
            line["seconds"]
            for line in lines
            if (line["dataset"], line["system"], line["preset"])
            == (cell.dataset, system, cell.preset)
        ]
        total += statistics.mean(known) if known else 0.0
        unknown += not known
        print(f"  {name}: {statistics.mean(known) / 60:.0f} min" if known else f"  {name}: unknown")
    print(
        f"about {total / 3600 / jobs:.1f} hours with {jobs} side by side"
        + (f", and {unknown} of kinds of which none is done" if unknown else "")
    )


def _compute(
    missing: list[Cell], data: dict[str, ImageData], known: argparse.Namespace, deadline: float
) -> None:
    """Computes the baselines that are missing, here; those of one label set together."""
    sets: dict[tuple[str, int, int], list[Cell]] = {}
    for cell in missing:
        sets.setdefault((cell.dataset, cell.N, cell.label_seed), []).append(cell)
    for cells in sets.values():
        if time.monotonic() > deadline:
            return
        lines = baseline_results(cells, data[cells[0].dataset])
        for cell, line in zip(cells, lines, strict=True):
            append_result(known.results, line)
            print(f"{cell.name}: {line['errors']} of {line['n']}", flush=True)


def _run(
    missing: list[Cell],
    data: dict[str, ImageData],
    known: argparse.Namespace,
    extra: tuple[str, ...],
    deadline: float,
) -> int:
    """Runs what is missing; cells of one run together. Returns 1 if one failed."""
    runs: dict[str, list[Cell]] = {}
    for cell in missing:
        runs.setdefault(cell.name, []).append(cell)
    threads = max(1, (os.cpu_count() or 1) // known.jobs)

    def work(name: str) -> bool:
        if time.monotonic() > deadline:
            return True
        folder = _run_cell(runs[name][0], known, extra, threads)
        if folder is None:
            return False
        summary, described = read(folder, "summary.json"), read(folder, "config.json")
        found = read(folder, "evaluation.json") if known.ood else None
        for cell in runs[name]:
            line = result(cell, extra, summary, described, len(data[cell.dataset].images), found)
            append_result(known.results, line)
            print(f"{name} {cell.system}: {line['errors']} of {line['n']}", flush=True)
        return True

    with ThreadPoolExecutor(known.jobs) as pool:
        return 0 if all(list(pool.map(work, runs))) else 1


def _run_cell(
    cell: Cell, known: argparse.Namespace, extra: tuple[str, ...], threads: int
) -> Path | None:
    """Runs or goes on with a cell's run, and shows it what `--ood` names.

    Returns:
        Its folder, or None where it failed.
    """
    place = known.runs.resolve() / cell.name
    place.mkdir(parents=True, exist_ok=True)
    if cell.temperature is not None and newest(place) is None:
        warmed = _warmed(cell, known)
        if warmed is not None:
            branch(warmed, place, {"temperature": cell.temperature})
    flags = cell.flags(extra)
    if known.data_path:
        flags.append(f"--data_path={Path(known.data_path).resolve()}")
    log = place / "output.log"
    try:
        folder = train("run_bgan_semi.py", flags, place, threads=threads, log=log)
        if known.ood:
            start(["-m", "bayesian_gan", "evaluate", str(folder), *_ood_flags(known)], threads, log)
        return folder
    except RunError as error:
        print(f"{cell.name}: {error}", flush=True)
        return None


def _ood_flags(known: argparse.Namespace) -> list[str]:
    """Of `evaluate`, for what `--ood` asks alone."""
    own = [f"--ood={known.ood}", "--num_images=0"]
    return own + ([f"--ood_path={Path(known.data_path).resolve()}"] if known.data_path else [])


def _warmed(cell: Cell, known: argparse.Namespace) -> Path | None:
    """A finished run of another temperature, for a cell that has no run yet; else None."""
    others = [replace(cell, temperature=value) for value in (None, *known.temperatures)]
    runs = (finished(known.runs.resolve() / other.name) for other in others)
    return next((run for run in runs if run is not None), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
