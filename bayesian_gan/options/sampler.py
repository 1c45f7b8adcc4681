"""Options of the warm-up and of the sampler that follows it."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.options.option import Group, option


@dataclass(frozen=True)
class SamplerOptions(Group):
    """Minibatches, learning rates, and what is drawn of the posterior."""

    title = "sampler"

    batch_size: int = option(
        64,
        "Images in a minibatch: unlabelled, labelled (at most N), and of each generator.",
        low=2,
        at_parse=False,
        why="for batch normalisation",
    )
    labelled_batch_size: int | None = option(
        None,
        "Labelled images in a minibatch. By default batch_size, or N if that is less.",
        low=1,
    )
    lr: float = option(0.005, "Learning rate for the mean energy per example.", above=0.0)
    lr_decay: float = option(
        3.0,
        "Decay: lr * exp(-lr_decay * min(1, iteration * batch_size / training images)).",
        low=0.0,
    )
    cosine_from: float | None = option(
        None,
        "Part of the warm-up after which its learning rate falls to 0 as a cosine (instead of --lr_decay).",
        low=0.0,
        high=1.0,
    )
    optimizer: Literal["sgd", "adam"] = option(
        "sgd",
        "What follows the Adam warm-up. sgd: SGHMC under --objective paper (stochastic gradient descent with "
        "momentum 1 - friction, and noise), SGD with momentum 0.5 under --objective authors, --ml or "
        "--ml_ensemble. adam: Adam goes on; nothing is sampled, the posterior is then a trajectory of Adam.",
    )
    warm_up: int = option(
        5000,
        "Iterations of Adam (beta1 0.5) before sampling starts from zero velocity.",
        low=0,
        unit="iterations",
    )
    sampler_lr: float | None = option(
        None,
        "Constant learning rate of SGHMC (eta = sampler_lr / training images). By default --lr with its decay.",
        above=0.0,
    )
    temperature: float = option(
        1.0,
        "SGHMC's temperature: 1 samples the posterior, 0 adds no noise.",
        low=0.0,
        may_differ=("branch",),
    )
    friction: float = option(
        0.1, "SGHMC's friction alpha.", low=0.0, high=1.0, may_differ=("branch",)
    )
    noise: Literal["normal", "rademacher"] = option(
        "normal",
        "SGHMC's noise: normal, or random signs (rademacher), which have the same first three moments and cost "
        "next to nothing.",
        may_differ=("branch",),
    )
    collect_every: int = option(
        1000,
        "Iterations between posterior draws after the warm-up.",
        low=1,
        unit="iterations",
        may_differ=("branch",),
    )
    max_samples: int | None = option(
        None,
        "Posterior draws kept on disk (the most recent); each holds the weights of all networks. By default "
        "all.",
        low=1,
        may_differ=("branch",),
    )
