"""Priors of the weights of one network, as energies: -log p(theta) / N."""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.configured import Configured


class Prior(Configured):
    """A density p(theta) of all trainable weights of a network."""

    def energy(self, weights: Sequence[tf.Tensor], num_data: int) -> tf.Tensor:
        """-log p(theta) / N, but for a constant; a scalar.

        Args:
            weights: of one network.
            num_data: N.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable("bayesian_gan")
class Normal(Prior):
    """N(0, s^2 I).

    Args:
        std: s, finite and greater than 0; the paper has sqrt(10).

    Raises:
        InputError: it is not.
    """

    def __init__(self, std: float = 1.0) -> None:
        if not 0 < std < math.inf:
            raise InputError(f"Normal: std must be finite and greater than 0, not {std}")
        self.std = std

    def energy(self, weights: Sequence[tf.Tensor], num_data: int) -> tf.Tensor:
        """Sum ||w||^2 / (2 s^2 N)."""
        return tf.add_n([tf.nn.l2_loss(w) for w in weights]) / (self.std**2 * num_data)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"std": self.std}
