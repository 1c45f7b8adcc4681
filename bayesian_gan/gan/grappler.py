"""Grappler, which rewrites a graph before its first run, left out of a training step on processors."""

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf.config_pb2 import ConfigProto
from tensorflow.python.eager import context


def without_grappler(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose graphs run as they were traced; it is called by one thread at a time.

    A step of twenty generators has ten thousand operations. To rewrite them takes some four seconds of the
    first iteration, and later ones are no faster for it (docs/research/step_cost.md). What is called
    elsewhere, such as a prediction, is rewritten as ever. So is all where a GPU is visible, whose convolutions
    Grappler lays out.

    Args:
        function: calls functions of TensorFlow.
    """
    if tf.config.get_visible_devices("GPU"):
        return function

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        own = context.context()
        before = own.function_call_options
        own.function_call_options = _unrewritten(before.config_proto_serialized)
        try:
            return function(*args, **kwargs)
        finally:
            own.function_call_options = before

    return call


@functools.cache
def _unrewritten(config: bytes) -> context.FunctionCallOptions:
    """The options of a call whose configuration, serialised, is this but for Grappler."""
    proto = ConfigProto.FromString(config)
    proto.graph_options.rewrite_options.disable_meta_optimizer = True
    return context.FunctionCallOptions(config_proto=proto)
