"""Priors of which every weight has the same distribution: normal, and two of heavier tails.

Their argument is the *standard deviation* of a weight in all of them, so that from one to another
the tails alone change. Fortuin et al. ("Bayesian neural network priors revisited", ICLR 2022) found
heavy tails in the weights of fully connected networks that SGD had trained; such priors made their
cold posterior effect smaller, and that of ResNets slightly larger.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from bayesian_gan.gan.priors.base import Independent

if TYPE_CHECKING:
    import tensorflow_probability as tfp

# tfp takes seconds to load, and energies of the normal prior do without it: it is imported where it is used.


@dataclass(frozen=True)
class _OneStd(Independent):
    """All weights have one standard deviation.

    Attributes:
        std: s, finite and greater than 0.

    Raises:
        InputError: it is not.
    """

    std: float = 1.0

    def __post_init__(self) -> None:
        self._check("std", above=0)


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Normal(_OneStd):
    """N(0, s^2 I).

    Attributes:
        std: s, finite and greater than 0; the paper has sqrt(10).

    Raises:
        InputError: it is not.
    """

    def distribution(self, i: int, dtype: tf.DType) -> "tfp.distributions.Distribution":
        """N(0, s^2)."""
        return normal(self.std, dtype)

    def energy(self, weights: Sequence[tf.Tensor], num_data: int) -> tf.Tensor:
        """Sum ||w||^2 / (2 s^2 N): -log p(theta) / N but for a constant."""
        return tf.add_n([tf.nn.l2_loss(w) for w in weights]) / (self.std**2 * num_data)


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Laplace(_OneStd):
    """p(w) = exp(-|w| / b) / (2 b), b = s / sqrt(2), for every weight: the tails fall as exp(-|w|).

    Attributes:
        std: s, finite and greater than 0.

    Raises:
        InputError: it is not.
    """

    def distribution(self, i: int, dtype: tf.DType) -> "tfp.distributions.Distribution":
        """Of scale s / sqrt(2)."""
        import tensorflow_probability as tfp

        scale = tf.constant(self.std / math.sqrt(2.0), dtype)
        return tfp.distributions.Laplace(tf.zeros((), dtype), scale)


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class StudentT(_OneStd):
    """Student's t of n degrees of freedom for every weight: the tails fall as |w|^-(n + 1).

    p(w) is proportional to (1 + (w / c)^2 / n)^-((n + 1) / 2), with the scale c = s sqrt((n - 2) / n) that
    gives the standard deviation s. With n to infinity it is `Normal`.

    Attributes:
        std: s, finite and greater than 0.
        df: n, greater than 2: with fewer there is no standard deviation. Up to 4 there is no kurtosis.

    Raises:
        InputError: an argument out of its range.
    """

    df: float = 5.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("df", above=2)

    def distribution(self, i: int, dtype: tf.DType) -> "tfp.distributions.Distribution":
        """Of scale s sqrt((n - 2) / n)."""
        import tensorflow_probability as tfp

        scale = self.std * math.sqrt((self.df - 2.0) / self.df)
        df, zero = tf.constant(self.df, dtype), tf.zeros((), dtype)
        return tfp.distributions.StudentT(df, zero, tf.constant(scale, dtype))


def normal(std: float, dtype: tf.DType) -> "tfp.distributions.Distribution":
    """N(0, s^2) of tfp's."""
    import tensorflow_probability as tfp

    return tfp.distributions.Normal(tf.zeros((), dtype), tf.constant(std, dtype))
