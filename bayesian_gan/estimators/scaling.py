"""Examples in a user's units, and as the networks take them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bayesian_gan.errors import InputError

Range = tuple[float, float]


class Scaling(Protocol):
    """The two ways between flat rows, [n, d] in a user's units, and what the networks take."""

    def takes(self, shape: tuple[int, ...]) -> bool:
        """Whether an example that is no row may have this shape."""

    def to_networks(self, rows: np.ndarray) -> np.ndarray:
        """Rows as the networks take them, float32."""

    def to_rows(self, examples: np.ndarray) -> np.ndarray:
        """What a generator makes as rows in a user's units."""


@dataclass(frozen=True, eq=False)
class Ranged:
    """Images, whose range of values is known.

    Attributes:
        shape: (height, width, channels).
        low: the value of black, which the networks have as -1.
        high: the value of white, 1 for the networks.
        dtype: of a user's images; integers are rounded to.
    """

    shape: tuple[int, int, int]
    low: float
    high: float
    dtype: np.dtype

    @classmethod
    def of(
        cls, rows: np.ndarray, shape: tuple[int, int, int], given: Range | None, dtype: np.dtype
    ) -> "Ranged":
        """The scaling of training images.

        Args:
            rows: [n, height * width * channels].
            shape: of an image.
            given: their range; None for that of uint8, or [-1, 1] if they are floats in it.
            dtype: of the images as the user gave them.

        Raises:
            InputError: the range is not known, or no range.
        """
        if given is None:
            given = _known_range(rows, dtype)
        low, high = (float(bound) for bound in given)
        if not (np.isfinite([low, high]).all() and low < high):
            raise InputError(f"input_range must be (low, high) with low < high, not {given}")
        return cls(shape, low, high, dtype)

    def takes(self, shape: tuple[int, ...]) -> bool:
        """See `Scaling`; with the channels, or without where there is one."""
        return self.shape in (shape, (*shape, 1))

    def to_networks(self, rows: np.ndarray) -> np.ndarray:
        """See `Scaling`; [n, height, width, channels] in [-1, 1].

        Raises:
            InputError: a value out of the range.
        """
        if rows.min() < self.low or rows.max() > self.high:
            raise InputError(
                f"X holds values in {rows.min():g}..{rows.max():g}, and the range of its images is "
                f"{self.low:g}..{self.high:g}: give another input_range, or rescale X"
            )
        unit = 2.0 * (rows.astype(np.float64) - self.low) / (self.high - self.low) - 1.0
        return unit.reshape(-1, *self.shape).astype(np.float32)

    def to_rows(self, examples: np.ndarray) -> np.ndarray:
        """See `Scaling`; of the type of the training images."""
        unit = np.clip(examples.astype(np.float64).reshape(len(examples), -1), -1.0, 1.0)
        rows = (unit + 1.0) / 2.0 * (self.high - self.low) + self.low
        return (np.rint(rows) if self.dtype.kind in "iu" else rows).astype(self.dtype)


def _known_range(rows: np.ndarray, dtype: np.dtype) -> Range:
    if dtype == np.uint8:
        return 0.0, 255.0
    if dtype.kind == "f" and np.abs(rows).max() <= 1.0:
        return -1.0, 1.0
    raise InputError(
        f"images of {dtype} in {rows.min():g}..{rows.max():g} have no known range: give input_range, "
        "such as (0, 1), (0, 255) or (-1, 1)"
    )
