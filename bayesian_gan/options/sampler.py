"""Options of the warm-up and of the sampler that follows it."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.options.option import Group, Need, option

SINGLE = Need(lambda config: config.ml, "--ml, a single DCGAN: add it, or leave --{name} out")


@dataclass(frozen=True)
class SamplerOptions(Group):
    """Minibatches, learning rates, and what is drawn of the posterior."""

    title = "sampler"

    batch_size: int = option(64, low=2, at_parse=False, why="for batch normalisation")
    """Images in a minibatch: unlabelled, labelled (at most N), and of each generator."""

    labelled_batch_size: int | None = option(None, low=1)
    """Labelled images in a minibatch. By default batch_size, or N if that is less."""

    lr: float = option(0.005, above=0.0)
    """Learning rate for the mean energy per example."""

    lr_decay: float = option(3.0, low=0.0, high=10.0)
    """Decay: lr * exp(-lr_decay * min(1, iteration * batch_size / training images)). Beyond 10
    the steps would be too small to change a weight.
    """

    cosine_from: float | None = option(None, low=0.0, high=1.0)
    """Part of the warm-up after which its learning rate falls to 0 as a cosine (instead of
    --lr_decay). With --optimizer adam, Adam goes on after the warm-up at --lr with its decay.
    """

    optimizer: Literal["sgd", "adam"] = option("sgd")
    """What follows the Adam warm-up. sgd: SGHMC under --objective paper (stochastic gradient
    descent with momentum 1 - friction, and noise), SGD with momentum 0.5 under --objective
    authors, --ml or --ml_ensemble. adam: Adam goes on; nothing is sampled, the posterior is
    then a trajectory of Adam.
    """

    warm_up: int = option(5000, low=0, unit="iterations")
    """Iterations of Adam (beta1 0.5) before sampling starts from zero velocity."""

    sampler_lr: float | None = option(None, above=0.0)
    """Constant learning rate of SGHMC (eta = sampler_lr / training images). By default --lr
    with its decay.
    """

    temperature: float = option(1.0, low=0.0, may_differ=("branch",))
    """SGHMC's temperature: 1 samples the posterior, 0 adds no noise."""

    friction: float = option(0.1, low=0.0, high=1.0, may_differ=("branch",))
    """SGHMC's friction alpha."""

    noise: Literal["normal", "rademacher"] = option("normal", may_differ=("branch",))
    """SGHMC's noise: normal, or random signs (rademacher), which have the same first three
    moments and cost next to nothing.
    """

    collect_every: int = option(1000, low=1, unit="iterations", may_differ=("branch",))
    """Iterations between posterior draws after the warm-up."""

    max_samples: int | None = option(None, low=1, may_differ=("branch",))
    """Posterior draws kept on disk (the most recent); each holds the weights of all networks.
    By default all.
    """

    swag: int | None = option(
        None, low=2, at_parse=False, needs=(SINGLE,), why="for a covariance", since="2.0.0"
    )
    """Rank of a Gaussian along the path of a DCGAN (Maddox et al. 2019, SWAG): what is collected
    after the warm-up gives its mean, its diagonal and this many columns of its covariance, and the
    run's posterior is 20 draws of it. No training beyond --ml's.
    """
