"""Networks in Keras's own layers alone, so that they load, and convert, without this package."""

from typing import Any

import keras

from bayesian_gan.errors import InputError
from bayesian_gan.networks.image_ends import ImageConv2D, ImageConv2DTranspose
from bayesian_gan.networks.noise import ActivationNoise
from bayesian_gan.networks.normalization import GhostBatchNormalization, LayerNormalization
from bayesian_gan.networks.replication import clone_network, rebuilt
from bayesian_gan.networks.saving import python_functions


def plain_network(
    network: keras.Model, dtype: str | None = None, others: bool = False
) -> keras.Model:
    """The same function of the same weights, in inference, made of Keras's layers.

    Ghost batch normalisation, which outside training is batch normalisation by its running
    averages, becomes `BatchNormalization` and `LeakyReLU` (or `ReLU`), likewise layer
    normalisation; the convolutions at the image end become plain ones; activation noise, which
    outside training is none, is left out. The weights, in the order of `network.weights`, fit both.

    Args:
        network: functional, or sequential.
        dtype: policy of all its layers, such as "float32"; None keeps them.
        others: whether layers that are neither Keras's nor this package's, and functions of
            Python in layers, are kept as they are.

    Returns:
        A functional model, with initial weights.

    Raises:
        InputError: there are such layers or functions, and `others` is False.
    """
    slopes: dict[int, float] = {}
    left_out: set[int] = set()

    def change(config: dict[str, Any]) -> dict[str, Any]:
        return config | ({} if dtype is None else {"dtype": dtype})

    def replace(layer: keras.layers.Layer) -> keras.layers.Layer:
        if not others:
            _check_plain(network, layer)
        new = _replaced(layer, change)
        slope = getattr(layer, "negative_slope", None)
        if isinstance(layer, (GhostBatchNormalization, LayerNormalization)) and slope is not None:
            slopes[id(new)] = slope
        if isinstance(layer, ActivationNoise):
            left_out.add(id(new))
        return new

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        if id(layer) in left_out:
            return args[0]
        outputs = layer(*args, **kwargs)
        if id(layer) not in slopes:
            return outputs
        activation = keras.layers.LeakyReLU(
            slopes[id(layer)], dtype=layer.dtype_policy, name=f"{layer.name}_activation"
        )
        return activation(outputs)

    return clone_network(network, replace, call)


def _check_plain(network: keras.Model, layer: keras.layers.Layer) -> None:
    """Raises InputError where a layer needs code that a file does not hold."""
    what = None
    if not type(layer).__module__.startswith(("keras.", "bayesian_gan.")):
        what = f"a layer {type(layer).__name__}"
    elif functions := python_functions(layer):
        what = f"a function {functions[0]} of Python in its layer {layer.name}"
    if what is not None:
        raise InputError(
            f"the network {network.name!r} has {what} that is not Keras's own: it would not load without "
            "its code; export savedmodel, which needs none"
        )


def _replaced(layer: keras.layers.Layer, change: Any) -> keras.layers.Layer:
    if isinstance(layer, GhostBatchNormalization):
        config = change(layer.get_config())
        kept = {key: config[key] for key in ("name", "dtype", "momentum", "epsilon")}
        return keras.layers.BatchNormalization(center=False, scale=False, **kept)
    if isinstance(layer, LayerNormalization):
        config = change(layer.get_config())
        kept = {key: config[key] for key in ("name", "dtype", "epsilon")}
        axes = list(range(1, len(layer.input.shape)))
        return keras.layers.LayerNormalization(axes, center=False, scale=False, **kept)
    kinds: dict[Any, Any] = {
        ActivationNoise: keras.layers.Identity,
        ImageConv2D: keras.layers.Conv2D,
        ImageConv2DTranspose: keras.layers.Conv2DTranspose,
    }
    kind = kinds.get(type(layer), type(layer))
    if kind is keras.layers.Identity:  # Not called: see `plain_network`.
        return kind(name=layer.name)
    return rebuilt(layer, change, kind)
