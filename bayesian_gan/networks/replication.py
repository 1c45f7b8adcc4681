"""Copies of a network with other initial weights: the posterior samples at iteration 0."""

import contextlib
import inspect
import random
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras.src.models import Functional

from bayesian_gan.errors import InputError

# What Keras, and a layer's own constructor, raise where they cannot make a layer again.
_FAILURES = (ValueError, TypeError, NotImplementedError, KeyError, AttributeError, RuntimeError)


def replicate(template: keras.Model, seed: tuple[int, ...]) -> keras.Model:
    """Returns a new model of the template's architecture with initial weights drawn from `seed`.

    Keras copies the seeds of initialisers and of random layers with the configuration, so plain
    clones would all start from the same weights. Here every seed of the configuration is drawn
    anew. What is not trainable in the template, frozen weights and running averages, is copied as
    it is; the states of its seed generators are not.

    Args:
        template: a functional or sequential model. Its trainable weights are not used.
        seed: integers that name the copy, such as (random seed, player, chain, index).

    Raises:
        InputError: the template is a subclassed model, or has a layer that cannot be made again.
    """
    numbers = np.random.default_rng(np.random.SeedSequence(seed))

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        return rebuilt(layer, lambda config: _reseed(config, numbers), network=template.name)

    with _seeds_of_python(seed):
        copy = clone_network(template, clone)
    _keep_what_is_not_trained(template, copy)
    return copy


def clone_network(
    network: keras.Model,
    clone: Callable[[keras.layers.Layer], keras.layers.Layer],
    call: Callable[..., Any] | None = None,
    cache: dict[int, keras.layers.Layer] | None = None,
) -> keras.Model:
    """A network of other layers with the same connections; a layer that is shared stays shared.

    Args:
        network: a functional or sequential model. Models inside of it are cloned likewise.
        clone: gives the layer that takes a layer's place.
        call: calls such a layer; see `keras.models.clone_model`. Sequential models become
            functional ones with it.
        cache: layers that have their clones already, by their `id`.

    Raises:
        InputError: the network is a subclassed model.
    """
    if not is_graph(network):
        raise InputError(subclassed(network))
    clones = {} if cache is None else cache

    def once(layer: keras.layers.Layer) -> keras.layers.Layer:
        if id(layer) not in clones:
            inside = clone_network(layer, clone, call, clones) if is_graph(layer) else clone(layer)
            clones[id(layer)] = inside
        return clones[id(layer)]

    template = network if call is None else functional(network)
    with _uncompiled(network):
        copy = keras.models.clone_model(template, clone_function=once, call_function=call)
    if not copy.built and network.built:
        copy.build((None, *network.input_shape[1:]))
    return copy


def functional(network: keras.Model) -> keras.Model:
    """A network as a functional model, whose layers are called one by one; the layers are shared."""
    if not isinstance(network, keras.Sequential):
        return network
    # It knows no input but in a list.
    return keras.Model(network.inputs[0], network.outputs[0], name=network.name)


def is_graph(network: Any) -> bool:
    """Whether a network is functional or sequential, so that its layers and their order are known."""
    return isinstance(network, (keras.Sequential, Functional))


def subclassed(network: keras.Model) -> str:
    """What is said of a network that `is_graph` is false for."""
    return (
        f"the network {network.name!r} is a subclassed {type(network).__name__}, which cannot be "
        "replicated for every posterior sample: wrap it, x = keras.Input(shape); "
        "keras.Model(x, network(x)), and give its class a get_config"
    )


def rebuilt(
    layer: keras.layers.Layer,
    change: Callable[[dict[str, Any]], dict[str, Any]] = lambda config: config,
    kind: Any = None,
    network: str = "network",
) -> keras.layers.Layer:
    """A new layer of a layer's configuration; its weights are not made yet.

    Functions that are arguments (`Lambda`, `activation=my_function`) are handed on as they are:
    no code is serialised, and none is read.

    Args:
        layer: any but a functional or sequential model.
        change: of the configuration, before the layer is made.
        kind: class of the new layer; the layer's own by default.
        network: name of what the layer belongs to, for messages.

    Raises:
        InputError: the class of the layer does not give, or does not take, its configuration.
    """
    kind = kind or type(layer)
    try:
        if isinstance(layer, keras.layers.Lambda):
            return _rebuilt_lambda(layer, change)
        config = change(layer.get_config())
        functions = {key: getattr(layer, key, None) for key in config}
        config |= {key: value for key, value in functions.items() if is_own_function(value)}
        return kind.from_config({k: v for k, v in config.items() if _is_taken(kind, k)})
    except _FAILURES as error:
        raise InputError(
            f"the layer {layer.name!r} ({type(layer).__name__}) of {network!r} cannot be replicated for "
            "every posterior sample: give its class a get_config that returns the arguments of its "
            f"constructor ({str(error).strip().splitlines()[-1]})"
        ) from error


def _rebuilt_lambda(layer: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    config = change(keras.layers.Layer.get_config(layer))
    return type(layer)(
        layer.function,
        output_shape=layer._output_shape,
        mask=layer.mask,
        arguments=layer.arguments,
        **config,
    )


def _is_taken(kind: Any, key: str) -> bool:
    """Whether a constructor takes an argument; those of one's own often leave Keras's own out."""
    if key not in ("name", "trainable", "dtype"):
        return True
    taken = inspect.signature(kind.__init__).parameters.values()
    return any(argument.name == key or argument.kind == argument.VAR_KEYWORD for argument in taken)


def is_own_function(value: Any) -> bool:
    """Whether an attribute is a function that Keras would know by a name only, or not at all."""
    if not callable(value) or isinstance(value, type) or hasattr(value, "get_config"):
        return False
    return not str(getattr(value, "__module__", "")).startswith("keras.")


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


@contextlib.contextmanager
def _seeds_of_python(seed: tuple[int, ...]) -> Iterator[None]:
    """Keras draws the seeds that no configuration names, such as those in a layer's `build`, here."""
    state = random.getstate()
    random.seed(repr(seed))
    try:
        yield
    finally:
        random.setstate(state)


@contextlib.contextmanager
def _uncompiled(network: keras.Model) -> Iterator[None]:
    """Losses and optimizers of a network that its owner compiled are no part of a copy."""
    models = [layer for layer in network._flatten_layers() if getattr(layer, "compiled", False)]
    for model in models:
        model.compiled = False
    try:
        yield
    finally:
        for model in models:
            model.compiled = True


def _keep_what_is_not_trained(template: keras.Model, copy: keras.Model) -> None:
    """Gives a copy the values of what is not trainable in the template, and what is not trainable.

    Raises:
        InputError: the copy has other weights, so that they cannot be told apart.
    """
    ours, theirs = copy.weights, template.weights
    if [tuple(v.shape) for v in ours] != [tuple(v.shape) for v in theirs]:
        raise InputError(
            f"the network {template.name!r} has {len(theirs)} weights and its copy {len(ours)}: layers that "
            "tie their weights would not be tied in the copies; call one layer twice, or have one layer "
            "hold both"
        )
    # A layer that is not trainable may compute something else, as batch normalisation does.
    layers = zip(copy._flatten_layers(), template._flatten_layers(), strict=True)
    for own, layer in layers:
        if own.trainable != layer.trainable:
            own.trainable = layer.trainable
    trained = {id(v) for v in template.trainable_variables}
    for own, variable in zip(ours, theirs, strict=True):
        own.trainable = variable.trainable
        if id(variable) not in trained:
            own.assign(np.asarray(variable))
