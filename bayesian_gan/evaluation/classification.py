"""Errors, negative log-likelihood and Brier score of predicted class probabilities.

As everywhere in this package: pure functions of NumPy arrays, in float64.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Classification:
    """How a classifier did on n test examples.

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


def classification(probabilities: np.ndarray, labels: np.ndarray) -> Classification:
    """Scores probabilities [n, K] against integer labels [n], in float64.

    A probability below the smallest positive float64 counts as that number, so the NLL stays
    finite.
    """
    p = np.asarray(probabilities, np.float64)
    true_class = np.maximum(p[np.arange(len(labels)), labels], np.finfo(np.float64).tiny)
    errors = int(np.sum(np.argmax(p, axis=1) != labels))
    return Classification(
        errors, len(labels), errors / len(labels), float(-np.log(true_class).mean())
    )


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
) -> dict[str, Classification]:
    """`classification` of the test examples of each true class, by its name.

    A class without test examples is left out.

    Args:
        probabilities: [n, K].
        labels: integers [n] in [0, K).
        class_names: K names.
    """
    found = {}
    for k, name in enumerate(class_names):
        members = np.flatnonzero(labels == k)
        if len(members):
            found[name] = classification(np.asarray(probabilities)[members], labels[members])
    return found
