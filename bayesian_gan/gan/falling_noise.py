"""Noise on the discriminators' activations that falls during the warm-up."""

from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.configured import Configured


@keras.saving.register_keras_serializable("bayesian_gan")
class FallingNoise(Configured):
    """The share of every `networks.noise.ActivationNoise` that is at work in an iteration.

    1 up to iteration `first`, then falling in a straight line to `final` at iteration `last`.

    Args:
        final: share of the standard deviation, in [0, 1].
        first: at least 0.
        last: at least `first`.

    Raises:
        InputError: an argument out of its range.
    """

    def __init__(self, final: float, first: int, last: int) -> None:
        if not 0 <= final <= 1:
            raise InputError(f"FallingNoise: final must lie in [0, 1], not {final}")
        if not 0 <= first <= last:
            raise InputError(
                f"FallingNoise: first and last must be 0 <= first <= last, not {first} and {last}"
            )
        self.final, self.first, self.last = final, first, last

    def share(self, step: tf.Tensor) -> tf.Tensor | None:
        """The share in an iteration, a float32 scalar; None for all of it."""
        if self.final == 1.0:
            return None
        passed = tf.cast(step - self.first, tf.float32) / max(self.last - self.first, 1)
        return 1.0 + (self.final - 1.0) * tf.clip_by_value(passed, 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"final": self.final, "first": self.first, "last": self.last}
