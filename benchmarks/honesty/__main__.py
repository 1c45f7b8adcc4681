"""Whether probabilities can be believed on data that nobody tuned to, and what makes them too sure.

    python -m benchmarks.honesty --data_path DATA                    what is missing, and how long it takes
    python -m benchmarks.honesty --data_path DATA --go               runs it
    python -m benchmarks.honesty --table                             what is found

Each trial is a run of --preset laptop, or table, with one thing changed (--variants), on a label set of
a data set (`benchmarks/honesty/data.py`), and `evaluate` of it. Decisions are made on `--part tune`, whose
test examples are held-out training examples; `--part judge` has the original test sets. Finished trials are
lines of --results and are not run again. Every argument that is not listed here goes to each training.
"""

import argparse
import statistics
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from bayesian_gan.errors import InputError  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402
from benchmarks.honesty.data import NAMES, SEEDS  # noqa: E402
from benchmarks.honesty.trial import TABLES, VARIANTS, Trial  # noqa: E402
from benchmarks.study import add_arguments, study  # noqa: E402

REQUIRED = ("name", "data", "part", "N", "label_seed", "variant", "scores", "version")
LABELS_OF_TABLES = 30
OF_RUNS = ("average", "calibrated", "single")
BESIDE = ("supervised", "logistic_regression", "label_spreading")


def main(arguments: list[str]) -> int:
    """Prints a plan or a table, or runs; returns the exit status."""
    known, extra = _parse(arguments)
    return status_of("honesty", lambda: _do(known, tuple(extra)))


def _do(known: argparse.Namespace, extra: tuple[str, ...]) -> None:
    study(known, REQUIRED, lambda: _trials(known, extra), table, _said)


def _said(line: dict[str, Any]) -> str:
    score = line["scores"]["average"]
    return f"{score['errors']} of {score['n']} errors, NLL {score['nll']:.3f}"


def _trials(known: argparse.Namespace, extra: tuple[str, ...]) -> list[Trial]:
    if known.iterations < 10:
        raise InputError(f"--iterations {known.iterations}: give at least 10")
    return [
        Trial(
            data,
            known.part,
            LABELS_OF_TABLES if data in TABLES else known.N,
            seed,
            variant,
            known.iterations,
            extra,
        )
        for seed in known.label_seeds
        for data in known.data
        for variant in known.variants
    ]


def table(lines: list[dict[str, Any]]) -> str:
    """For each data set a row a variant and system, means over label sets; baselines once."""
    parts = []
    kinds = dict.fromkeys((x["data"], x["part"], x["N"], x["iterations"]) for x in lines)
    for data, part, N, iterations in kinds:
        some = [
            x
            for x in lines
            if (x["data"], x["part"], x["N"], x["iterations"]) == (data, part, N, iterations)
        ]
        n = some[0]["scores"]["average"]["n"]
        parts += [
            f"{data} ({part}), {N} labels, {iterations:,} iterations, {n:,} tested:",
            "",
            "| variant | system | label sets | error % | NLL | ECE % | T |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        for variant in dict.fromkeys(x["variant"] for x in some):
            rows = [x for x in some if x["variant"] == variant]
            parts += [row for system in OF_RUNS for row in _rows(variant, system, rows)]
        # They are the same beside every variant of a label set.
        once = list({x["label_seed"]: x for x in some}.values())
        parts += [row for system in BESIDE for row in _rows("", system, once)]
        parts.append("")
    return "\n".join(parts)


def _rows(variant: str, system: str, lines: list[dict[str, Any]]) -> list[str]:
    """One with a system's means over the label sets that have it; none where none has."""
    known = [x for x in lines if x["scores"][system] is not None]
    if not known:
        return []
    scores = [x["scores"][system] for x in known]
    error = statistics.mean(100 * score["errors"] / score["n"] for score in scores)
    nll, ece = (statistics.mean(score[name] for score in scores) for name in ("nll", "ece"))
    T = _mean([x["temperature"] for x in known]) if system == "calibrated" else ""
    seeds = ", ".join(str(x["label_seed"]) for x in known)
    name = system.replace("_", " ")
    return [f"| {variant} | {name} | {seeds} | {error:.1f} | {nll:.3f} | {100 * ece:.1f} | {T} |"]


def _mean(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.mean(known):.2f}" if known else ""


def _parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = parser_of(__doc__, hands_on=True)
    parser.add_argument("--data", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--part", default="tune", choices=list(SEEDS))
    parser.add_argument("--N", type=int, default=100, help=f"labels; of tables {LABELS_OF_TABLES}")
    parser.add_argument("--label_seeds", nargs="+", type=int, default=[101, 102, 103])
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--iterations", type=int, default=2250)
    add_arguments(parser, "honesty")
    return parser.parse_known_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
