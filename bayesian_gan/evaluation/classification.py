"""Errors, negative log-likelihood, calibration and Brier score of predicted class probabilities.

As everywhere in this package: pure functions of NumPy arrays, in float64.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bayesian_gan.evaluation.calibration import calibration_bins


@dataclass(frozen=True)
class Errors:
    """How a classifier did on n test examples, of one class or of all.

    Attributes:
        errors: number misclassified (arg-max of the probabilities).
        n: number of test examples.
        error_rate: errors / n.
        nll: negative log-likelihood of the true class, mean over examples, in nats.
    """

    errors: int
    n: int
    error_rate: float
    nll: float

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)


@dataclass(frozen=True)
class Classification(Errors):
    """How a classifier did on n test examples of all classes.

    Attributes:
        ece: see `CalibrationBins.error`, 15 bins of equal width.
    """

    ece: float


def classification(probabilities: np.ndarray, labels: np.ndarray) -> Classification:
    """Scores probabilities [n, K] against integer labels [n], in float64.

    A probability below the smallest positive float64 counts as that number, so the NLL stays
    finite.
    """
    ece = calibration_bins(probabilities, labels).error
    return Classification(**_errors(probabilities, labels).to_json(), ece=ece)


def _errors(probabilities: np.ndarray, labels: np.ndarray) -> Errors:
    p = np.asarray(probabilities, np.float64)
    true_class = np.maximum(p[np.arange(len(labels)), labels], np.finfo(np.float64).tiny)
    errors = int(np.sum(np.argmax(p, axis=1) != labels))
    return Errors(errors, len(labels), errors / len(labels), float(-np.log(true_class).mean()))


def brier_score(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Brier's score of K classes: mean over examples of sum_k (p_k - [k = label])^2, in [0, 2].

    Brier 1950, "Verification of forecasts expressed in terms of probability". A proper score, as
    the NLL is, and bounded.

    Args:
        probabilities: [n, K].
        labels: integers [n] in [0, K).
    """
    p = np.array(probabilities, np.float64)
    p[np.arange(len(labels)), labels] -= 1.0
    return float(np.mean(np.sum(p**2, axis=1)))


def per_class(
    probabilities: np.ndarray, labels: np.ndarray, class_names: Sequence[str]
) -> dict[str, Errors]:
    """Errors and NLL of the test examples of each true class, by its name.

    A class without test examples is left out. There is no calibration of a class: it is the
    probability of what is predicted that is to be the frequency of being right.

    Args:
        probabilities: [n, K].
        labels: integers [n] in [0, K).
        class_names: K names.
    """
    found = {}
    for k, name in enumerate(class_names):
        members = np.flatnonzero(labels == k)
        if len(members):
            found[name] = _errors(np.asarray(probabilities)[members], labels[members])
    return found
