"""A posterior whose draws lie in memory, so that an estimator that holds it can be pickled."""

from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.posterior import Posterior
from bayesian_gan.posterior.description import build_network, describe

_NETWORKS = ("_discriminator", "_generator")


class HeldPosterior(Posterior):
    """What `Posterior` is, in memory.

    Args:
        model: whose networks are to be collected; it is not kept.
    """

    def __init__(self, model: BayesianGAN) -> None:
        self.path = Path("posterior")  # Errors begin with it; nothing is written.
        self.config = describe(model, None)
        self._draws: dict[int, dict[str, np.ndarray]] = {}
        self._build()

    def _build(self) -> None:
        self._discriminator = build_network(self.config, "discriminator")
        self._generator = build_network(self.config, "generator")

    @property
    def iterations(self) -> list[int]:
        """Iterations at which draws were collected, ascending."""
        return sorted(self._draws)

    def write(self, iteration: int, arrays: dict[str, np.ndarray]) -> None:
        """Adds a draw.

        Raises:
            InputError: it holds numbers that are not finite.
        """
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise InputError(
                f"weights are not finite at iteration {iteration}: give a smaller learning_rate"
            )
        self._draws[iteration] = {name: np.array(array) for name, array in arrays.items()}

    def _read(self, iteration: int) -> dict[str, np.ndarray]:
        return self._draws[iteration]

    def __getstate__(self) -> dict[str, Any]:
        """All but the networks, whose weights are those of whichever draw was used last."""
        return {name: value for name, value in vars(self).items() if name not in _NETWORKS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Builds the networks again."""
        vars(self).update(state)
        self._build()
