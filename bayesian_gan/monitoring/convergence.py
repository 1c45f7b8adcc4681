"""Do the chains agree on what they predict? Effective sample size and R-hat of functionals.

Weights of a neural network are not identified: two chains can sit in different corners of weight
space and be the same function. So what is followed is what the discriminators say about a few fixed
images.
"""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives.base import log_z
from bayesian_gan.monitoring.health import logits_of
from bayesian_gan.samplers.convergence import ess_bulk, rhat

MIN_DRAWS = 8
MAX_DRAWS = 1000


@dataclass(frozen=True)
class Convergence:
    """Of several functionals over all chains.

    Attributes:
        draws: of each chain, those that were used.
        chains: discriminators.
        rhat_max: largest R-hat over the functionals: near 1 where the chains agree.
        rhat_median: its median.
        ess_min: smallest effective sample size over the functionals, of at most `draws * chains`.
        ess_median: its median.
    """

    draws: int
    chains: int
    rhat_max: float
    rhat_median: float
    ess_min: float
    ess_median: float


def convergence(draws: np.ndarray) -> Convergence | None:
    """R-hat and effective sample size of functionals.

    Args:
        draws: [draws, chains, functionals], successive ones of each chain. Up to an eighth of them,
            the first, is not used.

    Returns:
        None for fewer than `MIN_DRAWS` draws, or where no functional has moved. A single chain is
        compared with itself, its first half with its second.
    """
    # Beyond MAX_DRAWS every k-th serves: neighbours that far into a chain add next to nothing.
    thinning = -(-len(draws) // MAX_DRAWS)
    draws = np.asarray(draws, np.float64)[::thinning]
    draws = draws[-_round_down(len(draws)) :]
    if len(draws) < MIN_DRAWS:
        return None
    draws = draws[:, :, np.all(np.ptp(draws, axis=0) > 0.0, axis=0)]
    if draws.shape[2] == 0:
        return None
    mixing, size = rhat(draws), ess_bulk(draws)
    return Convergence(
        len(draws),
        draws.shape[1],
        float(mixing.max()),
        float(np.median(mixing)),
        float(size.min()),
        float(np.median(size)),
    )


def _round_down(count: int) -> int:
    """The largest number of four significant bits that is at most `count`.

    TensorFlow keeps memory for every length that it meets: 20 kB each, which over a long run would
    add up.
    """
    shift = max(0, count.bit_length() - 4)
    return count >> shift << shift


class Functionals:
    """What every discriminator says about fixed images.

    With K > 1 logits: the log-odds log P(y) / (1 - P(y)) of the image's class y; with K = 1, or
    without labels, those of its being real. Log-odds, for probabilities crowd at 0 and 1.

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
        logits = logits_of(discriminator, images)
        if self._labels is None:
            return log_z(logits)
        of_class = tf.gather(logits, self._labels, axis=1, batch_dims=1)
        is_class = tf.one_hot(self._labels, logits.shape[-1], on_value=True, off_value=False)
        return of_class - log_z(tf.where(is_class, -np.inf, logits))
