"""Networks in Keras's own layers alone, so that they load, and convert, without this package."""

from typing import Any

import keras

from bayesian_gan.errors import InputError
from bayesian_gan.networks.image_ends import ImageConv2D, ImageConv2DTranspose
from bayesian_gan.networks.normalization import GhostBatchNormalization, LayerNormalization


def plain_network(
    network: keras.Model, dtype: str | None = None, others: bool = False
) -> keras.Model:
    """The same function of the same weights, in inference, made of Keras's layers.

    Ghost batch normalisation, which outside training is batch normalisation by its running
    averages, becomes `BatchNormalization` and `LeakyReLU` (or `ReLU`), likewise layer
    normalisation; the convolutions at the image end become plain ones. The weights, in the order of
    `network.weights`, fit both.

    Args:
        network: functional, or sequential.
        dtype: policy of all its layers, such as "float32"; None keeps them.
        others: whether layers that are neither Keras's nor this package's are kept as they are.

    Returns:
        A functional model, with initial weights.

    Raises:
        InputError: there are such layers, and `others` is False.
    """
    slopes: dict[str, float | None] = {}

    def replace(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config() | ({} if dtype is None else {"dtype": dtype})
        if isinstance(layer, GhostBatchNormalization):
            slopes[layer.name] = layer.negative_slope
            kept = {key: config[key] for key in ("name", "dtype", "momentum", "epsilon")}
            return keras.layers.BatchNormalization(center=False, scale=False, **kept)
        if isinstance(layer, LayerNormalization):
            slopes[layer.name] = layer.negative_slope
            kept = {key: config[key] for key in ("name", "dtype", "epsilon")}
            axes = list(range(1, len(layer.input.shape)))
            return keras.layers.LayerNormalization(axes, center=False, scale=False, **kept)
        kinds: dict[Any, Any] = {
            ImageConv2D: keras.layers.Conv2D,
            ImageConv2DTranspose: keras.layers.Conv2DTranspose,
        }
        kind = kinds.get(type(layer), type(layer))
        if not others and not kind.__module__.startswith("keras."):
            raise InputError(
                f"the network {network.name!r} has a layer {kind.__name__} that is not Keras's own: it "
                "would not load without its code; export savedmodel, which needs none"
            )
        return kind.from_config(config)

    def call(layer: keras.layers.Layer, *args: Any, **kwargs: Any) -> Any:
        outputs = layer(*args, **kwargs)
        slope = slopes.get(layer.name)
        if slope is None:
            return outputs
        activation = keras.layers.LeakyReLU(
            slope, dtype=layer.dtype_policy, name=f"{layer.name}_activation"
        )
        return activation(outputs)

    sequential = isinstance(network, keras.Sequential)  # It knows no input but in a list.
    ends = (
        (network.inputs[0], network.outputs[0]) if sequential else (network.input, network.output)
    )
    functional = keras.Model(*ends, name=network.name)
    return keras.models.clone_model(functional, clone_function=replace, call_function=call)
