"""The paper's posteriors (Saatci & Wilson 2017), per example."""

import math
from typing import Any, Literal

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.objectives.base import Objective, Pairs

Reduction = Literal["mean", "sum"]


@keras.saving.register_keras_serializable("bayesian_gan")
class Paper(Objective):
    """Discriminators meet the generators of their chain, so the chains are independent.

        U_d / N = mean_g [ -mean log D(x) - mean log(1 - D(G_g(z))) ]
                  - w_s mean log softmax(m(x_s))_{y_s} - log p(theta_d) / N              (eqs. 2 and 6)
        U_g / N = mean_d [ -mean log D_d(G(z)) ] - log p(theta_g) / N                    (eq. 1)

    Terms of pairs stand inside of the brackets.

    Args:
        labelled_weight: w_s, at least 0: 1 as in the authors' program; "posterior" is N_s / N, the posterior as
            the paper writes it, with one likelihood factor for each labelled example.
        reduction: "mean" over the networks of the other player, or Algorithm 1's "sum".

    Raises:
        InputError: an argument out of its range.
    """

    def __init__(self, labelled_weight: float | str = 1.0, reduction: Reduction = "mean") -> None:
        if labelled_weight != "posterior" and (
            isinstance(labelled_weight, str) or not 0 <= labelled_weight < math.inf
        ):
            raise InputError(
                f"labelled_weight must be at least 0, or 'posterior', not {labelled_weight!r}"
            )
        if reduction not in ("mean", "sum"):
            raise InputError(f"reduction must be 'mean' or 'sum', not {reduction!r}")
        self.labelled_weight, self.reduction = labelled_weight, reduction

    def discriminator_energies(
        self, pairs: Pairs, regulariser: tf.Tensor, labelled_weight: float, num_gen: int
    ) -> tf.Tensor:
        """[D]; an unbiased estimate where `pairs` hold a random part of the J_g generators."""
        each = pairs.real[:, None] + pairs.fake
        for value in pairs.terms_d:
            each += value
        return regulariser + (self._reduce(each, 1, num_gen) + labelled_weight * pairs.labelled)

    def generator_energies(self, pairs: Pairs, regulariser: tf.Tensor) -> tf.Tensor:
        """[G]."""
        each = pairs.adversarial
        for value in pairs.terms_g:
            each += value
        return regulariser + self._reduce(each, 0, each.shape[0])

    def _reduce(self, values: tf.Tensor, axis: int, count: int) -> tf.Tensor:
        """Mean, or the sum over `count` networks of which `values` may hold a random part."""
        mean = tf.reduce_mean(values, axis)
        return mean if self.reduction == "mean" else mean * count

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"labelled_weight": self.labelled_weight, "reduction": self.reduction}
