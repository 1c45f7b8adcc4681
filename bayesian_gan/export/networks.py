"""Networks of one player that are exported together."""

from dataclasses import dataclass, replace

import keras
import numpy as np

from bayesian_gan.export.plain import plain_network


def sample_name(iteration: int, member: int) -> str:
    """The name of a sample in a file's name: names sort as the samples do.

    Args:
        iteration: at which the network had its weights.
        member: index of the network among those of its player, chain by chain.
    """
    return f"{iteration:08d}_{member:04d}"


@dataclass(frozen=True, eq=False)
class Networks:
    """S posterior samples of one player.

    Attributes:
        network: the architecture; its own weights are not used.
        names: of the members, "ITERATION_MEMBER" as `sample_name`, or "student".
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
