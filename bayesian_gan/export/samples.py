"""Which posterior samples are exported, and their weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import keras
import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.export.plain import plain_network
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
        """The two numbers, for a file's name: they sort as the samples do."""
        return f"{self.iteration:08d}_{self.member:04d}"


@dataclass(frozen=True, eq=False)
class Networks:
    """S posterior samples of one player.

    Attributes:
        network: the architecture; its own weights are not used.
        names: of the members, "ITERATION_MEMBER" as `Sample.name`, or "student".
        weights: of every member, in the order of `network.weights`.
    """

    network: keras.Model
    names: tuple[str, ...]
    weights: tuple[tuple[np.ndarray, ...], ...]

    def __len__(self) -> int:
        """S."""
        return len(self.names)

    def last(self) -> "Networks":
        """The last sample alone."""
        return replace(self, names=self.names[-1:], weights=self.weights[-1:])

    def plain(self, dtype: str | None = None, others: bool = False) -> "Networks":
        """The same networks in Keras's own layers; see `plain_network`."""
        return replace(self, network=plain_network(self.network, dtype, others))

    def load(self, member: int) -> keras.Model:
        """`network` itself, given the weights of a member."""
        self.network.set_weights(list(self.weights[member]))
        return self.network


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
