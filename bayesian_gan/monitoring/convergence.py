"""Do the chains agree on what they predict? R-hat and effective sample sizes of functionals.

Weights of a neural network are not identified: two chains can sit in different corners of weight
space and be the same function. So what is followed is what the discriminators say about a few fixed
images.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.evaluation.draws import MIN_DRAWS, Convergence
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.outputs import log_odds
from bayesian_gan.samplers.convergence import ess_bulk, ess_tail, rhat


@dataclass(frozen=True)
class Mixing:
    """How well chains agree, functional by functional.

    Attributes:
        rhat: rank-normalised split R-hat (Vehtari et al. 2021), float64 [functionals]; infinite
            where every chain stands still, or a draw is no number.
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
    still = (draws.max(0) == draws.min(0)).all(0)
    found = rhat(draws)
    bulk, tail = ess_bulk(draws), ess_tail(draws)
    # What is not known counts as the worst, so that no comparison lets it pass.
    return Mixing(
        np.where(np.isnan(found) | still, np.inf, found),
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
        return Convergence(len(draws), draws.shape[1], np.inf, np.inf, 0.0, 0.0, 0.0)
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


class Functionals:
    """What every discriminator says about fixed images.

    Log-odds, for probabilities crowd at 0 and 1: `networks.outputs.log_odds`.

    Args:
        model: the Bayesian GAN.
        images: uint8 or floats in [-1, 1], [n, height, width, channels].
        labels: integers [n], or None.
    """

    def __init__(self, model: BayesianGAN, images: np.ndarray, labels: np.ndarray | None) -> None:
        self.model, self._images = model, tf.constant(images)
        self._labels = None if labels is None else tf.constant(labels, tf.int32)
        self._function = tf.function(self._compute)

    def __call__(self) -> np.ndarray:
        """Float32 [discriminators, n]."""
        return self._function().numpy()

    def _compute(self) -> tf.Tensor:
        images = to_unit(self._images, self.model.input_range)
        discriminators = self.model.discriminators
        return tf.stack([log_odds(d(images, training=False), self._labels) for d in discriminators])
