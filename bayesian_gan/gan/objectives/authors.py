"""The released program's losses, literally."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.objectives.base import Objective, Pairs, Seed, Weights
from bayesian_gan.gan.priors import Normal, Prior
from bayesian_gan.gan.terms.base import Term
from bayesian_gan.samplers import stateless

AUTHORS_ALPHA = 0.01
AUTHORS_ETA = 2e-4


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class Authors(Objective):
    """All networks of all chains meet; logsumexp over the other player's; a noise term that does not sample.

        loss_d = logsumexp_g [ labelled + J_g * real + fake_g + prior + noise ]
        loss_g = logsumexp_d [ -log P(real) of its fakes + distance of features + prior + noise ]

    J_g is not multiplied by the number of chains. The prior is `Normal`, as the program has it: see
    `authors_prior`. Without a prior (maximum likelihood) there is no noise either. The program has the order
    "discriminators_first".

    Attributes:
        order: see `Objective`.
        augment: likewise.
    """

    all_meet = True

    def discriminator_energies(
        self, pairs: Pairs, regulariser: tf.Tensor, labelled_weight: float, num_gen: int
    ) -> tf.Tensor:
        """[D]."""
        own = (pairs.labelled + num_gen * pairs.real + regulariser)[:, None]
        return tf.reduce_logsumexp(own + pairs.fake, axis=1)

    def generator_energies(self, pairs: Pairs, regulariser: tf.Tensor) -> tf.Tensor:
        """[G]."""
        each = pairs.adversarial
        for value in pairs.terms_g:
            each += value
        return tf.reduce_logsumexp(each + regulariser, axis=0)

    def regulariser(self, prior: Prior, weights: Weights, num_data: int, seed: Seed) -> tf.Tensor:
        """The program's prior and noise terms of one network, a scalar."""
        assert isinstance(prior, Normal)
        noise = authors_noise(weights, seed(), num_data)
        return authors_prior(weights, prior.std, num_data) + noise

    def check(self, discriminator: keras.Model, terms: Sequence[Term], prior: Prior | None) -> None:
        """Raises InputError for a term or a prior that the program does not have."""
        for term in terms:
            if term.player == "discriminator":
                raise InputError(
                    f"{type(term).__name__} does not go with the objective Authors(), whose losses have no "
                    "such term: use Paper(), or leave the term out"
                )
        if prior is not None and not isinstance(prior, Normal):
            raise InputError(f"Authors() needs the prior Normal(), not {type(prior).__name__}")


def authors_prior(weights: Weights, prior_std: float, num_data: int) -> tf.Tensor:
    """The released program's prior: the sum over tensors of mean((w / s)^2), over N; a scalar."""
    return tf.add_n([tf.reduce_mean(tf.square(w / prior_std)) for w in weights]) / num_data


def authors_noise(weights: Weights, seed: tf.Tensor, num_data: int) -> tf.Tensor:
    """The released program's noise term: sum of w * n, n ~ N(0, 2 alpha eta), over N; a scalar.

    Its gradient has the standard deviation 0.002 / N: it does not sample (see the documentation). The
    program draws n for each pairing of one network, here it is drawn once for each network and
    iteration.

    Args:
        weights: of one network.
        seed: int32 [2], stateless.
        num_data: N.
    """
    std = (2.0 * AUTHORS_ALPHA * AUTHORS_ETA) ** 0.5
    terms = [
        tf.reduce_sum(
            w
            * tf.random.stateless_normal(
                w.shape, stateless.fold_in(seed, i), stddev=std, alg=stateless.ALGORITHM
            )
        )
        for i, w in enumerate(weights)
    ]
    return tf.add_n(terms) / num_data
