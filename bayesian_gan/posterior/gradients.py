"""How the predictions of the samples change with the image: what an attack on them needs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.networks.likelihood import log_likelihood
from bayesian_gan.posterior.prediction import MemberOutputs, Predicting

BATCH = 250

# Images, floats of `input_range` [n, ...], and their classes, integers [n], to the negative
# log-likelihood of these, float32 [n], and its gradient with respect to the images, float32 [n, ...].
NllGradient = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, eq=False)
class HeldSamples:
    """All discriminator samples of a posterior, their weights in memory together.

    Attributes:
        outputs: what they say of images, see `Posterior.all_samples`.
        average: of the average over all of them, -log mean_s softmax(m_s(x))_y.
        last: of the last sample alone, of the last draw's last chain.
    """

    outputs: Callable[[np.ndarray], MemberOutputs]
    average: NllGradient
    last: NllGradient


class Differentiating(Predicting):
    """Draws whose predictions have gradients."""

    def held_samples(self) -> HeldSamples:
        """The samples of all draws, to be asked again and again.

        Raises:
            InputError: nothing is collected yet, or K = 1: there is no class. Of the functions: the
                images do not fit, or are no floats.
        """
        if self.num_classes < 2:
            raise InputError(f"{self.store}: was trained without labels, so no image has a class")
        stacked = self._stacked(list(self._whole_draws()))
        last = [weight[-1:] for weight in stacked]
        return HeldSamples(
            lambda images: self._said(self._checked(images), stacked),
            lambda images, labels: self._nll_gradient(images, labels, stacked),
            lambda images, labels: self._nll_gradient(images, labels, last),
        )

    def _nll_gradient(
        self, images: np.ndarray, labels: np.ndarray, stacked: list[tf.Tensor]
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `NllGradient`; in batches."""
        images, classes = self._checked(images), np.asarray(labels, np.int32)
        if images.dtype == np.uint8:
            raise InputError(f"images must be floats in {self.input_range}: uint8 has no gradient")
        parts = [
            self._averaged(
                tf.constant(images[k : k + BATCH]), tf.constant(classes[k : k + BATCH]), *stacked
            )
            for k in range(0, len(images), BATCH)
        ]
        nll, gradient = (np.concatenate(part) for part in zip(*parts, strict=True))
        return nll, gradient

    @cached_property
    def _averaged(self) -> Any:
        """The traced function: images, labels and stacked weights to NLLs and their gradients.

        With p_s = softmax(m_s(x))_y of S samples, the gradient of -log mean_s p_s is
        - sum_s (p_s / sum_r p_r) grad log p_s. The sums run along with the samples, in the scale of
        the largest p_s so far, so that nothing underflows, each sample is asked once, and one
        sample's activations are in memory at a time.
        """

        def network(images: tf.Tensor) -> Any:
            return self._discriminator(self._unit(images), training=False)

        def forward(
            images: tf.Tensor, labels: tf.Tensor, *stacked: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor]:
            S = tf.shape(stacked[0])[0]

            def add(
                s: tf.Tensor, top: tf.Tensor, total: tf.Tensor, slope: tf.Tensor
            ) -> tuple[tf.Tensor, ...]:
                weights = [weight[s] for weight in stacked]
                pairs = zip(self._discriminator.weights, weights, strict=True)
                with keras.StatelessScope(list(pairs)):
                    log_p, gradient = log_likelihood(network, images, labels)
                higher = tf.maximum(top, log_p)
                kept, added = tf.exp(top - higher), tf.exp(log_p - higher)
                slope = _each(kept, slope) * slope + _each(added, slope) * gradient
                return s + 1, higher, kept * total + added, slope

            none = tf.zeros_like(labels, tf.float32)
            _, top, total, slope = tf.while_loop(
                lambda s, *_: s < S,
                add,
                (0, none - np.inf, none, tf.zeros_like(images)),
                parallel_iterations=1,
            )
            nll = tf.math.log(tf.cast(S, tf.float32)) - top - tf.math.log(total)
            return nll, -slope / _each(total, slope)

        shape = self._discriminator.input_shape[1:]
        signature = [tf.TensorSpec((None, *shape), tf.float32), tf.TensorSpec((None,), tf.int32)]
        signature += [
            tf.TensorSpec((None, *weight.shape), weight.dtype)
            for weight in self._discriminator.weights
        ]
        return tf.function(forward).get_concrete_function(*signature)


def _each(numbers: tf.Tensor, images: tf.Tensor) -> tf.Tensor:
    """Numbers [n] beside images [n, ...]."""
    return tf.reshape(numbers, [-1] + [1] * (images.shape.rank - 1))
