"""Which classes the generators make, and which generators have collapsed."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bayesian_gan.evaluation.uncertainty import entropy

# Of a class's share in the real data: what a generator makes less of, it does not make.
COVERED = 0.1
# Of the real data's effective number of classes, and of its variance in feature space.
FEW_CLASSES = 0.5
LITTLE_VARIANCE = 0.1


@dataclass(frozen=True, eq=False)
class ModeCoverage:
    """Classes that generators make, by a classifier's verdict.

    Attributes:
        shares: of each class among each generator's images, float64 [J, K].
        union: the same among all images together, [K].
        real: the same of the real images, [K].
        covered: classes that each generator makes: at least a tenth of their real share, int64 [J].
        covered_by_union: the same of all together.
        effective_classes: exp of the entropy of each generator's shares, in [1, K], [J].
        variance: trace of the covariance of each generator's features over that of the real ones,
            [J].
        collapsed: whether each generator has fewer than half of the effective classes of the real
            data, or less than a tenth of its variance, bool [J].
    """

    shares: np.ndarray
    union: np.ndarray
    real: np.ndarray
    covered: np.ndarray
    covered_by_union: int
    effective_classes: np.ndarray
    variance: np.ndarray
    collapsed: np.ndarray

    def to_json(self) -> dict[str, Any]:
        """The attributes by name, and `num_collapsed`."""
        result = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        return {**result, "num_collapsed": int(self.collapsed.sum())}


def mode_coverage(
    classes: list[np.ndarray],
    activations: list[np.ndarray],
    real_classes: np.ndarray,
    real_activations: np.ndarray,
    num_classes: int,
) -> ModeCoverage:
    """Counts the classes of J generators' images.

    Args:
        classes: of each generator's images, by a classifier, integers [n_j].
        activations: their features, [n_j, d].
        real_classes: of real images, by the same classifier, [n].
        real_activations: their features, [n, d].
        num_classes: K.
    """
    counts = np.stack([np.bincount(c, minlength=num_classes) for c in classes]).astype(np.float64)
    shares = counts / counts.sum(axis=1, keepdims=True)
    union = counts.sum(axis=0) / counts.sum()
    real = np.bincount(real_classes, minlength=num_classes) / len(real_classes)
    effective = np.exp(entropy(shares))
    spread = np.array([_variance(a) for a in activations]) / _variance(real_activations)
    few = effective < FEW_CLASSES * np.exp(entropy(real))
    there = real > 0
    return ModeCoverage(
        shares,
        union,
        real,
        ((shares >= COVERED * real) & there).sum(axis=1),
        int(((union >= COVERED * real) & there).sum()),
        effective,
        spread,
        few | (spread < LITTLE_VARIANCE),
    )


def _variance(activations: np.ndarray) -> float:
    return float(np.asarray(activations, np.float64).var(axis=0).sum())
