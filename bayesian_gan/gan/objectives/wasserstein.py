"""The paper's posteriors with a Wasserstein critic in the place of the discriminator."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.objectives.paper import Paper
from bayesian_gan.gan.priors import Prior
from bayesian_gan.gan.terms.base import Term
from bayesian_gan.networks.outputs import critic_values, critic_weights, symbolic_output


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Wasserstein(Paper):
    """A critic c: -mean c(x) for -mean log D(x), mean c(G(z)) for -mean log(1 - D(G(z))).

    Its slope is bounded by clipping or by the term `GradientPenalty`, one of the two. Generators follow the
    critic alone, without feature matching. The critic is the single logit, or with K > 1 classes the output
    "critic" [batch, 1] beside the logits.

    Attributes:
        order: see `Objective`.
        augment: likewise.
        labelled_weight: see `Paper`.
        reduction: see `Paper`.
        weight_clip: c > 0: after every step the weights that the critic depends on are clipped to [-c, c]
            (Arjovsky et al. 2017). A class head beside it is not. A keyword.

    Raises:
        InputError: an argument out of its range.
    """

    weight_clip: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight_clip is not None:
            self._check("weight_clip", above=0)

    def score(self, outputs: Any) -> tf.Tensor:
        """c(x), [batch, 1]."""
        return critic_values(outputs)

    def real_energy(self, scores: tf.Tensor) -> tf.Tensor:
        """-mean c(x): [..., batch, 1] to [...]."""
        return -self.fake_energy(scores)

    def fake_energy(self, scores: tf.Tensor) -> tf.Tensor:
        """Mean c(x): [..., batch, 1] to [...]."""
        return tf.reduce_mean(scores, axis=(-2, -1))

    def check(self, discriminator: keras.Model, terms: Sequence[Term], prior: Prior | None) -> None:
        """Raises InputError where the discriminator is no critic, or its slope not bounded in one way."""
        penalised = any(term.needs_critic for term in terms)
        if penalised == (self.weight_clip is not None):
            raise InputError(
                "Wasserstein needs either weight_clip or the term GradientPenalty(), one of the two"
            )
        for term in terms:
            if term.player == "generator":
                raise InputError(
                    f"{type(term).__name__} does not go with Wasserstein, whose generators follow the critic "
                    "alone: leave the term out"
                )
        if critic_values(symbolic_output(discriminator)).shape[-1] != 1:
            raise InputError(
                'Wasserstein with K > 1 classes needs a discriminator with an output "critic" [batch, 1] '
                "beside its logits"
            )

    def constrained(self, discriminator: keras.Model) -> list[int]:
        """Those that the critic depends on, where they are clipped."""
        return [] if self.weight_clip is None else critic_weights(discriminator)

    def constrain(self, weights: tf.Tensor) -> tf.Tensor:
        """The weights in the box of `weight_clip`."""
        assert self.weight_clip is not None
        return tf.clip_by_value(weights, -self.weight_clip, self.weight_clip)
