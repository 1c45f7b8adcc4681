"""Whether a score tells images of another kind from those that a classifier was made for."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

BINS = 40


@dataclass(frozen=True)
class Histogram:
    """Counts of a score in bins of equal width that span all of its values.

    Attributes:
        edges: of the bins, ascending, one more than there are bins.
        inside: images of the test set in each bin.
        outside: images from elsewhere.
    """

    edges: list[float]
    inside: list[int]
    outside: list[int]


@dataclass(frozen=True)
class Detection:
    """How well a score detects images from elsewhere.

    Attributes:
        auroc: probability that one of them scores higher than one of the test set (ties count
            half); 0.5 is chance.
        aupr: average precision with the images from elsewhere as positives; chance is their share.
        share: that share.
        n_in: images of the test set.
        n_out: images from elsewhere.
        histogram: of the score.
    """

    auroc: float
    aupr: float
    share: float
    n_in: int
    n_out: int
    histogram: Histogram

    def to_json(self) -> dict[str, Any]:
        """The attributes by name."""
        return asdict(self)


def detection(inside: np.ndarray, outside: np.ndarray) -> Detection:
    """Scores a detector (Hendrycks & Gimpel 2017).

    Args:
        inside: scores [n_in] of the test set's images; larger is stranger.
        outside: scores [n_out] of images from elsewhere.
    """
    is_outside = np.concatenate([np.zeros(len(inside)), np.ones(len(outside))])
    scores = np.concatenate([inside, outside]).astype(np.float64)
    return Detection(
        float(roc_auc_score(is_outside, scores)),
        float(average_precision_score(is_outside, scores)),
        float(is_outside.mean()),
        len(inside),
        len(outside),
        _histogram(inside, outside),
    )


def _histogram(inside: np.ndarray, outside: np.ndarray) -> Histogram:
    edges = np.histogram_bin_edges(np.concatenate([inside, outside]).astype(np.float64), BINS)
    counts = [np.histogram(scores, edges)[0].tolist() for scores in (inside, outside)]
    return Histogram(edges.tolist(), *counts)
