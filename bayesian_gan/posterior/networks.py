"""Two networks, a generator and a discriminator, that hold the weights of any sample of a posterior."""

import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.data.check_images import check_images, doubt
from bayesian_gan.data.input_range import InputRange
from bayesian_gan.errors import InputError
from bayesian_gan.networks.outputs import num_classes
from bayesian_gan.posterior.description import build_network
from bayesian_gan.posterior.draws import Draws
from bayesian_gan.samplers.stores import Memory


class DrawnNetworks(Draws):
    """Draws, and the networks that their weights belong to."""

    _doubted = False

    def __init__(self, path: str | Path | Memory) -> None:
        super().__init__(path)
        self._discriminator = build_network(self.config, "discriminator")
        self._generator = build_network(self.config, "generator")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the draws in memory, or the folder's name; the networks are built again."""
        return type(self), (self.store if isinstance(self.store, Memory) else self.path,)

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels) of the images that the networks take and make, or (D,) of vectors."""
        return tuple(self._discriminator.input_shape[1:])

    @property
    def input_range(self) -> InputRange:
        """Of images of floats, given and generated."""
        return InputRange.of(self.config["input_range"])

    def _checked(self, images: Any) -> np.ndarray:
        """Images that fit the discriminators, uint8 or floats of `input_range`; see `check_images`."""
        shape = tuple(self._discriminator.input_shape[1:])
        checked = check_images(images, shape, self.input_range)
        reason = None if self._doubted else doubt(checked, self.input_range)
        if reason is not None:
            self._doubted = True
            warnings.warn(reason, stacklevel=4)
        return checked

    def _unit(self, images: tf.Tensor) -> tf.Tensor:
        """Checked images as the networks take them."""
        return to_unit(images, self.input_range)

    @property
    def num_classes(self) -> int:
        """K, the number of logits; 1 is the unsupervised case."""
        return num_classes(self._discriminator)

    def network(self, player: str) -> keras.Model:
        """The network of "generator" or "discriminator" samples; its own weights are no certain sample's."""
        return self._generator if player == "generator" else self._discriminator

    def trained(self, player: str) -> list[int]:
        """Places of the trained weights of a `player` network; the others are running averages."""
        network = self.network(player)
        own = {id(weight) for weight in network.trainable_weights}
        return [k for k, weight in enumerate(network.weights) if id(weight) in own]

    def _assign(self, player: str, draw: dict[str, np.ndarray], member: int) -> None:
        """Gives the weights of one network of a draw to the network that all of `player` share."""
        network = self._generator if player == "g" else self._discriminator
        network.set_weights(self._fitting(player, draw, member))

    def _fitting(self, player: str, draw: dict[str, np.ndarray], member: int) -> list[np.ndarray]:
        """The weights of one network of a draw, of the shapes that the network has."""
        network = self._generator if player == "g" else self._discriminator
        try:
            weights = self._weights_in(draw, player, member)
            for weight, variable in zip(weights, network.weights, strict=True):
                if weight.shape != tuple(variable.shape):
                    raise ValueError(f"{list(weight.shape)} where {list(variable.shape)} is wanted")
        except (KeyError, ValueError) as error:
            raise InputError(
                f"the draw does not hold the weights {player}_{member:04d} of this network ({error}): "
                "it belongs to another model"
            ) from error
        return weights
