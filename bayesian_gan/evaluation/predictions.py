"""What a posterior predicts of images, and how good it is: samples against their average."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesian_gan.evaluation.calibrated import by_chain
from bayesian_gan.evaluation.calibration import calibration_bins
from bayesian_gan.evaluation.classification import (
    Classification,
    brier_score,
    classification,
    per_class,
)
from bayesian_gan.evaluation.out_of_distribution import Detection, detection
from bayesian_gan.evaluation.uncertainty import Uncertainty, risk_coverage, uncertainty

if TYPE_CHECKING:
    from bayesian_gan.posterior import Posterior

COVERAGES = (0.5, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True)
class Scores(Classification):
    """All scores of one classifier on n test examples; lower is better in all.

    Attributes:
        brier: see `brier_score`.
        ece_adaptive: as `ece`, 15 bins of equally many.
    """

    brier: float
    ece_adaptive: float


def scores(probabilities: np.ndarray, labels: np.ndarray) -> Scores:
    """All scores of probabilities [n, K] against integer labels [n]."""
    return Scores(
        **classification(probabilities, labels).to_json(),
        brier=brier_score(probabilities, labels),
        ece_adaptive=calibration_bins(probabilities, labels, adaptive=True).error,
    )


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a posterior's S discriminator samples say of n images.

    Attributes:
        uncertainty: of the class, with the average; of a single logit, K = 1, that of "real or
            not".
        p_fake: 1 - P(real | x), mean over the samples, float64 [n]: it keeps its digits where
            P(real) is all but 1.
        of_chains: what each chain predicts, the average of its samples, float64 [M, n, K].
        single: scores of every sample, in the order of collection; empty without labels.
        averages: scores of the average of the first 1, 2, 4, ... samples and of all, by their
            number; empty without labels.
    """

    uncertainty: Uncertainty
    p_fake: np.ndarray
    of_chains: np.ndarray
    single: list[Scores]
    averages: dict[int, Scores]


def predictions(
    posterior: "Posterior", images: np.ndarray, labels: np.ndarray | None = None
) -> Predictions:
    """Asks every collected sample, one draw in memory at a time.

    Args:
        posterior: with at least one draw.
        images: [n, height, width, channels] as for `Posterior.predict`.
        labels: integers [n]; None leaves the scores out. Not used with K = 1.

    Raises:
        InputError: nothing is collected, or the images do not fit.
    """
    single: list[Scores] = []
    averages: dict[int, Scores] = {}
    p_fake: list[np.ndarray] = []
    of_chains, draws = np.zeros(()), 0
    sizes = posterior.config["num_mcmc"], posterior.config["num_disc"]

    def members() -> Iterator[np.ndarray]:
        nonlocal of_chains, draws
        total = np.zeros(())
        for outputs in posterior.member_outputs(images):
            p_fake.append(outputs.p_fake.mean(axis=0))
            of_chains, draws = of_chains + by_chain(outputs.probabilities, *sizes), draws + 1
            for p in outputs.probabilities:
                total = total + p
                if labels is not None and p.shape[1] > 1:
                    single.append(scores(p, labels))
                    count = len(single)
                    if count & (count - 1) == 0:
                        averages[count] = scores(total / count, labels)
                yield p if p.shape[1] > 1 else np.concatenate([1.0 - p, p], axis=1)

    found = uncertainty(members())
    if labels is not None and single and len(single) not in averages:
        averages[len(single)] = scores(found.average, labels)
    return Predictions(found, np.mean(p_fake, axis=0), of_chains / draws, single, averages)


def classification_report(
    found: Predictions, labels: np.ndarray, class_names: tuple[str, ...]
) -> dict[str, Any]:
    """The part of `evaluation.json` on classification.

    Args:
        found: with scores.
        labels: integers [n].
        class_names: K names.
    """
    each = [asdict(s) for s in found.single]
    names = [name for name in each[0] if name != "n"]
    extremes = {
        kind: {name: float(pick([s[name] for s in each])) for name in names}
        for kind, pick in (("mean", np.mean), ("best", min), ("worst", max))
    }
    u = found.uncertainty
    wrong = u.average.argmax(axis=1) != labels
    parts = {"total": u.total, "aleatoric": u.aleatoric, "epistemic": u.epistemic}
    bins = {
        kind: calibration_bins(u.average, labels, adaptive=kind == "adaptive")
        for kind in ("fixed", "adaptive")
    }
    return {
        "average": asdict(list(found.averages.values())[-1]),
        "averages": [{"num_samples": s, **asdict(v)} for s, v in found.averages.items()],
        "single": {**extremes, "each": each},
        "per_class": {
            name: score.to_json()
            for name, score in per_class(u.average, labels, class_names).items()
        },
        "calibration": {
            kind: {name: value.tolist() for name, value in vars(found_bins).items()}
            for kind, found_bins in bins.items()
        },
        "uncertainty": {
            name: {
                "mean": float(values.mean()),
                "mean_of_right": float(values[~wrong].mean()) if not wrong.all() else None,
                "mean_of_wrong": float(values[wrong].mean()) if wrong.any() else None,
            }
            for name, values in parts.items()
        },
        "selective": {
            "perfect": {"aurc": risk_coverage(wrong, wrong.astype(float)).area},
            **{
                name: _selective(wrong, values)
                for name, values in (
                    ("entropy", u.total),
                    ("mutual_information", u.epistemic),
                    ("confidence", 1.0 - u.average.max(axis=1)),
                )
            },
        },
    }


def _selective(wrong: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    curve = risk_coverage(wrong, values)
    return {
        "aurc": curve.area,
        "error_rate_at_coverage": {str(c): curve.risk_at(c) for c in COVERAGES},
    }


def detections(inside: Predictions, outside: Predictions, num_classes: int) -> dict[str, Detection]:
    """How well each score tells images from elsewhere.

    Args:
        inside: of the test set.
        outside: of images from elsewhere.
        num_classes: K of the posterior; with K = 1 P(real) is the only score.

    Returns:
        By the name of the score: `entropy` of the average, `mutual_information`, `p_real` (the
            lower the
        stranger).
    """
    found = {}
    if num_classes > 1:
        found["entropy"] = detection(inside.uncertainty.total, outside.uncertainty.total)
        found["mutual_information"] = detection(
            inside.uncertainty.epistemic, outside.uncertainty.epistemic
        )
    found["p_real"] = detection(inside.p_fake, outside.p_fake)
    return found
