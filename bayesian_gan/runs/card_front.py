"""The front matter of a model card: what Hugging Face reads of it.

Keys and their meaning are those of https://github.com/huggingface/hub-docs, `modelcard.md`.
"""

import math
from typing import Any

from bayesian_gan.data.cache import slug
from bayesian_gan.data.catalogue import Entry, find
from bayesian_gan.runs.card_scores import AVERAGE, Score
from bayesian_gan.runs.escaping import yaml
from bayesian_gan.runs.finished import FinishedRun

TAGS = ("bayesian-gan", "bayesian-neural-network", "sgmcmc", "uncertainty")
TASKS = {
    "image-classification": "Image classification",
    "tabular-classification": "Tabular classification",
    "unconditional-image-generation": "Unconditional image generation",
}
# `accuracy` is a metric of Hugging Face's; of the others the names say what they are.
METRICS = (("accuracy", "Accuracy"), ("nll", "Negative log-likelihood, nats"), ("ece", "ECE"))


def front_matter(run: FinishedRun, scores: list[Score]) -> str:
    """From `---` to `---`, both included.

    The licence of a model is its owner's to choose, so it is "unknown", one of Hugging Face's names.
    What is not known, such as results without a test set, is left out.

    Args:
        run: its folder.
        scores: see `card_scores`.
    """
    task, entry = task_of(run), find(run.config.dataset)
    front: dict[str, Any] = {"license": "unknown", "library_name": "keras", "tags": _tags(run)}
    if entry.hub_id:
        front["datasets"] = [entry.hub_id]
    if scores:
        front["metrics"] = ["accuracy"]
    if task is not None:
        front["pipeline_tag"] = task
    if scores and task is not None:
        front["model-index"] = [
            {"name": run.path.resolve().name, "results": _results(run, task, entry, scores)}
        ]
    return f"---\n{yaml(front)}\n---"


def task_of(run: FinishedRun) -> str | None:
    """Hugging Face's name of what the model does; None of rows without labels, for which it has none."""
    pictures = len(run.image_shape) == 3
    if run.config.semi:
        return "image-classification" if pictures else "tabular-classification"
    return "unconditional-image-generation" if pictures else None


def _tags(run: FinishedRun) -> list[str]:
    return [*TAGS, *(["semi-supervised-learning"] if run.config.semi else [])]


def _results(
    run: FinishedRun, task: str, entry: Entry, scores: list[Score]
) -> list[dict[str, Any]]:
    """Of the posterior's average, and calibrated where it is."""
    dataset = {
        "type": entry.hub_id or slug(run.data_name),
        "name": run.data_name,
        "split": "validation" if run.config.validation else "test",
    }
    shown = [score for score in scores if score.name in (AVERAGE, "the same, calibrated")]
    return [
        {
            "task": {"type": task, "name": TASKS[task]},
            "dataset": dataset,
            "metrics": [
                {"type": kind, "value": value, "name": f"{said}, {score.name}"}
                for score in shown
                for kind, said in METRICS
                if (value := _value(score, kind)) is not None
            ],
        }
    ]


def _value(score: Score, kind: str) -> float | None:
    if kind == "accuracy":
        return 1.0 - float(score.numbers["error_rate"])
    value = score.numbers.get(kind)
    return value if value is not None and math.isfinite(value) else None
