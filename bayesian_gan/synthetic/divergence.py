"""Jensen-Shannon divergence of two samples on the plane of the real data's first two principal components."""

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import jensenshannon
from sklearn.decomposition import PCA

CELLS = 256
MARGIN = 4.0


class Plane:
    """The PCA plane of the real data, with the bandwidth and the grid that serve every sample.

    A density is estimated with a Gaussian kernel of standard deviation h in every direction. By Scott's rule
    h = s N^(-1/6), with s^2 the mean variance of the N real points on the two axes. The grid has 256 x 256
    cells and reaches 4 h beyond the real points on each side; points are counted in its cells, and the counts
    smoothed. What lies beyond the grid is one more cell.

    Args:
        real: [N, D], N at least 3.

    Attributes:
        pca: scikit-learn's, fitted on the real data.
        bandwidth: h, in the units of the plane.
        edges: the cells' edges on each axis, two arrays [257].
    """

    def __init__(self, real: np.ndarray) -> None:
        self.pca = PCA(2, svd_solver="full").fit(np.asarray(real, np.float64))
        points = self.project(real)
        scale = np.sqrt(np.mean(np.var(points, axis=0)))
        self.bandwidth = float(scale * len(points) ** (-1.0 / 6.0))
        reach = MARGIN * self.bandwidth
        self.edges = [
            np.linspace(low - reach, high + reach, CELLS + 1)
            for low, high in zip(points.min(0), points.max(0), strict=True)
        ]
        self.real = self.masses(real)

    def project(self, x: np.ndarray) -> np.ndarray:
        """Points [n, D] on the plane, float64 [n, 2]."""
        return self.pca.transform(np.asarray(x, np.float64))

    def masses(self, x: np.ndarray) -> np.ndarray:
        """Estimated probability of each cell of the grid, then of what lies beyond it: [256 * 256 + 1]."""
        counts, _ = np.histogramdd(self.project(x), bins=self.edges)
        widths = [e[1] - e[0] for e in self.edges]
        smooth = gaussian_filter(
            counts, [self.bandwidth / w for w in widths], mode="constant", truncate=6.0
        )
        cells = smooth.ravel() / len(x)
        return np.append(cells, max(0.0, 1.0 - cells.sum()))

    def divergence(self, x: np.ndarray) -> float:
        """Jensen-Shannon divergence of a sample [n, D] and the real data, in nats: 0 to log 2 = 0.693."""
        return float(jensenshannon(self.real, self.masses(x)) ** 2)
