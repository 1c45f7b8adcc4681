"""The range of images of floats."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from bayesian_gan.errors import InputError

# Of half the range: what a resized or a normalised image exceeds its bounds by.
ROUNDING = 1e-3


@dataclass(frozen=True)
class InputRange:
    """The values that black and white have in images of floats; uint8 always has 0 and 255.

    Attributes:
        low: black.
        high: white, greater than `low`.
    """

    low: float = -1.0
    high: float = 1.0

    @classmethod
    def of(cls, given: Any) -> "InputRange":
        """The range of a pair such as (0, 1) or (0, 255).

        Raises:
            InputError: it is no pair of finite numbers, the first less than the second.
        """
        if isinstance(given, InputRange):
            return given
        try:
            low, high = (float(value) for value in given)
        except (TypeError, ValueError):
            low = high = math.nan
        if isinstance(given, str):
            low = math.nan
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise InputError(
                f"input_range must be a pair such as (0, 1) or (0, 255), not {given!r}"
            )
        return cls(low, high)

    @property
    def tolerance(self) -> float:
        """What a value may lie beyond the range by."""
        return ROUNDING * (self.high - self.low) / 2.0

    def __str__(self) -> str:
        return f"[{self.low:g}, {self.high:g}]"

    def to_unit(self, values: tf.Tensor) -> tf.Tensor:
        """Floats of this range, scaled to [-1, 1]; float32."""
        values = tf.cast(values, tf.float32)
        if (self.low, self.high) == (-1.0, 1.0):
            return values
        return (values - self.low) * (2.0 / (self.high - self.low)) - 1.0

    def from_unit(self, images: Any) -> Any:
        """Images in [-1, 1], an array or a tensor of float32, scaled to this range."""
        if (self.low, self.high) == (-1.0, 1.0):
            return images
        return self.low + (images + np.float32(1.0)) * np.float32((self.high - self.low) / 2.0)

    def refusal(self, where: str, found: str) -> str:
        """The line that says what to do about values beyond the range.

        Args:
            where: what holds them, such as "x".
            found: the values.
        """
        return (
            f"{where}: float images must lie in {self}, not {found}: scale them, give uint8, or name "
            "their range: BayesianGAN(..., input_range=(0, 1)), or (0, 255)"
        )


UNIT = InputRange()
