"""Predictions of a posterior whose chains learnt without a fold of the labels, at the fitted temperature.

The temperature is fitted to what one chain says of its fold, the average q_m(y | x) of its draws. So it
belongs to these averages, and what is predicted is the mean over chains of the tempered ones:

    p(y | x) = (1 / M) sum_m p_T(y | x, q_m)

with p_T averaged over what the labels leave open of T (`evaluation.temperature`). A mean of right
probabilities that differ is a little less sure than right.
"""

from typing import TYPE_CHECKING

import numpy as np

from bayesian_gan.evaluation.temperature import Tempering

if TYPE_CHECKING:
    from bayesian_gan.posterior import Posterior


def by_chain(samples: np.ndarray, num_mcmc: int, num_disc: int) -> np.ndarray:
    """q_m, what each chain predicts.

    Args:
        samples: probabilities of every sample, draw by draw, of a draw chain by chain,
            [draws * M * J_d, n, K].
        num_mcmc: M.
        num_disc: J_d, discriminators of a chain.

    Returns:
        [M, n, K].
    """
    return samples.reshape(-1, num_mcmc, num_disc, *samples.shape[1:]).mean(axis=(0, 2))


def chain_averages(posterior: "Posterior", images: np.ndarray) -> np.ndarray:
    """q_m of images, one draw in memory at a time; float64 [M, n, K].

    Args:
        posterior: with a draw at least.
        images: as for `Posterior.predict`.

    Raises:
        InputError: nothing is collected, or the images do not fit.
    """
    config = posterior.config
    total, draws = np.zeros(()), 0
    for members in posterior.member_probabilities(images):
        total = total + by_chain(members, config["num_mcmc"], config["num_disc"])
        draws += 1
    return total / draws


def calibrated(of_chains: np.ndarray, tempering: Tempering) -> np.ndarray:
    """The mean over chains of their tempered averages, float64 [n, K].

    Args:
        of_chains: q_m, [M, n, K].
        tempering: of the run.
    """
    return tempering.apply(of_chains).mean(axis=0)
