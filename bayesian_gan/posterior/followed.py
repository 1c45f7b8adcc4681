"""The draws as a statistician follows them: numbers of each chain that are identified, for ArviZ."""

from typing import Any

import numpy as np
import tensorflow as tf

from bayesian_gan.networks.outputs import log_odds
from bayesian_gan.networks.players import PLAYERS
from bayesian_gan.posterior.chains import of_chains
from bayesian_gan.posterior.draws import array_name
from bayesian_gan.posterior.networks import DrawnNetworks
from bayesian_gan.samplers.inference_data import inference_data


class Followed(DrawnNetworks):
    """Draws whose chains can be compared."""

    def followed(
        self, images: np.ndarray | None = None, labels: np.ndarray | None = None
    ) -> dict[str, np.ndarray]:
        """Functionals of each chain in each draw.

        The weights themselves are not among them. Units of a network may change places, and scale
        with those of the next layer, and the function stays the same: chains differ in weights where
        they agree in all that can be known. Norms and predictions are the same whatever the places.
        So are they for the J_g generators and J_d discriminators of a chain, which are parts of one
        state: all of a chain's are taken together.

        Args:
            images: on which the discriminators are followed: uint8, or floats in [-1, 1], [n, height,
                width, channels]. None follows the norms alone.
            labels: their classes, integers [n]; without them, or with K = 1, their being real is
                followed.

        Returns:
            Float64 arrays, chains and draws first: `norm_of_generators` and
            `norm_of_discriminators` [M, draws], Euclidean norms of all trainable weights of a chain,
            of which the log density of a Normal prior is -norm^2 / (2 s^2) but for a constant; and
            with images `log_odds` [M, draws, n], of the chain's averaged probability.

        Raises:
            InputError: nothing is collected, the images do not fit, or a draw is damaged.
        """
        self.require_draws()
        x = None if images is None else self._unit(tf.constant(self._checked(images)))
        rows: list[dict[str, np.ndarray]] = []
        for iteration in self.iterations:
            draw = self.draw(iteration)
            row = {f"norm_of_{player}s": self._norms(player, draw) for player in PLAYERS}
            if x is not None:
                row["log_odds"] = self._log_odds(x, labels, draw)
            rows.append(row)
        return {name: np.stack([row[name] for row in rows], axis=1) for name in rows[0]}

    def to_inference_data(
        self, images: np.ndarray | None = None, labels: np.ndarray | None = None
    ) -> Any:
        """`followed` in the group `posterior` of ArviZ's object: chains, draws, images.

        Args:
            images: see `followed`.
            labels: see `followed`.

        Returns:
            `arviz.InferenceData` of ArviZ 0.x, `xarray.DataTree` of 1.x.

        Raises:
            ImportError: ArviZ is not installed.
            InputError: see `followed`.
        """
        return inference_data(self.followed(images, labels))

    def _norms(self, player: str, draw: dict[str, np.ndarray]) -> np.ndarray:
        """[M]."""
        network = self.network(player)
        trained = {id(variable) for variable in network.trainable_variables}
        places = [k for k, variable in enumerate(network.weights) if id(variable) in trained]
        each = self.config["num_gen" if player == "generator" else "num_disc"]
        squares = [
            sum(
                np.square(draw[array_name(player[0], i, k)], dtype=np.float64).sum() for k in places
            )
            for i in range(self.config["num_mcmc"] * each)
        ]
        return np.sqrt(np.reshape(squares, (-1, each)).sum(axis=1))

    def _log_odds(
        self, x: tf.Tensor, labels: np.ndarray | None, draw: dict[str, np.ndarray]
    ) -> np.ndarray:
        """[M, n]."""
        classes = None if labels is None else tf.constant(labels, tf.int32)
        found = []
        for i in range(self.num_discriminators):
            self._assign("d", draw, i)
            outputs = self._discriminator(x, training=False)
            found.append(log_odds(outputs, classes).numpy())
        return of_chains(np.stack(found)[None], self.config["num_disc"])[0]
