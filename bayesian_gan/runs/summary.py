"""What a run found: the file `summary.json`, and the table that is printed."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.evaluation import Classification, classification
from bayesian_gan.evaluation.calibrated import calibrated, chain_averages
from bayesian_gan.evaluation.draws import MIN_DRAWS, Convergence, Verdict, draws_verdict
from bayesian_gan.monitoring.convergence import convergence
from bayesian_gan.monitoring.health_log import chain_functionals
from bayesian_gan.runs.calibrate import Calibration, calibrate
from bayesian_gan.runs.prepare import Prepared

SCORES = ("error_rate", "nll")


@dataclass(frozen=True)
class Averaged:
    """The average over everything collected, and how well its numbers are known.

    Attributes:
        score: of the averaged probabilities on the test images.
        mixing: of the draws' own error rates and NLLs, by name: do chains agree on these numbers, and
            how many independent draws are behind them? None for fewer than `MIN_DRAWS` draws.
    """

    score: Classification
    mixing: dict[str, Convergence] | None

    def to_json(self) -> dict[str, Any]:
        """The score's, and under `mixing`, by the name of a number, its R-hat and effective sizes."""
        known = self.mixing or {}
        return self.score.to_json() | {
            "mixing": {name: _numbers(found) for name, found in known.items()} or None
        }


@dataclass(frozen=True)
class Summary:
    """What a run found; `summary.json`.

    Attributes:
        iteration: of the weights; less than --train_iter where the run was stopped.
        num_labelled: N, or 0 without labels.
        split: the label split's name, or None.
        seconds: of training, with its evaluations.
        num_samples: discriminator samples collected.
        num_test: images of the test set; 0 without one, and then there are no scores.
        supervised: of the supervised CNN on the same labels.
        single: of the last discriminator alone, as it is at the end.
        ensemble: of the average over the current discriminators, which is all that an ensemble of maximum-
            likelihood networks has; None where there is one only.
        posterior: of the average over everything collected; None where nothing was.
        calibration: by labels that chains have not seen; None without folds of labels, or draws.
        calibrated: of the calibrated average on the test images; None where there is none of the two.
        convergence: of what the chains predict of fixed images; None where there are too few draws.
        draws: what the draws are, in words.
    """

    iteration: int
    num_labelled: int
    split: str | None
    seconds: float
    num_samples: int
    num_test: int
    supervised: Classification | None
    single: Classification | None
    ensemble: Classification | None
    posterior: Averaged | None
    calibration: Calibration | None
    calibrated: Classification | None
    convergence: Convergence | None
    draws: Verdict

    def to_json(self) -> dict[str, Any]:
        """The file's contents; `posterior` also holds `num_samples`."""
        result: dict[str, Any] = {
            "iteration": self.iteration,
            "num_labelled": self.num_labelled,
            "split": self.split,
            "seconds": round(self.seconds, 3),
            "num_test": self.num_test,
        }
        for name in ("supervised", "single", "ensemble", "calibrated"):
            score = getattr(self, name)
            result[name] = score.to_json() if score else None
        averaged = self.posterior.to_json() if self.posterior else {}
        result["posterior"] = {**averaged, "num_samples": self.num_samples}
        result["convergence"] = self.convergence.to_json() if self.convergence else None
        result["draws"] = f"{self.draws.subject} {self.draws.text}"
        return result


def summarise(run: Prepared) -> Summary:
    """Evaluates a trained run on its test images, and trains the supervised CNN to the same iteration."""
    seconds, posterior, split = run.evaluate.seconds, run.posterior, run.split
    iteration, num_samples = run.iteration, posterior.num_samples
    found = convergence(chain_functionals(run.folder, run.config)[1])
    verdict = draws_verdict(run.config, found)
    calibration = calibrate(run.config, split, posterior)
    images, labels = run.data.test_images, run.data.test_labels
    num_labelled, name = (0, None) if split is None else (len(split.indices), split.name)
    if run.supervised is None:  # There are no labels, or no test set.
        known = (iteration, num_labelled, name, seconds, num_samples, len(images))
        return Summary(*known, None, None, None, None, calibration, None, found, verdict)
    run.supervised.train_to(iteration)
    singles = [run.model.predict_sample(images, i) for i in range(len(run.model.discriminators))]
    ensemble = classification(np.mean(singles, 0), labels) if len(singles) > 1 else None
    return Summary(
        iteration=iteration,
        num_labelled=num_labelled,
        split=name,
        seconds=seconds,
        num_samples=num_samples,
        num_test=len(images),
        supervised=classification(run.supervised.predict(images), labels),
        single=classification(singles[-1], labels),
        ensemble=ensemble,
        posterior=_averaged(run) if num_samples else None,
        calibration=calibration,
        calibrated=None if calibration is None else _calibrated(run, calibration),
        convergence=found,
        draws=verdict,
    )


