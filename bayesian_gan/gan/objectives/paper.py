"""The paper's posteriors (Saatci & Wilson 2017), per example."""

from dataclasses import dataclass
from typing import Literal, get_args

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.objectives.base import Objective, Pairs

Reduction = Literal["mean", "sum"]


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Paper(Objective):
    """Discriminators meet the generators of their chain, so the chains are independent.

        U_d / N = mean_g [ -mean log D(x) - mean log(1 - D(G_g(z))) ]
                  - w_s mean log softmax(m(x_s))_{y_s} - log p(theta_d) / N              (eqs. 2 and 6)
        U_g / N = mean_d [ -mean log D_d(G(z)) ] - log p(theta_g) / N                    (eq. 1)

    Terms of pairs stand inside of the brackets.

    Attributes:
        order: see `Objective`.
        augment: likewise.
        labelled_weight: w_s, at least 0: 1 as in the authors' program; "posterior" is N_s / N, the posterior as
            the paper writes it, with one likelihood factor for each labelled example.
        reduction: "mean" over the networks of the other player, or Algorithm 1's "sum".

    Raises:
        InputError: an argument out of its range.
    """

    labelled_weight: float | str = 1.0
    reduction: Reduction = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.labelled_weight, str):
            if self.labelled_weight != "posterior":
                raise InputError(
                    f"labelled_weight must be a number or 'posterior', not {self.labelled_weight!r}"
                )
        else:
            self._check("labelled_weight", low=0)
        if self.reduction not in get_args(Reduction):
            raise InputError(f"reduction must be 'mean' or 'sum', not {self.reduction!r}")

    @property
    def w_s(self) -> float | str:
        """Of the labelled term."""
        return self.labelled_weight

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
