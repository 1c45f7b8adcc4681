"""Entropy of the unlabelled images' class probabilities."""

from dataclasses import dataclass
from typing import Self

import keras
import tensorflow as tf

from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms.base import Term
from bayesian_gan.options.config import Config


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Entropy(Term):
    """The mean entropy of P(y | x, real), in nats, in the energies of the discriminators.

    It draws unlabelled images away from the borders of the classes (Grandvalet & Bengio 2004). The paper's
    posterior does not have it.
    """

    metric = "entropy"
    needs_classes = True

    @classmethod
    def from_options(cls, config: Config) -> Self:
        """`--entropy`."""
        return cls(config.entropy)

    def __call__(self, passes: Passes) -> tf.Tensor:
        """A scalar."""
        return mean_entropy(passes.logits)


def mean_entropy(logits: tf.Tensor) -> tf.Tensor:
    """-mean_x sum_k p_k(x) log p_k(x), p = softmax(m(x)): logits [batch, K] to a scalar in nats."""
    log_p = tf.nn.log_softmax(logits)
    return -tf.reduce_mean(tf.reduce_sum(tf.exp(log_p) * log_p, axis=-1))
