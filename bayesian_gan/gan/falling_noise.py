"""Noise on the discriminators' activations that falls during the warm-up."""

from dataclasses import dataclass

import keras
import tensorflow as tf

from bayesian_gan.gan.configured import Configured


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class FallingNoise(Configured):
    """The share of every `networks.noise.ActivationNoise` that is at work in an iteration.

    1 up to iteration `first`, then falling in a straight line to `final` at iteration `last`.

    Attributes:
        final: share of the standard deviation, in [0, 1].
        first: at least 0.
        last: at least `first`.

    Raises:
        InputError: an argument out of its range.
    """

    final: float
    first: int
    last: int

    def __post_init__(self) -> None:
        self._check("final", low=0, high=1)
        self._check("first", low=0, whole=True)
        self._check("last", low=self.first, whole=True)

    def share(self, step: tf.Tensor) -> tf.Tensor | None:
        """The share in an iteration, a float32 scalar; None for all of it."""
        if self.final == 1.0:
            return None
        passed = tf.cast(step - self.first, tf.float32) / max(self.last - self.first, 1)
        return 1.0 + (self.final - 1.0) * tf.clip_by_value(passed, 0.0, 1.0)
