"""Consistency: class probabilities that agree with those of averaged weights."""

from dataclasses import dataclass
from typing import Self

import keras
import tensorflow as tf

from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms.teacher import TaughtTerm
from bayesian_gan.options.config import Config


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Consistency(TaughtTerm):
    """The squared distance of unlabelled images' class probabilities from the teacher's.

    It joins the energies of the discriminators (Tarvainen & Valpola 2017, "Mean teachers"). The paper's
    posterior does not have it. See `TaughtTerm` for the arguments.
    """

    metric = "consistency"

    @classmethod
    def from_options(cls, config: Config) -> Self:
        """`--consistency`, `--consistency_ramp` and `--average_decay`."""
        return cls(config.consistency, config.consistency_ramp, config.average_decay)

    def __call__(self, passes: Passes) -> tf.Tensor:
        """A scalar."""
        return inconsistency(passes.logits, self.taught(passes))


def inconsistency(logits: tf.Tensor, target_logits: tf.Tensor) -> tf.Tensor:
    """Mean over images of ||softmax(m(x)) - softmax(m'(x))||^2, both logits [batch, K], to a scalar.

    No gradient passes through the target.
    """
    target = tf.stop_gradient(tf.nn.softmax(target_logits))
    return tf.reduce_mean(tf.reduce_sum(tf.square(tf.nn.softmax(logits) - target), axis=-1))
