"""How many inputs a unit sums over: the fan-in of each weight of a network."""

import math

import keras

from bayesian_gan.errors import InputError

_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_SEPARABLE = (keras.layers.SeparableConv1D, keras.layers.SeparableConv2D)
# What is added or multiplied, one number for each unit, whatever its rank.
_NO_KERNELS = ("bias", "gamma", "beta", "scale", "alpha")
_RECURRENT = ("kernel", "recurrent_kernel")


def fan_ins(network: keras.Model) -> list[float | None]:
    """The fan-in of each of `network.trainable_variables`; None of what is no kernel.

    It is the number of products that a unit's sum has. Kernels lie as

        Dense           [in, out]                   in
        Conv            [*k, in, out]               prod(k) in          (in: of its group)
        DepthwiseConv   [*k, in, multiplier]        prod(k)
        ConvTranspose   [*k, out, in]               prod(k) in / prod(strides), in the mean over positions
        EinsumDense     as its equation says        those letters of the kernel that the output lacks

    and the cells of recurrent layers as Dense. Biases, weights of normalisation, and all vectors are
    no kernels.

    Raises:
        InputError: a layer has another weight of more than one axis.
    """
    # A layer's own, without those of layers inside it.
    owners = {
        id(variable): layer
        for layer in network._flatten_layers()
        for variable in (*layer._trainable_variables, *layer._non_trainable_variables)
    }
    return [_fan_in(owners[id(v)], v, network.name) for v in network.trainable_variables]


def _fan_in(layer: keras.layers.Layer, variable: keras.Variable, network: str) -> float | None:
    name, shape = variable.name, tuple(variable.shape)
    if len(shape) < 2 or name in _NO_KERNELS:
        return None
    if isinstance(layer, _TRANSPOSED):
        return math.prod((*shape[:-2], shape[-1])) / math.prod(layer.strides)
    if isinstance(layer, _DEPTHWISE) or name == "depthwise_kernel":
        return float(math.prod(shape[:-2]))
    if isinstance(layer, keras.layers.EinsumDense):
        return float(_contracted(layer.equation, shape))
    like_dense = isinstance(layer, (keras.layers.Dense, *_CONVOLUTIONS, *_SEPARABLE))
    of_cell = name in _RECURRENT and hasattr(layer, "state_size")
    if like_dense or of_cell:
        return float(math.prod(shape[:-1]))
    raise InputError(
        f"HeNormal: the weight {variable.path!r} {list(shape)} of {network!r} belongs to a layer "
        f"{type(layer).__name__}, whose fan-in is not known: build the layer from Dense or convolutions, or "
        "give a prior such as Normal(1.0)"
    )


def _contracted(equation: str, shape: tuple[int, ...]) -> int:
    """The product of a kernel's axes that are summed over."""
    inputs, output = equation.replace(" ", "").split("->")
    letters = inputs.split(",")[1]
    return math.prod(size for axis, size in zip(letters, shape, strict=True) if axis not in output)
