"""Networks as configurations, which a file keeps and another process reads without running code."""

from typing import Any

import keras

from bayesian_gan.errors import InputError
from bayesian_gan.networks.replication import is_own_function

# Attributes of Keras's layers that may be functions of the user's.
_HOLDERS = ("activation", "function", "mask", "recurrent_activation", "_output_shape")
_ENDS = ("_initializer", "_regularizer", "_constraint")


def described(network: keras.Model) -> dict[str, Any]:
    """The configuration of a network, which `keras.saving.deserialize_keras_object` reads.

    Raises:
        InputError: a layer of it holds a function of Python, whose code no file is to hold.
    """
    for layer in network._flatten_layers():
        for function in python_functions(layer):
            raise InputError(
                f"the network {network.name!r} cannot be saved: its layer {layer.name!r} holds {function}, a "
                "function of Python, whose code would have to be stored and run; write a layer class for "
                "it, registered with keras.saving.register_keras_serializable"
            )
    found: dict[str, Any] = keras.saving.serialize_keras_object(network)
    return found


def python_functions(layer: keras.layers.Layer) -> list[str]:
    """Names of the functions that a layer holds and that neither Keras nor a registration knows."""
    return [
        getattr(value, "__name__", type(value).__name__)
        for name, value in vars(layer).items()
        if (name in _HOLDERS or name.endswith(_ENDS))
        and is_own_function(value)
        and not is_registered(value)
    ]


def is_registered(function: Any) -> bool:
    """Whether a configuration's name for a function leads to it, or to what computes the same.

    An object that is called as a function is known by its class.
    """
    if hasattr(function, "get_config") and hasattr(function, "from_config"):
        return _leads_to(type(function))
    if str(function.__module__).startswith("tensorflow."):
        return hasattr(keras.activations, getattr(function, "__name__", ""))
    return _leads_to(function)


def _leads_to(known: Any) -> bool:
    if not hasattr(known, "__name__"):  # functools.partial, or an object that is called.
        return False
    return keras.saving.get_registered_object(keras.saving.get_registered_name(known)) is known
