"""A normal prior whose kernels have the variance of He et al.'s initial weights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.priors.base import Independent, Prior
from bayesian_gan.gan.priors.families import normal
from bayesian_gan.networks.fan_in import fan_ins

if TYPE_CHECKING:
    import tensorflow_probability as tfp


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class HeNormal(Prior):
    """N(0, 2 c / fan-in) for each kernel, N(0, s^2) for all else: biases, weights of normalisation.

    Kernels of these variances keep the mean square of what passes through layers with ReLU (He et al.
    2015, "Delving deep into rectifiers", equation 10), however wide the layers are and however many.
    The fan-in is that of `networks.fan_in`. Which weight is which only a network says: `of(network)`
    is the density.

    Attributes:
        std: s, finite and greater than 0. It multiplies nothing of the kernels.
        scale: c, of the kernels' variance, finite and greater than 0.

    Raises:
        InputError: an argument out of its range.
    """

    std: float = 1.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        self._check("std", above=0)
        self._check("scale", above=0)

    def of(self, network: keras.Model) -> Prior:
        """The normal density of each weight of a network.

        Raises:
            InputError: it has a weight of which no fan-in is known.
        """
        return NormalOfEach(
            tuple(
                self.std if fan_in is None else math.sqrt(2.0 * self.scale / fan_in)
                for fan_in in fan_ins(network)
            )
        )

    def energy(self, weights: Sequence[tf.Tensor], num_data: int) -> tf.Tensor:
        """Raises InputError: values do not say which of them are kernels; `of(network)` knows."""
        raise _needs_network()

    def sample(self, weights: Sequence[tf.Tensor], seed: tf.Tensor) -> list[tf.Tensor]:
        """Raises InputError: see `energy`."""
        raise _needs_network()


@dataclass(frozen=True)
class NormalOfEach(Independent):
    """N(0, s_i^2 I) for weight i of one architecture.

    Attributes:
        stds: s_i, one for each of `network.trainable_variables`.
    """

    stds: tuple[float, ...]

    def distribution(self, i: int, dtype: tf.DType) -> "tfp.distributions.Distribution":
        """N(0, s_i^2)."""
        return normal(self.stds[i], dtype)


def _needs_network() -> InputError:
    return InputError(
        "HeNormal: weights alone do not say which of them are kernels: take HeNormal().of(network)"
    )
