"""Copies of a network with other initial weights: the posterior samples at iteration 0."""

from typing import Any

import keras
import numpy as np

from bayesian_gan.errors import InputError


def replicate(template: keras.Model, seed: tuple[int, ...]) -> keras.Model:
    """Returns a new model of the template's architecture with initial weights drawn from `seed`.

    Keras copies the seeds of initialisers and of random layers with the configuration, so plain
    clones would all start from the same weights. Here every seed of the configuration is drawn
    anew.

    Args:
        template: a functional or sequential model. Its weights are not used.
        seed: integers that name the copy, such as (random seed, player, chain, index).

    Raises:
        InputError: the template is a subclassed model, whose layers Keras cannot clone.
    """
    numbers = np.random.default_rng(np.random.SeedSequence(seed))

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        return type(layer).from_config(_reseed(layer.get_config(), numbers))

    try:
        return keras.models.clone_model(template, clone_function=clone)
    except ValueError as error:
        raise InputError(
            f"the model {template.name!r} cannot be replicated for every posterior sample: give a "
            f"functional or sequential keras.Model ({str(error).splitlines()[0]})"
        ) from error


def _reseed(config: Any, numbers: np.random.Generator) -> Any:
    """A copy of a Keras configuration in which each value of a key "seed" is a fresh integer."""
    if isinstance(config, dict):
        return {
            key: int(numbers.integers(2**31)) if key == "seed" else _reseed(value, numbers)
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_reseed(value, numbers) for value in config)
    return config
