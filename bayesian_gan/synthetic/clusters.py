"""Which of the true clusters a sample holds."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from bayesian_gan.synthetic.data import SyntheticData

# A cluster is found if it holds at least this part of its true share.
FOUND = 0.25
# The part of a cluster's real points that its radius holds.
HELD = 0.999


class ClusterCount(NamedTuple):
    """What a sample holds of the true clusters.

    Attributes:
        shares: [K], the part of all points that lies in each cluster; 1 / K each in the truth.
        outside: the part that lies in none.
        found: the number of clusters with at least a quarter of their true share.
    """

    shares: np.ndarray
    outside: float
    found: int


def cluster_radii(data: SyntheticData) -> np.ndarray:
    """Distance from each centre that holds 99.9% of its cluster's real points, [K]."""
    distances = np.linalg.norm(data.x - data.centres[data.cluster], axis=1)
    return np.array(
        [np.quantile(distances[data.cluster == k], HELD) for k in range(len(data.centres))]
    )


def count_clusters(x: np.ndarray, data: SyntheticData) -> ClusterCount:
    """Assigns each point [n, D] to the nearest centre in the full space; it counts within the radius there."""
    distances = cdist(np.asarray(x, np.float64), data.centres)
    nearest = distances.argmin(1)
    within = distances.min(1) <= cluster_radii(data)[nearest]
    clusters = len(data.centres)
    shares = np.bincount(nearest[within], minlength=clusters) / len(x)
    found = int(np.sum(shares >= FOUND / clusters))
    return ClusterCount(shares, float(1.0 - shares.sum()), found)
