"""Priors of the weights of one network, as energies: -log p(theta) / N."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from bayesian_gan.gan.configured import Configured


@dataclass(frozen=True)
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
@dataclass(frozen=True)
class Normal(Prior):
    """N(0, s^2 I).

    Attributes:
        std: s, finite and greater than 0; the paper has sqrt(10).

    Raises:
        InputError: it is not.
    """

    std: float = 1.0

    def __post_init__(self) -> None:
        self._check("std", above=0)

    def energy(self, weights: Sequence[tf.Tensor], num_data: int) -> tf.Tensor:
        """Sum ||w||^2 / (2 s^2 N)."""
        return tf.add_n([tf.nn.l2_loss(w) for w in weights]) / (self.std**2 * num_data)
