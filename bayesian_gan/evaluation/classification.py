"""Errors and negative log-likelihood of predicted class probabilities."""

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

    A probability below the smallest positive float64 counts as that number, so the NLL stays finite.
    """
    p = np.asarray(probabilities, np.float64)
    true_class = np.maximum(p[np.arange(len(labels)), labels], np.finfo(np.float64).tiny)
    errors = int(np.sum(np.argmax(p, axis=1) != labels))
    return Classification(
        errors, len(labels), errors / len(labels), float(-np.log(true_class).mean())
    )
