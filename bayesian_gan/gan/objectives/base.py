"""What an objective is: how the passes of networks that meet become their energies.

A discriminator gives K logits m_k(x); Z = sum_k exp m_k, D(x) = P(real | x) = Z / (1 + Z) and
P(y = k | x, real) = softmax(m)_k; the unsupervised case is K = 1, D = sigmoid(m). All energies are per
example, U / N: minibatch terms are means, and the prior is divided by the number of data N. They use
logsumexp and softplus of logits, never the logarithm of a probability:

    -log D(x) = softplus(-log Z),    -log(1 - D(x)) = softplus(log Z).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.augment import Augment
from bayesian_gan.gan.configured import Configured
from bayesian_gan.gan.order import check_order
from bayesian_gan.gan.priors import Prior
from bayesian_gan.gan.terms.base import Term
from bayesian_gan.networks.outputs import split_outputs
from bayesian_gan.options.objective import Order

Weights = Sequence[tf.Tensor]
Seed = Callable[[], tf.Tensor]


@dataclass(frozen=True)
class Pairs:
    """Minibatch means of D discriminators that meet G generators; float32 tensors.

    Attributes:
        real: [D], -mean log D_d(x) over the unlabelled minibatch.
        labelled: [D], -mean log softmax(m_d(x_s))_{y_s}; zeros where there are no labels.
        fake: [D, G], -mean log(1 - D_d(G_g(z))); [D, q] where a discriminator meets q generators only.
        adversarial: [D, G], -mean log D_d(G_g(z)). Where a discriminator meets q of the G generators, drawn
            at random, its values are G / q times as large for these and zero for the others: the same in
            expectation.
        terms_d: weighted values of the terms of pairs in the discriminators' energies, of the shape of `fake`.
        terms_g: those in the generators' energies, of the shape of `adversarial`.

    Of a Wasserstein critic c, `real` is -mean c(x), `fake` mean c(G_g(z)), and `adversarial` -mean c(G_g(z)).
    """

    real: tf.Tensor
    labelled: tf.Tensor
    fake: tf.Tensor
    adversarial: tf.Tensor
    terms_d: Sequence[tf.Tensor] = ()
    terms_g: Sequence[tf.Tensor] = ()


@dataclass(frozen=True)
class Objective(Configured):
    """How energies follow from what discriminators say of images, and in which order the players move.

    Attributes:
        order: of a step. "simultaneous": both players move by gradients at one state. "generators_first": the
            generators, then the discriminators against the moved ones, as in Algorithm 1.
            "discriminators_first": the reverse, as in the authors' program. A keyword.
        augment: what real images go through before both players, a change of the likelihood; None for nothing.
            A keyword.
        label_folds: K folds of the labelled examples, of equal class frequencies; chain m learns from all but
            fold m mod K. What it says of that fold, it says of labels that it has not seen: held out, they tell
            how far its probabilities can be believed. 1: every chain learns from all, as it must where all
            meet. A keyword.
        all_meet: whether the networks of all chains meet; otherwise those of one chain do, and the chains are
            independent.

    Raises:
        InputError: there is no such order, augmentation or number of folds.
    """

    order: Order = field(default="simultaneous", kw_only=True)
    augment: Augment | None = field(default=None, kw_only=True)
    label_folds: int = field(default=1, kw_only=True)

    all_meet: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_order(self.order)
        self._check("label_folds", low=1, whole=True)
        if not isinstance(self.augment, Augment | None):
            raise InputError(
                f"augment must be such as Augment(flip=0.5), or None, not {self.augment!r}"
            )

    @property
    def w_s(self) -> float | str:
        """Of the labelled term: a number, or "posterior" for N_s / N."""
        return 1.0

    def score(self, outputs: Any) -> tf.Tensor:
        """What the outputs of a discriminator say of real and generated: [batch, ...]."""
        return split_outputs(outputs)[0]

    def real_energy(self, scores: tf.Tensor) -> tf.Tensor:
        """The energy of images held to be real, -mean log D(x): scores [..., batch, n] to [...]."""
        return tf.reduce_mean(tf.nn.softplus(-log_z(scores)), axis=-1)

    def fake_energy(self, scores: tf.Tensor) -> tf.Tensor:
        """That of images held to be generated, -mean log(1 - D(x)): scores [..., batch, n] to [...]."""
        return tf.reduce_mean(tf.nn.softplus(log_z(scores)), axis=-1)

    def discriminator_energies(
        self, pairs: Pairs, regulariser: tf.Tensor, labelled_weight: float, num_gen: int
    ) -> tf.Tensor:
        """Energies per example of the discriminators, [D].

        Args:
            pairs: of the networks that meet.
            regulariser: of each discriminator, [D].
            labelled_weight: w_s.
            num_gen: J_g, of which `pairs` may hold a random part.
        """
        raise NotImplementedError

    def generator_energies(self, pairs: Pairs, regulariser: tf.Tensor) -> tf.Tensor:
        """Energies per example of the generators, [G]; see `discriminator_energies`."""
        raise NotImplementedError

    def regulariser(self, prior: Prior, weights: Weights, num_data: int, seed: Seed) -> tf.Tensor:
        """-log p(theta) / N of one network, a scalar.

        Args:
            prior: p.
            weights: of the network.
            num_data: N.
            seed: gives the stateless seed of what is random in it.
        """
        return prior.energy(weights, num_data)

    def check(self, discriminator: keras.Model, terms: Sequence[Term], prior: Prior | None) -> None:
        """Raises InputError where the network, the terms or the prior do not go with the objective."""
        for term in terms:
            if term.needs_critic:
                name = type(term).__name__
                raise InputError(f"{name} needs the objective Wasserstein(), not {self!r}")

    def constrained(self, discriminator: keras.Model) -> list[int]:
        """Which of a discriminator's trainable variables `constrain` is for."""
        return []

    def constrain(self, weights: tf.Tensor) -> tf.Tensor:
        """Weights that have moved, put back to where they may be."""
        return weights


def log_z(logits: tf.Tensor) -> tf.Tensor:
    """Log Z = log sum_k exp m_k, from logits [..., K] to [...]: the logit of P(real)."""
    return tf.reduce_logsumexp(logits, axis=-1)


def labelled_energy(
    logits: tf.Tensor, labels: tf.Tensor, weights: tf.Tensor | None = None
) -> tf.Tensor:
    """-mean w log softmax(m(x_s))_{y_s}, a scalar.

    Args:
        logits: m(x_s), [batch, K].
        labels: y_s, integers [batch].
        weights: w, [batch]; None where all weigh 1. The mean is over the batch, as Keras has it: an
            example of weight 2 counts as two.
    """
    energies = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_mean(energies if weights is None else weights * energies)
