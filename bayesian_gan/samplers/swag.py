"""A Gaussian fitted to where an optimizer goes: stochastic weight averaging, Gaussian (SWAG)."""

from collections.abc import Iterable, Mapping
from typing import Self

import numpy as np

Weights = Mapping[str, np.ndarray]


class Swag:
    r"""The Gaussian of Maddox et al. (2019), "A simple baseline for Bayesian uncertainty", section 3.3.

    With theta_i the weights at snapshot i of n along the last iterations, and mean_i the mean of
    the first i of them,

        mean = mean_n,   diagonal = mean of theta_i^2 - mean^2,   D = last K columns theta_i - mean_i,

        theta = mean + sqrt(diagonal / 2) z_1 + D z_2 / sqrt(2 (K - 1)),   z_1, z_2 ~ N(0, I),

    so that the covariance is (diagonal + D D^T / (K - 1)) / 2.

    Args:
        rank: K, the columns that are kept, at least 2.

    Attributes:
        count: n, the snapshots so far.
    """

    def __init__(self, rank: int) -> None:
        if rank < 2:
            raise ValueError(f"`rank` must be at least 2, not {rank}")
        self.rank = rank
        self.count = 0
        self._mean: dict[str, np.ndarray] = {}
        self._square: dict[str, np.ndarray] = {}
        self._columns: dict[str, list[np.ndarray]] = {}

    @classmethod
    def of(cls, snapshots: Iterable[Weights], rank: int) -> Self:
        """Fitted to snapshots in the order in which they were taken."""
        found = cls(rank)
        for snapshot in snapshots:
            found.add(snapshot)
        return found

    def add(self, weights: Weights) -> None:
        """Takes in a snapshot; all have the same names and shapes."""
        self.count += 1
        for name, array in weights.items():
            # The diagonal is a difference of squares that agree in most of their digits.
            theta = array.astype(np.float64)
            mean = self._mean.setdefault(name, np.zeros_like(theta))
            mean += (theta - mean) / self.count
            square = self._square.setdefault(name, np.zeros_like(theta))
            square += (theta**2 - square) / self.count
            columns = self._columns.setdefault(name, [])
            columns.append((theta - mean).astype(np.float32))
            del columns[: -self.rank]

    @property
    def mean(self) -> dict[str, np.ndarray]:
        """The mean of the snapshots, float64."""
        return dict(self._mean)

    @property
    def diagonal(self) -> dict[str, np.ndarray]:
        """The variance of every weight over the snapshots, float64."""
        return {
            name: np.maximum(self._square[name] - mean**2, 0.0) for name, mean in self._mean.items()
        }

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Weights theta, float32, of one draw of z_1 and z_2.

        Raises:
            ValueError: there are fewer than two snapshots.
        """
        if self.count < 2:
            raise ValueError(f"a Gaussian needs 2 snapshots, and there are {self.count}")
        k = min(self.rank, self.count)
        z_2 = rng.standard_normal(k) / np.sqrt(2.0 * (k - 1))
        drawn = {}
        for name, variance in self.diagonal.items():
            z_1 = rng.standard_normal(variance.shape)
            along = sum(z * column for z, column in zip(z_2, self._columns[name], strict=True))
            theta = self._mean[name] + np.sqrt(0.5 * variance) * z_1 + along
            drawn[name] = theta.astype(np.float32)
        return drawn
