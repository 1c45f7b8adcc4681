"""Entropies of a posterior's predictions, and their use: leaving the hard cases out."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import entr


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """- sum_k p_k log p_k over the last axis, in nats, float64; 0 log 0 is 0."""
    return entr(np.asarray(probabilities, np.float64)).sum(axis=-1)


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """The entropy of the average prediction, and its two parts.

    The parts are those of Depeweg et al. 2018 and Houlsby et al. 2011.

    Attributes:
        average: the samples' mean probabilities, float64 [n, K].
        total: entropy of the average, nats, float64 [n].
        aleatoric: mean entropy of the single samples: what they agree not to know, [n].
        epistemic: total - aleatoric, the mutual information of label and weights: what they
            disagree on, [n], not negative.
    """

    average: np.ndarray
    total: np.ndarray
    aleatoric: np.ndarray
    epistemic: np.ndarray


def uncertainty(members: Iterable[np.ndarray]) -> Uncertainty:
    """Splits predictive uncertainty.

    The mutual information of S samples is biased downwards by the order of 1 / S, and is 0 for one.

    Args:
        members: probabilities [n, K], or several [s, n, K], of posterior samples, one array after
            the other, so that they need not be in memory together.

    Raises:
        ValueError: there are none.
    """
    count, total, entropies = 0, np.zeros(()), np.zeros(())
    for some in members:
        p = np.asarray(some, np.float64)
        p = p[None] if p.ndim == 2 else p
        count, total = count + len(p), total + p.sum(axis=0)
        entropies = entropies + entropy(p).sum(axis=0)
    if not count:
        raise ValueError("there are no samples to average")
    average, aleatoric = total / count, entropies / count
    # Entropy is concave, so a negative difference is rounding.
    epistemic = np.maximum(entropy(average) - aleatoric, 0.0)
    return Uncertainty(average, aleatoric + epistemic, aleatoric, epistemic)


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Error of a classifier that answers only where it is least uncertain (El-Yaniv & Wiener 2010).

    Attributes:
        coverage: share of the examples answered: 1/n, 2/n, ..., 1.
        risk: error rate among those, [n].
    """

    coverage: np.ndarray
    risk: np.ndarray

    @property
    def area(self) -> float:
        """AURC, the mean of the risk over all coverages, in [0, 1]; lower is better."""
        return float(self.risk.mean())

    def risk_at(self, coverage: float) -> float:
        """Error rate when at least this share, in (0, 1], is answered."""
        return float(self.risk[np.searchsorted(self.coverage, coverage - 1e-12)])


def risk_coverage(wrong: np.ndarray, uncertainties: np.ndarray) -> RiskCoverage:
    """The risk-coverage curve.

    Of equal uncertainties each counts as the mean of their errors, as if drawn in random order.

    Args:
        wrong: whether each prediction is wrong, [n].
        uncertainties: any score [n] that is larger where less is known.
    """
    n = len(wrong)
    _, ranks, counts = np.unique(uncertainties, return_inverse=True, return_counts=True)
    means = np.bincount(ranks, np.asarray(wrong, np.float64)) / counts
    answered = np.arange(1, n + 1)
    return RiskCoverage(answered / n, np.cumsum(np.repeat(means, counts)) / answered)
