"""What a chain is, where it has several discriminators.

A chain is one state of all its networks. Its J_d discriminators are parts of that state, they meet
the same generators, and the posterior is the same where two of them change places: they are no
chains of their own. So a functional of a chain is one of the average of its discriminators'
probabilities, which is what the chain predicts, and no matter which of them is the first.
"""

import numpy as np
from scipy.special import logsumexp


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
    count, members, functionals = draws.shape
    split = draws.reshape(count, members // num_disc, num_disc, functionals)
    # log p = -log(1 + exp(-l)) and log (1 - p) = -log(1 + exp(l)): no probability rounds to 1.
    log_p, log_q = (logsumexp(-np.logaddexp(0.0, s * split), axis=2) for s in (-1.0, 1.0))
    return log_p - log_q
