"""Class frequencies: those predicted for unlabelled images, drawn to those of the labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms.base import Carries, Discriminators, State, Term
from bayesian_gan.networks.outputs import num_classes
from bayesian_gan.options.config import Config

# A class that is predicted no more must not make the logarithm of its frequency infinite.
LEAST_FREQUENCY = 1e-6
# Of the running mean, a step: with 64 images each, some 6,000 images.
FREQUENCY_DECAY = 0.99


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class ClassFrequencies(Term):
    """KL(q || pi) in the energies of the discriminators.

    q are the class frequencies that a discriminator predicts for unlabelled images, as a running mean of decay
    `FREQUENCY_DECAY` a step; pi those of the labels (`expected_frequencies`). It does
    harm where classes are not that frequent. The paper's posterior does not have it.
    """

    metric = "class_frequencies"
    needs_classes = True

    @classmethod
    def from_options(cls, config: Config) -> Self:
        """`--class_frequencies`."""
        return cls(config.class_frequencies)

    @property
    def carries(self) -> Carries:
        """The predicted frequencies."""
        return Predicted()

    def __call__(self, passes: Passes) -> tf.Tensor:
        """A scalar."""
        assert passes.label_counts is not None  # K > 1.
        q = passes.carried(Predicted.name)
        pi = tf.cast(expected_frequencies(passes.label_counts), tf.float32)
        return frequency_divergence(passes.logits, log_frequency_ratio(q, pi))


@dataclass(frozen=True)
class Predicted(Carries):
    """Asks for the class frequencies that each discriminator predicts."""

    name = "predicted_frequencies"

    def build(self, discriminators: Discriminators) -> State:
        """The state at iteration 0."""
        return PredictedFrequencies(discriminators)


class PredictedFrequencies(State):
    """The running mean of each discriminator's class probabilities of unlabelled images, which starts at 1 / K.

    Attributes:
        q: [M * J_d, K].
    """

    def __init__(self, discriminators: Discriminators) -> None:
        super().__init__(name=Predicted.name)
        self.num_classes = num_classes(discriminators.template)
        self.q = self.add_weight(
            shape=(len(discriminators.networks), self.num_classes),
            initializer=keras.initializers.Constant(1.0 / self.num_classes),
            trainable=False,
            name="q",
        )
        self.built = True

    def read(self, index: int, real: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """The frequencies of one discriminator, [K]."""
        return self.q.value[index]

    def observe(self, passes: Passes) -> tf.Tensor:
        """Mean class probabilities of the minibatch, [K]."""
        return tf.reduce_mean(tf.nn.softmax(passes.logits), axis=0)

    def move(
        self, step: tf.Tensor, discriminators: Sequence[keras.Model], observed: tf.Tensor | None
    ) -> None:
        """Moves the frequencies towards those of the minibatch."""
        assert observed is not None
        self.q.assign(FREQUENCY_DECAY * self.q + (1.0 - FREQUENCY_DECAY) * observed)

    def restart(self, member: int, weights: Sequence[np.ndarray]) -> None:
        """One discriminator's begin again at 1 / K."""
        q = self.q.numpy()
        q[member] = 1.0 / self.num_classes
        self.q.assign(q)


def log_frequency_ratio(q: tf.Tensor, pi: tf.Tensor) -> tf.Tensor:
    """log(q_k / pi_k) of predicted class frequencies q [..., K] and expected ones pi [K], to [..., K].

    A q_k below `LEAST_FREQUENCY` counts as that.
    """
    return tf.math.log(tf.maximum(q, LEAST_FREQUENCY) / pi)


def frequency_divergence(logits: tf.Tensor, log_ratio: tf.Tensor) -> tf.Tensor:
    """The mean over images of sum_k p_k(x) log(q_k / pi_k), p = softmax(m(x)), to a scalar.

    Where q is the mean of p over all images, this is KL(q || pi), and its gradient, q being constant to it, is
    that of KL(q || pi): the derivative of sum_k q_k log(q_k / pi_k) by q_k is log(q_k / pi_k) + 1, and the q_k
    add up to 1. With `mean_entropy` it makes the negative mutual information of image and class where pi is
    uniform (Bridle et al. 1991; Krause et al. 2010, "Discriminative clustering by regularized information
    maximization").

    Args:
        logits: m(x), [batch, K].
        log_ratio: of `log_frequency_ratio`, [K].
    """
    p = tf.nn.softmax(logits)
    return tf.reduce_mean(tf.reduce_sum(p * tf.stop_gradient(log_ratio), axis=-1))


def expected_frequencies(counts: tf.Tensor) -> tf.Tensor:
    """pi_k = (n_k + 1) / (N_s + K), float64 [K], of N_s labels of which n_k are k.

    Laplace's rule of succession: a class that no label has is not held to be impossible.

    Args:
        counts: n_k, float64 [K].
    """
    return (counts + 1.0) / (tf.reduce_sum(counts) + counts.shape[0])
