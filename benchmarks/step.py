"""Seconds, memory and operations of one training iteration, five systems side by side.

    python benchmarks/step.py                        # the short form: about five minutes, writes its page
    python benchmarks/step.py --dataset cifar --num_gen 5 --num_mcmc 2 --df_dim 24 --json rows.json
    python benchmarks/step.py --grid                 # every data set, J_g and width: hours
    python benchmarks/step.py --grid --dataset mnist --df_dim 24     # the part of the grid with these values

Systems: `authors_structure`, their TensorFlow 1 graph in TensorFlow 2 (every pair rebuilt);
`authors` and `paper`, this project with that `--objective`; `dcgan`, a single DCGAN of the same
width; `convolutions`, those of `paper` alone. Each runs in a process of its own; the parent lets
one run at a time, in alternating order, and takes medians. Ratios come with the smallest and
largest of their rounds. All run with the threads that the entry points choose.
"""

# ruff: noqa: E402
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# Run as a script, this folder comes first on the path, and its profile.py would hide the standard
# module.
sys.path[0] = str(ROOT)

import numpy as np

from bayesian_gan.runs.threads import thread_environment
from benchmarks.command_line import parser_of
from benchmarks.memory import peak_memory

RESULTS = ROOT / "docs" / "research" / "step_cost.md"
SYSTEMS = ("authors_structure", "authors", "paper", "dcgan", "convolutions")
BEGIN, END = "<!-- step.py writes from here -->", "<!-- to here -->"

Row = dict[str, Any]


