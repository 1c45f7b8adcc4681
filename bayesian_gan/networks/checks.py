"""What a network of the user's must be, seen in its layers before any work: one line where it is not."""

from collections.abc import Iterator
from typing import Any

import keras

from bayesian_gan.errors import InputError
from bayesian_gan.networks.outputs import symbolic_output
from bayesian_gan.networks.replication import is_graph, subclassed

# Names without "_" and "_v2". What makes probabilities, or their logarithms, of logits.
OF_PROBABILITIES = {
    "softmax",
    "logsoftmax",
    "sigmoid",
    "logsigmoid",
    "hardsigmoid",
    "sparsesigmoid",
    "sparsemax",
}
# What cannot give all numbers of [-1, 1].
NEVER_NEGATIVE = {
    "softmax",
    "sigmoid",
    "hardsigmoid",
    "sparsesigmoid",
    "sparsemax",
    "relu",
    "relu6",
    "softplus",
    "exponential",
}
# Layers and operations that leave the numbers as they are, at least outside of training.
_PASSING = {
    "ActivationNoise",
    "Cast",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "Reshape",
    "Squeeze",
}
_IMAGE_RANK = 4  # Of a batch.


def check_network(name: str, network: Any) -> None:
    """Checks what both players' networks must be.

    Args:
        name: of the argument, "generator" or "discriminator".
        network: what was given.

    Raises:
        InputError: it is no built functional or sequential model of one input, has no trainable
            weights, takes images as [batch, channels, height, width], or has regularizers or constraints.
    """
    if not isinstance(network, keras.Model):
        raise InputError(f"{name} must be a built keras.Model, not {network!r}")
    if isinstance(network, keras.Sequential) and not network.built:
        raise InputError(
            f"the {name} {network.name!r} is not built: give it keras.Input(shape) as its first layer"
        )
    if not is_graph(network):
        raise InputError(f"the {name}: {subclassed(network)}")
    if not isinstance(network.input_shape, tuple):
        raise InputError(
            f"the {name} {network.name!r} takes a list or dict of {len(network.inputs)} inputs: give a "
            "network of one, keras.Model(x, ...)"
        )
    if not network.trainable_weights:
        raise InputError(
            f"the {name} {network.name!r} has no trainable weights, so there is nothing to sample: set its "
            "trainable to True, and only that of the layers that are to be frozen to False"
        )
    for layer in network._flatten_layers():
        _check_unregularised(name, layer)
        if getattr(layer, "data_format", None) == "channels_first" and _is_of_images(layer):
            raise InputError(
                f"the {name}'s layer {layer.name!r} is channels_first, and images are [batch, height, "
                'width, channels] here: give its layers data_format="channels_last", or call '
                'keras.config.set_image_data_format("channels_last") before they are made'
            )


def _check_unregularised(name: str, layer: keras.layers.Layer) -> None:
    """Refuses what Keras would add to a loss, or do to weights after a step: neither is in the energies."""
    for attribute, value in vars(layer).items():
        if value is None:
            continue
        if attribute.endswith("regularizer"):
            raise InputError(
                f"the {name}'s layer {layer.name!r} is given {attribute.lstrip('_')}, which the energies "
                "do not hold: leave it out, and give BayesianGAN(..., prior=Normal(s)): L2(c) is a prior of "
                "variance s^2 = 1 / (2 c N)"
            )
        if attribute.endswith("constraint"):
            raise InputError(
                f"the {name}'s layer {layer.name!r} is given {attribute.lstrip('_')}, and weights that are "
                "put back after a step are no draws of the posterior: leave it out"
            )


def check_outputs(discriminator: keras.Model) -> None:
    """Checks what a discriminator gives.

    Raises:
        InputError: it is neither logits [batch, K] nor a dict of outputs [batch, n] with such; or
            the logits are probabilities: energies are of logits.
    """
    outputs = symbolic_output(discriminator)
    named = outputs if isinstance(outputs, dict) else {"logits": outputs}
    if isinstance(outputs, (list, tuple)):
        raise InputError(
            f"the discriminator has a list of {len(outputs)} outputs: give them names, "
            'keras.Model(x, {"logits": ..., "features": ...})'
        )
    if "logits" not in named:
        raise InputError(f'the discriminator has outputs {sorted(named)} and none named "logits"')
    for name in ("logits", "features", "critic"):
        if name in named and len(named[name].shape) != 2:
            raise InputError(
                f"the discriminator's {name} must be [batch, n], not {named[name].shape}: add "
                "keras.layers.Flatten()"
            )
    for name in ("logits", "critic"):
        for activation in final_activations(named[name]) if name in named else ():
            if activation in OF_PROBABILITIES:
                raise InputError(
                    f"the discriminator {discriminator.name!r} ends in {activation}, and its output must be "
                    "logits, any real numbers: leave the activation out"
                )


def check_image_range(generator: keras.Model) -> None:
    """Raises InputError where a generator cannot make images in [-1, 1]; vectors have any range."""
    if len(generator.output_shape) != _IMAGE_RANK:
        return
    for activation in final_activations(symbolic_output(generator)):
        if activation in NEVER_NEGATIVE:
            raise InputError(
                f"the generator {generator.name!r} ends in {activation}, which is never negative, and images "
                "lie in [-1, 1]: end in tanh, or add keras.layers.Rescaling(2.0, -1.0) to a sigmoid"
            )


def final_activations(tensor: Any) -> Iterator[str]:
    """Names of the activations that a symbolic output went through last, the last one first.

    Nested models are looked into, and layers that change no numbers are passed. Names are in lower
    case, without "_".
    """
    while True:
        operation, node, index = tensor._keras_history
        if is_graph(operation):
            tensor = keras.tree.flatten(operation.outputs)[index]
            continue
        yield from (_name(function) for function in _functions(operation))
        inputs = operation._inbound_nodes[node].arguments.keras_tensors
        if not _passes(operation) or not inputs:
            return
        tensor = inputs[0]


def _functions(operation: Any) -> Iterator[Any]:
    """What an operation may apply to its inputs last."""
    yield operation
    for attribute in ("activation", "function"):
        function = getattr(operation, attribute, None)
        if function is not None:
            yield function


def _name(function: Any) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return name.removesuffix("_v2").replace("_", "").lower()


def _passes(operation: Any) -> bool:
    if isinstance(operation, keras.layers.Activation):
        return _name(operation.activation) == "linear"
    return type(operation).__name__ in _PASSING


def _is_of_images(layer: keras.layers.Layer) -> bool:
    """Whether a layer that has been called takes a batch of images; vectors have no channels to be first."""
    shapes = [tensor.shape for node in layer._inbound_nodes for tensor in node.input_tensors]
    return any(len(shape) == _IMAGE_RANK for shape in shapes)
