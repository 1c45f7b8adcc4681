"""Vectors in a user's units, and as networks take them."""

from dataclasses import dataclass

import numpy as np

from bayesian_gan.errors import InputError

# Standard deviations of a column that is constant but for rounding, as shares of its size.
_CONSTANT = 10 * np.finfo(np.float64).eps


@dataclass(frozen=True, eq=False)
class Standardised:
    """Vectors, of which each column has mean 0 and standard deviation 1 on the training data.

    Attributes:
        mean: float64 [d].
        scale: float64 [d]; 1 where a column is constant.
    """

    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> "Standardised":
        """The scaling of training data, [n, d]."""
        rows = rows.astype(np.float64)
        mean, scale = rows.mean(axis=0), rows.std(axis=0)
        constant = scale <= _CONSTANT * np.abs(mean)
        return cls(mean, np.where(constant, 1.0, scale))

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether an example that is no row may have this shape: never."""
        return False

    def to_networks(self, rows: np.ndarray) -> np.ndarray:
        """Rows [n, d] in a user's units as the networks take them, float32.

        Raises:
            InputError: a value so far from the training data that float32 does not hold it.
        """
        standard = (rows.astype(np.float64) - self.mean) / self.scale
        if np.abs(standard).max(initial=0.0) > np.finfo(np.float32).max:
            raise InputError("X contains a value too large for dtype('float32') when standardised")
        return standard.astype(np.float32)

    def to_rows(self, examples: np.ndarray) -> np.ndarray:
        """What a generator makes, in a user's units; float64."""
        return examples.astype(np.float64) * self.scale + self.mean
