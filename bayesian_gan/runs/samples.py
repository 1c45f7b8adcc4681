"""Which posterior samples are exported, and their weights."""

from collections.abc import Sequence
from dataclasses import dataclass

from bayesian_gan.errors import InputError
from bayesian_gan.export.networks import Networks, sample_name
from bayesian_gan.posterior import Posterior

PLAYERS = {"classifier": "discriminator", "generator": "generator"}


@dataclass(frozen=True)
class Sample:
    """One network at one iteration.

    Attributes:
        iteration: of the draw.
        member: index of the network in the draw, chain by chain.
    """

    iteration: int
    member: int

    @property
    def name(self) -> str:
        """See `sample_name`."""
        return sample_name(self.iteration, self.member)


def choose(iterations: Sequence[int], members: int, which: str) -> list[Sample]:
    """The samples that `--samples` names, in the order of (iteration, member).

    Args:
        iterations: of the draws, ascending, at least one.
        members: networks of a draw.
        which: "all"; "last", the last network of the last draw; or a number k, from 1 to the number
            of all: k samples spread evenly over the chains and over each chain's draws.

    Raises:
        InputError: `which` is none of these.
    """
    # Chain by chain, so that equal strides take from every chain alike.
    every = [Sample(iteration, member) for member in range(members) for iteration in iterations]
    if which == "all":
        k = len(every)
    elif which == "last":
        k = 1
    else:
        k = int(which) if which.isascii() and which.isdigit() else 0
        if not 1 <= k <= len(every):
            raise InputError(
                f"--samples {which}: give all, last, or a number from 1 to {len(every)}, the samples "
                "collected"
            )
    chosen = [every[(i + 1) * len(every) // k - 1] for i in range(k)]
    return sorted(chosen, key=lambda sample: (sample.iteration, sample.member))


def read(posterior: Posterior, what: str, which: str) -> Networks:
    """The chosen samples of a posterior.

    Args:
        posterior: what was collected.
        what: "classifier" or "generator".
        which: see `choose`.

    Raises:
        InputError: nothing is collected, a draw is damaged, or `which` names no samples.
    """
    posterior.require_draws()
    player = PLAYERS[what]
    members = posterior.num_generators if player == "generator" else posterior.num_discriminators
    samples = choose(posterior.iterations, members, which)
    weights = posterior.weights(player, [(s.iteration, s.member) for s in samples])
    names = tuple(sample.name for sample in samples)
    return Networks(posterior.network(player), names, tuple(weights))