class Worker:
    """A process that builds one setting and makes steps when told.

    Args:
        setting: of `step_systems.systems.Setting`.
        threads: variables of its environment; else this process's, or what the entry points choose.
    """

    def __init__(self, setting: Row, threads: dict[str, str] | None = None) -> None:
        side_by_side = 1 if setting["system"] == "dcgan" else setting["num_mcmc"]
        environment = {
            **thread_environment(side_by_side, os.cpu_count() or 1),
            **os.environ,
            **(threads or {}),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        command = [sys.executable, __file__, "--worker", json.dumps(setting)]
        said = self.begin(setting, command, environment)
        self.flops = int(said)

    def begin(self, setting: Row, command: list[str], environment: dict[str, str]) -> str:
        """Starts the process; returns what it says when it has made its first step."""
        self.setting = setting
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=environment,
        )
        said = self._answer()
        self.seconds_to_first = time.perf_counter() - begin
        self.rounds: list[float] = []
        return said

    def run(self, seconds: float) -> None:
        """Makes steps for about so long; keeps the median seconds of one."""
        self.start(seconds)
        self.finish()

    def start(self, seconds: float) -> None:
        """The first half of `run`: returns at once."""
        self._say(str(seconds))

    def finish(self) -> None:
        """The second half: waits."""
        self.rounds.append(float(self._answer()))

    def close(self) -> int:
        """Ends the process; returns its peak memory in bytes."""
        self._say("end")
        peak = int(self._answer())
        self.process.wait()
        self.log.close()
        return peak

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _answer(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            sys.exit(
                f"step.py: the process of {self.setting} ended early:\n{self.log.read()[-2000:]}"
            )
        return line.strip()


def work(setting: Row) -> None:
    """The worker's side: builds, makes the first step, then obeys."""
    from benchmarks.step_systems import flops
    from benchmarks.step_systems.systems import Setting, build

    system = build(Setting(**setting))
    alone = setting["system"] == "convolutions"
    system.step()
    print(flops.total(system.counted), flush=True)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        if alone:
            print(system.step(), flush=True)
            continue
        end = time.perf_counter() + float(line)
        times: list[float] = []
        while len(times) < 3 or time.perf_counter() < end:
            begin = time.perf_counter()
            system.step()
            times.append(time.perf_counter() - begin)
        print(float(np.median(times)), flush=True)
    print(peak_memory(), flush=True)


def take_turns(workers: Sequence[Worker], rounds: int, seconds: float) -> None:
    """Has each make steps for about so long in every round, in alternating order."""
    for i in range(rounds):
        for worker in workers if i % 2 == 0 else workers[::-1]:
            worker.run(seconds)


def measure(settings: list[Row], rounds: int, seconds: float) -> list[Row]:
    """Rows for settings that run side by side, in alternating order."""
    workers = []
    for setting in settings:
        print(f"starting {setting}", file=sys.stderr, flush=True)
        workers.append(Worker(setting))
    take_turns(workers, rounds, seconds)
    rows = []
    for worker in workers:
        median = float(np.median(worker.rounds))
        row = {
            "seconds_per_iteration": median,
            "seconds_to_first": worker.seconds_to_first,
            "peak_bytes": worker.close(),
            "gflops": worker.flops / median / 1e9,
            "flops": worker.flops,
            "rounds": worker.rounds,
        }
        rows.append({**worker.setting, **row})
    return rows


def setting(system: str, given: argparse.Namespace, **other: Any) -> Row:
    """A worker's setting as plain values."""
    values = {k: getattr(given, k) for k in ("dataset", "num_gen", "num_mcmc", "df_dim")}
    if given.precision != "float32" and system != "authors_structure":
        other["precision"] = given.precision
    return {"system": system, **values, **other}


def table(rows: list[Row]) -> str:
    """The rows in Markdown, each against the first."""
    names = ["system", "k", "precision", "s / iteration", "faster than the first (rounds)"]
    names += ["s to first", "GiB", "GFLOP", "GFLOP/s"]
    lines = [f"| {' | '.join(names)} |", f"| {' | '.join(['---'] * len(names))} |"]
    for row in rows:
        ratios = [b / r for b, r in zip(rows[0]["rounds"], row["rounds"], strict=True)]
        cells = [
            f"`{row['system']}`",
            str(row.get("generators_per_step") or "all"),
            row.get("precision", "float32"),
            f"{row['seconds_per_iteration']:.4f}",
            f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
            f"{row['seconds_to_first']:.1f}",
            f"{row['peak_bytes'] / 2**30:.2f}",
            f"{row['flops'] / 1e9:.2f}",
            f"{row['gflops']:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def summary(rows: list[Row]) -> str:
    """A line of Markdown for each setting: seconds of an iteration, and the ratio of (a) to (c)."""
    names = ["data set", "width", "J_g", *(f"`{system}`" for system in SYSTEMS)]
    names += ["`paper` faster than `authors_structure`", "s to first, `paper`"]
    lines = [f"| {' | '.join(names)} |", f"| {' | '.join(['---'] * len(names))} |"]
    settings = dict.fromkeys((row["dataset"], row["df_dim"], row["num_gen"]) for row in rows)
    for one in settings:
        found = {
            row["system"]: row
            for row in rows
            if (row["dataset"], row["df_dim"], row["num_gen"]) == one
        }
        seconds = [
            f"{found[s]['seconds_per_iteration']:.4f}" if s in found else "" for s in SYSTEMS
        ]
        ratio = first = ""
        if "paper" in found:
            first = f"{found['paper']['seconds_to_first']:.1f}"
        if {"paper", "authors_structure"} <= found.keys():
            pairs = zip(found["authors_structure"]["rounds"], found["paper"]["rounds"], strict=True)
            ratios = [a / c for a, c in pairs]
            ratio = f"{np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        cells = [str(value) for value in one] + seconds + [ratio, first]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def short_form(given: argparse.Namespace) -> list[Row]:
    """Measures the setting of the goals, then the growth with J_g.

    It writes the generated part of docs/research/step_cost.md anew.
    """
    systems = [setting(system, given) for system in SYSTEMS[:3]]
    systems += [setting("paper", given, generators_per_step=k) for k in (2, 1)]
    systems += [setting(system, given) for system in SYSTEMS[3:]]
    main = measure(systems, rounds=3, seconds=1.5)
    growth = [main[2]]
    for num_gen in (1, 2, 5, 20):
        growth += measure([setting("paper", given) | {"num_gen": num_gen}], rounds=3, seconds=1.5)
    growth.sort(key=lambda row: row["num_gen"])
    first, last = growth[0], growth[-1]
    dearer = last["seconds_per_iteration"] / first["seconds_per_iteration"]
    slope = float(np.log(dearer) / np.log(last["num_gen"] / first["num_gen"]))
    lines = [
        f"{given.dataset}, J_g {given.num_gen}, J_d 1, M {given.num_mcmc}, width {given.df_dim}, batch 64:",
        "",
        table(main),
        "",
        f"`paper`, all generators moving, against J_g (slope {slope:.2f} in logarithms from 1 to 20):",
        "",
        "| J_g | s / iteration | s to first | GFLOP/s |",
        "| --- | --- | --- | --- |",
    ]
    for row in growth:
        cells = (row["seconds_per_iteration"], row["seconds_to_first"], row["gflops"])
        lines.append(f"| {row['num_gen']} | {cells[0]:.4f} | {cells[1]:.1f} | {cells[2]:.0f} |")
    write_results("\n".join(lines))
    return main + [row for row in growth if row is not main[2]]


def write_results(text: str) -> None:
    """Replaces the generated part of docs/research/step_cost.md."""
    before, rest = RESULTS.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    RESULTS.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def grid(chosen: Row, precision: str) -> list[argparse.Namespace]:
    """The settings of the full form that have the chosen values.

    Width 96 is left out where 24 GiB do not hold it.
    """
    settings = [
        {"dataset": dataset, "num_gen": num_gen, "num_mcmc": 2, "df_dim": width}
        for width in (24, 96)
        for dataset in ("digits", "mnist", "cifar", "celeb")
        for num_gen in (1, 2, 5, 10, 20)
        if not (dataset == "celeb" and width == 96 and num_gen > 5)
    ]
    return [
        argparse.Namespace(**s, precision=precision)
        for s in settings
        if all(s[name] == value for name, value in chosen.items())
    ]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--dataset", choices=("digits", "mnist", "cifar", "celeb"))
    parser.add_argument("--num_gen", type=int, help="J_g, 10 by default")
    parser.add_argument("--num_mcmc", type=int, help="M, 2 by default")
    parser.add_argument("--df_dim", type=int, help="width of both networks, 24 by default")
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    parser.add_argument("--generators_per_step", type=int, help="k, for the system `paper`")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--grid", action="store_true", help="every setting, one after the other")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows")
    parser.add_argument(
        "--summary",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="print a table of what --json wrote earlier, and run nothing",
    )
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    defaults = {"dataset": "mnist", "num_gen": 10, "num_mcmc": 2, "df_dim": 24}
    chosen = {name: getattr(given, name) for name in defaults}
    given.chosen = {name: value for name, value in chosen.items() if value is not None}
    given.short = not given.grid and not given.json and not given.chosen
    if given.grid and not grid(given.chosen, given.precision):
        parser.error(f"the grid has no setting with {given.chosen}")
    for name, value in defaults.items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    return given


def write_json(rows: list[Row], path: Path | None) -> None:
    """Writes the rows so far: a grid that is stopped has lost nothing."""
    if path:
        path.write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Measures, prints the tables, writes what was asked for."""
    given = parse()
    if given.worker:
        work(json.loads(given.worker))
        return
    rows: list[Row] = []
    if given.summary:
        print(
            summary([row for path in given.summary for row in json.loads(path.read_text())["rows"]])
        )
        return
    if given.short:
        rows = short_form(given)
        print(table(rows))
        write_json(rows, given.json)
    settings_to_run = grid(given.chosen, given.precision) if given.grid else [given]
    for one in [] if given.short else settings_to_run:
        settings = [setting(system, one) for system in given.systems]
        for s in settings:
            if given.generators_per_step and s["system"] == "paper":
                s["generators_per_step"] = given.generators_per_step
        block = measure(settings, given.rounds, 3.0)
        print(f"{one.dataset}, J_g {one.num_gen}, M {one.num_mcmc}, width {one.df_dim}")
        print(table(block), flush=True)
        rows += block
        write_json(rows, given.json)
    if given.grid:
        print(summary(rows))


if __name__ == "__main__":
    main()
