"""Smooth neighbours: features that are close where the teacher sees one class, and apart where it does not."""

import math
from dataclasses import dataclass
from typing import Self

import keras
import tensorflow as tf

from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms.teacher import TaughtTerm
from bayesian_gan.options.config import Config


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Neighbours(TaughtTerm):
    """The smoothness of features on the teacher's graph, in the energies of the discriminators.

    Of the unlabelled minibatch every pair is joined or parted by whether the averaged weights predict one class
    for both (Luo et al. 2018, "Smooth neighbors on teacher graphs for semi-supervised learning", CVPR). The
    paper's posterior does not have it.

    Attributes:
        weight: from iteration `ramp` on.
        ramp: iterations over which it rises from 0, at least 0.
        decay: of the averaged weights, in [0, 1).
        margin: greater than 0.
    """

    margin: float = 1.0

    metric = "neighbours"
    needs_features = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("margin", above=0)

    @classmethod
    def from_options(cls, config: Config) -> Self:
        """`--neighbours`, `--consistency_ramp` and `--average_decay`."""
        return cls(config.neighbours, config.consistency_ramp, config.average_decay)

    def __call__(self, passes: Passes) -> tf.Tensor:
        """A scalar."""
        classes = tf.argmax(self.taught(passes), axis=-1)
        return roughness(passes.features, classes, self.margin)


def roughness(features: tf.Tensor, classes: tf.Tensor, margin: float) -> tf.Tensor:
    """The mean of s_ij over all pairs i != j.

    s_ij = ||f_i - f_j||^2 where the classes agree, max(0, m - ||f_i - f_j||)^2 where they do not.

    Args:
        features: [B, F]; f_i is a row divided by sqrt(F), so that the margin does not depend on F.
        classes: integers [B].
        margin: m > 0.

    Returns:
        A scalar. Where two rows are equal, their distance counts as constant.
    """
    f = features / math.sqrt(features.shape[-1])
    products = tf.matmul(f, f, transpose_b=True)
    norms = tf.linalg.diag_part(products)
    squares = tf.maximum(norms[:, None] + norms[None, :] - 2.0 * products, 0.0)
    # The square root has no derivative at 0: there the inner one keeps NaN out of the gradient.
    positive = squares > 0
    distances = tf.where(positive, tf.sqrt(tf.where(positive, squares, 1.0)), 0.0)
    agree = classes[:, None] == classes[None, :]
    pairs = tf.where(agree, squares, tf.square(tf.maximum(margin - distances, 0.0)))
    B = features.shape[0]
    # A row and itself agree, and their distance is 0 but for rounding.
    return tf.reduce_sum(tf.linalg.set_diag(pairs, tf.zeros(B, pairs.dtype))) / (B * (B - 1))