def _averaged(run: Prepared) -> Averaged:
    """Of all draws, and of each chain in each draw, in one pass over the posterior."""
    labels, num_disc = run.data.test_labels, run.config.num_disc
    total, count = np.zeros(()), 0
    scores: list[list[list[float]]] = []
    for members in run.posterior.member_probabilities(run.data.test_images):
        total, count = total + members.sum(axis=0), count + len(members)
        # What a chain predicts is the average of its discriminators.
        chains = members.reshape(-1, num_disc, *members.shape[1:]).mean(axis=1)
        singly = [classification(chain, labels) for chain in chains]
        scores.append([[getattr(score, name) for name in SCORES] for score in singly])
    average = classification(total / count, labels)
    # Those of --swag are independent by construction.
    if len(scores) < MIN_DRAWS or run.config.swag is not None:
        return Averaged(average, None)
    draws = np.array(scores)
    each = {name: convergence(draws[..., k : k + 1]) for k, name in enumerate(SCORES)}
    return Averaged(average, {name: found for name, found in each.items() if found is not None})


def _calibrated(run: Prepared, calibration: Calibration) -> Classification:
    of_chains = chain_averages(run.posterior, run.data.test_images)
    return classification(calibrated(of_chains, calibration.tempering), run.data.test_labels)


def _numbers(found: Convergence) -> dict[str, float | None]:
    """Of one functional, whose worst and median are the same."""
    every = found.to_json()
    return {
        "rhat": every["rhat_max"],
        "ess_bulk": every["ess_min"],
        "ess_tail": every["ess_tail_min"],
    }


def report(
    log: logging.Logger,
    summary: Summary,
    grids: list[Path],
    folder: Path,
    baseline: str = "supervised CNN",
) -> None:
    """Prints where the pictures are, the table of test errors, and what the draws are."""
    for path in grids:
        log.info(f"picture: {path}")
    averaged = summary.posterior
    rows: list[tuple[str, Classification | None]] = [
        (f"{baseline} on the same labels", summary.supervised),
        ("last single discriminator sample", summary.single),
        ("average over current discriminators", summary.ensemble),
        (
            f"average over {summary.num_samples} posterior samples",
            averaged.score if averaged else None,
        ),
        ("the same, calibrated", summary.calibrated),
    ]
    if summary.supervised is not None:
        log.info(f"{'':38}{'errors':>8}{'of':>8}{'error %':>9}{'NLL':>9}")
    if summary.split is not None and not summary.num_test:
        log.info(
            f"no test set: the error of the {summary.num_samples} posterior samples is not known"
        )
    for name, score in rows:
        if score is not None:
            log.info(
                f"{name:38}{score.errors:8d}{score.n:8d}{100 * score.error_rate:9.2f}{score.nll:9.4f}"
            )
    if summary.calibration is not None:
        log.info(summary.calibration.tempering.text)
    mixing = averaged.mixing if averaged is not None else None
    if mixing:
        said = ", ".join(
            f"{what} {mixing[name].rhat_max:.2f} and {mixing[name].ess_min:.0f} (tail "
            f"{mixing[name].ess_tail_min:.0f})"
            for name, what in (("error_rate", "of the error"), ("nll", "of the NLL"))
        )
        log.info(f"R-hat and effective sample size of these draws, {said}")
    log.info(f"{summary.draws.subject} {summary.draws.text}")
    log.info(f"{summary.seconds:.0f} s of training; tensorboard --logdir {folder}")
