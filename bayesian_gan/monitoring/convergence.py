"""Do the chains agree on what they predict? R-hat and effective sample sizes of functionals.

Weights of a neural network are not identified: two chains can sit in different corners of weight
space and be the same function. So what is followed is what the discriminators say about a few fixed
images.

A chain is one state of all its networks. Its J_d discriminators are parts of that state, they meet
the same generators, and the posterior is the same where two of them change places: they are no
chains of their own. So a functional of a chain is one of the average of its discriminators'
probabilities, which is what the chain predicts, and no matter which of them is the first.
"""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.special import logsumexp

from bayesian_gan.data.batches import to_unit
from bayesian_gan.evaluation.draws import MIN_DRAWS, Convergence
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.outputs import real_logit, split_outputs
from bayesian_gan.samplers.convergence import ess_bulk, ess_tail, rhat


@dataclass(frozen=True)
class Mixing:
    """How well chains agree, functional by functional.

    Attributes:
        rhat: rank-normalised split R-hat (Vehtari et al. 2021), float64 [functionals]; infinite
            where a chain stands still and another does not, or a draw is no number.
        ess_bulk: effective sample size for means and medians, over all chains, [functionals].
        ess_tail: for the 5% and the 95% quantile, [functionals].
    """

    rhat: np.ndarray
    ess_bulk: np.ndarray
    ess_tail: np.ndarray


def mixing(draws: np.ndarray) -> Mixing:
    """R-hat and effective sample sizes of every functional.

    Args:
        draws: [draws, chains, functionals], successive ones of each chain, at least `MIN_DRAWS`. A
            single chain is compared with itself, its first half with its second.
    """
    draws = np.asarray(draws, np.float64)
    found = rhat(draws)
    bulk, tail = ess_bulk(draws), ess_tail(draws)
    # What is not known counts as the worst, so that no comparison lets it pass.
    return Mixing(
        np.where(np.isnan(found), np.inf, found),
        np.where(np.isnan(bulk), 0.0, bulk),
        np.where(np.isnan(tail), 0.0, tail),
    )


def convergence(draws: np.ndarray, most: int | None = None) -> Convergence | None:
    """The worst and the median of `mixing` over the functionals that move at all.

    Args:
        draws: [draws, chains, functionals].
        most: draws that serve; of more, every k-th does.

    Returns:
        None for fewer than `MIN_DRAWS` draws. Where nothing moves at all, R-hat is infinite and no
        draw is worth anything.
    """
    if most is not None:
        draws = draws[:: -(-len(draws) // most)]
    if len(draws) < MIN_DRAWS:
        return None
    moves = draws.max((0, 1)) != draws.min((0, 1))
    if not moves.any():
        return Convergence(*draws.shape[:2], np.inf, np.inf, 0.0, 0.0, 0.0)
    draws = draws[:, :, moves]
    found = mixing(draws)
    return Convergence(
        len(draws),
        draws.shape[1],
        float(found.rhat.max()),
        float(np.median(found.rhat)),
        float(found.ess_bulk.min()),
        float(np.median(found.ess_bulk)),
        float(found.ess_tail.min()),
    )


def of_chains(draws: np.ndarray, num_disc: int) -> np.ndarray:
    """The log-odds of each chain's averaged probability.

    Args:
        draws: log-odds of every discriminator, chain by chain, [draws, M * J_d, functionals].
        num_disc: J_d.

    Returns:
        Float64 [draws, M, functionals]; for J_d = 1 the same numbers.
    """
    draws = np.asarray(draws, np.float64)
    if num_disc == 1:
        return draws
    split = draws.reshape(len(draws), -1, num_disc, draws.shape[2])
    # log p = -log(1 + exp(-l)) and log (1 - p) = -log(1 + exp(l)): no probability rounds to 1.
    log_p, log_q = (logsumexp(-np.logaddexp(0.0, s * split), axis=2) for s in (-1.0, 1.0))
    return log_p - log_q


class Functionals:
    """What every discriminator says about fixed images.

    With K > 1 logits: the log-odds log P(y) / (1 - P(y)) of the image's class y; with K = 1, or
    without labels, those of its being real (`networks.outputs.real_logit`). Log-odds, for
    probabilities crowd at 0 and 1.

    Args:
        model: the Bayesian GAN.
        images: uint8 or floats in [-1, 1], [n, height, width, channels].
        labels: integers [n], or None.
    """

    def __init__(self, model: BayesianGAN, images: np.ndarray, labels: np.ndarray | None) -> None:
        self.model, self._images = model, tf.constant(images)
        classifies = labels is not None and model.num_classes > 1
        self._labels = tf.constant(labels, tf.int32) if classifies else None
        self._function = tf.function(self._compute)

    def __call__(self) -> np.ndarray:
        """Float32 [discriminators, n]."""
        return self._function().numpy()

    def _compute(self) -> tf.Tensor:
        images = to_unit(self._images)
        return tf.stack([self._log_odds(d, images) for d in self.model.discriminators])

    def _log_odds(self, discriminator: keras.Model, images: tf.Tensor) -> tf.Tensor:
        outputs = discriminator(images, training=False)
        if self._labels is None:
            return tf.cast(real_logit(outputs), tf.float32)
        logits = tf.cast(split_outputs(outputs)[0], tf.float32)
        of_class = tf.gather(logits, self._labels, axis=1, batch_dims=1)
        is_class = tf.one_hot(self._labels, logits.shape[-1], on_value=True, off_value=False)
        return of_class - tf.reduce_logsumexp(tf.where(is_class, -np.inf, logits), axis=-1)
