"""What a run found: the file `summary.json`, and the table that is printed."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.evaluation import Classification, classification
from bayesian_gan.runs.prepare import Prepared


@dataclass(frozen=True)
class Summary:
    """What a run found; `summary.json`.

    Attributes:
        iteration: of the weights; less than --train_iter where the run was stopped.
        num_labelled: N, or 0 without labels.
        split: the label split's name, or None.
        seconds: of training, with its evaluations.
        num_samples: discriminator samples collected.
        supervised: of the supervised CNN on the same labels.
        single: of the last discriminator alone, as it is at the end.
        ensemble: of the average over the current discriminators, which is all that an ensemble of maximum-
            likelihood networks has; None where there is one only.
        posterior: of the average over everything collected; None where nothing was.
    """

    iteration: int
    num_labelled: int
    split: str | None
    seconds: float
    num_samples: int
    supervised: Classification | None
    single: Classification | None
    ensemble: Classification | None
    posterior: Classification | None

    def to_json(self) -> dict[str, Any]:
        """The file's contents; `posterior` also holds `num_samples`."""
        result: dict[str, Any] = {
            "iteration": self.iteration,
            "num_labelled": self.num_labelled,
            "split": self.split,
            "seconds": round(self.seconds, 3),
        }
        for name in ("supervised", "single", "ensemble"):
            score = getattr(self, name)
            result[name] = score.to_json() if score else None
        score = self.posterior.to_json() if self.posterior else {}
        result["posterior"] = {**score, "num_samples": self.num_samples}
        return result


def summarise(run: Prepared) -> Summary:
    """Evaluates a trained run on its test images, and trains the supervised CNN to the same iteration."""
    seconds, posterior, split = run.evaluate.seconds, run.posterior, run.split
    iteration, num_samples = run.iteration, posterior.num_samples
    if split is None or run.supervised is None:
        return Summary(iteration, 0, None, seconds, num_samples, None, None, None, None)
    images, labels = run.data.test_images, run.data.test_labels
    run.supervised.train_to(iteration)
    average = classification(posterior.predict(images), labels) if num_samples else None
    singles = [run.model.predict_sample(images, i) for i in range(len(run.model.discriminators))]
    ensemble = classification(np.mean(singles, 0), labels) if len(singles) > 1 else None
    return Summary(
        iteration=iteration,
        num_labelled=len(split.indices),
        split=split.name,
        seconds=seconds,
        num_samples=num_samples,
        supervised=classification(run.supervised.predict(images), labels),
        single=classification(singles[-1], labels),
        ensemble=ensemble,
        posterior=average,
    )


def report(log: logging.Logger, summary: Summary, grids: list[Path], folder: Path) -> None:
    """Prints where the pictures are and the table of test errors."""
    for path in grids:
        log.info(f"picture: {path}")
    rows = [
        ("supervised CNN on the same labels", summary.supervised),
        ("last single discriminator sample", summary.single),
        ("average over current discriminators", summary.ensemble),
        (f"average over {summary.num_samples} posterior samples", summary.posterior),
    ]
    if summary.supervised is not None:
        log.info(f"{'':38}{'errors':>8}{'of':>8}{'error %':>9}{'NLL':>9}")
    for name, score in rows:
        if score is not None:
            log.info(
                f"{name:38}{score.errors:8d}{score.n:8d}{100 * score.error_rate:9.2f}{score.nll:9.4f}"
            )
    log.info(f"{summary.seconds:.0f} s of training; tensorboard --logdir {folder}")
