"""The scores of a run on test examples, from what it and `evaluate` wrote."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bayesian_gan.runs.finished import FinishedRun

EVALUATION_FILE = "evaluation.json"
AVERAGE = "posterior average"


class Score(NamedTuple):
    """One line: a classifier, and its numbers by name as `Classification` has them, `n` among them."""

    name: str
    numbers: Mapping[str, Any]


def card_scores(run: FinishedRun, distillation: Mapping[str, Any] | None = None) -> list[Score]:
    """The posterior's average first; empty where no error is known.

    What `evaluate` found goes before what the end of the run found: it is of all draws there were.

    Args:
        run: its folder.
        distillation: scores of the student, by name, of an export that has one.
    """
    summary = run.summary or {}
    evaluation = run.read_optional(EVALUATION_FILE) or {}
    classified = evaluation.get("classification") or {}
    baseline = "supervised network, same labels"
    found = [
        (AVERAGE, classified.get("average") or summary.get("posterior")),
        ("the same, calibrated", classified.get("calibrated") or summary.get("calibrated")),
        ("student of the average", (distillation or {}).get("student")),
        ("last single sample", summary.get("single")),
        (baseline, summary.get("supervised")),
        *((each["title"], each) for each in (evaluation.get("baselines") or {}).values()),
    ]
    return [
        Score(name, {"error_rate": numbers["errors"] / numbers["n"], **numbers})
        for name, numbers in found
        if numbers and "nll" in numbers
    ]
