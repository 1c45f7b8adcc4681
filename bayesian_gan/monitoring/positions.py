"""Where the chains have been: the mean of all weights since the sampling began."""

from collections.abc import Mapping

import numpy as np

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.players import PLAYERS


class Positions:
    """Running mean of the weights of every network, theta_n = theta_(n-1) + (theta - theta_(n-1)) / n.

    It reads the weights and changes nothing. A checkpoint holds it, so that a run that resumes has
    the mean of all that it sampled.

    Args:
        model: the Bayesian GAN.

    Attributes:
        count: n, states that the mean is over.
    """

    def __init__(self, model: BayesianGAN) -> None:
        self.model, self.count = model, 0
        self._means: dict[tuple[str, int], list[np.ndarray]] = {}

    def add(self) -> None:
        """Takes up the weights as they are now."""
        self.count += 1
        for key, weights in _weights(self.model).items():
            if self.count == 1:
                self._means[key] = [np.array(w) for w in weights]
                continue
            for mean, w in zip(self._means[key], weights, strict=True):
                mean += (w - mean) / np.float32(self.count)

    def mean(self, player: str, index: int) -> list[np.ndarray]:
        """Of the trainable weights of a network, float32; `count` must be at least 1."""
        return self._means[player, index]

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it, for a checkpoint; nothing where nothing was taken up."""
        if self.count == 0:
            return {}
        found = {"count": np.array(self.count)}
        for (player, index), means in self._means.items():
            found |= {f"{player}_{index:04d}/{k:03d}": mean for k, mean in enumerate(means)}
        return found

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Goes back to `arrays`. An older version's checkpoint has none: the mean then begins anew."""
        self.count, self._means = int(arrays.get("count", 0)), {}
        if self.count == 0:
            return
        for key, weights in _weights(self.model).items():
            name = f"{key[0]}_{key[1]:04d}"
            self._means[key] = [np.array(arrays[f"{name}/{k:03d}"]) for k in range(len(weights))]


def _weights(model: BayesianGAN) -> dict[tuple[str, int], list[np.ndarray]]:
    return {
        (player, i): [v.numpy() for v in network.trainable_variables]
        for player in PLAYERS
        for i, network in enumerate(getattr(model, f"{player}s"))
    }
