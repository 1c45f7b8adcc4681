"""What a prior is, and those whose weights are independent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from bayesian_gan.gan.configured import Configured
from bayesian_gan.samplers import stateless

if TYPE_CHECKING:
    import tensorflow_probability as tfp


@dataclass(frozen=True)
class Prior(Configured):
    """A density p(theta) of all trainable weights of a network.

    A prior of one's own is a frozen dataclass with an `energy`, registered with
    `keras.saving.register_keras_serializable` if a model that has it is to be saved; or a function, see
    `FunctionPrior`.
    """

    def of(self, network: keras.Model) -> "Prior":
        """The density of one network's weights: itself, where it is the same whatever weight is which.

        Args:
            network: any of the networks of one architecture; its values are not read.
        """
        return self

    def energy(self, weights: Sequence[tf.Tensor], num_data: int) -> tf.Tensor:
        """-log p(theta) / N, maybe but for a constant; a scalar.

        Args:
            weights: values of `network.trainable_variables`, in their order.
            num_data: N.
        """
        raise NotImplementedError

    def sample(self, weights: Sequence[tf.Tensor], seed: tf.Tensor) -> list[tf.Tensor]:
        """A draw of theta, a function of the seed.

        Args:
            weights: theirs are the shapes and dtypes; the values are not read.
            seed: int32 [2], stateless.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Independent(Prior):
    """A prior of independent weights, each of a mean of 0 and with a distribution of tfp's."""

    def distribution(self, i: int, dtype: tf.DType) -> "tfp.distributions.Distribution":
        """That of every number of weight i, by its place among `network.trainable_variables`."""
        raise NotImplementedError

    def energy(self, weights: Sequence[tf.Tensor], num_data: int) -> tf.Tensor:
        """-sum log p(w) / N, a scalar with its constant."""
        logs = [
            tf.reduce_sum(self.distribution(i, w.dtype).log_prob(w)) for i, w in enumerate(weights)
        ]
        return -tf.add_n(logs) / num_data

    def sample(self, weights: Sequence[tf.Tensor], seed: tf.Tensor) -> list[tf.Tensor]:
        """A draw for each weight, by a seed folded with its place."""
        drawn = []
        for i, w in enumerate(weights):
            of_one = self.distribution(i, tf.as_dtype(w.dtype))
            drawn.append(of_one.sample(tuple(w.shape), seed=stateless.fold_in(seed, i)))
        return drawn
