"""The collected posterior: predicts with all that lies in its folder, and generates from it."""

from bayesian_gan.posterior.followed import Followed
from bayesian_gan.posterior.generation import Generating
from bayesian_gan.posterior.gradients import Differentiating


class Posterior(Followed, Differentiating, Generating):
    """Posterior samples on disk or in memory: predicts by averaging probabilities over all of them.

    A *draw* is the state of all networks at one iteration: M * J_d discriminator samples and M * J_g
    generator samples.

    Args:
        path: a folder that `Posterior.create`, a run or `CollectPosterior` made.

    Raises:
        InputError: the folder holds no posterior, or one of another format.
    """
