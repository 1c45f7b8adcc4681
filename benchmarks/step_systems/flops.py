"""Floating-point operations of convolutions and matrix products, counted from a traced graph.

A multiplication and an addition are two operations. An operation that TensorFlow's optimiser would
merge with an equal one (same type, attributes and inputs) counts once. Zeros of the padding count,
as usual.
"""

from collections.abc import Callable
from math import prod
from typing import NamedTuple

import tensorflow as tf


class Counted(NamedTuple):
    """One operation of the graph.

    Attributes:
        name: of the operation in the graph.
        kind: "Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter" or "MatMul".
        flops: floating-point operations.
        operation: the operation itself.
    """

    name: str
    kind: str
    flops: int
    operation: tf.Operation


def _conv(op: tf.Operation) -> int:
    kernel = op.inputs[1].shape
    return 2 * prod(op.outputs[0].shape) * prod(kernel[:3])


def _conv_input(op: tf.Operation) -> int:
    kernel, gradient = op.inputs[1].shape, op.inputs[2].shape
    return 2 * prod(gradient) * prod(kernel[:3])


def _conv_filter(op: tf.Operation) -> int:
    kernel, gradient = op.outputs[0].shape, op.inputs[2].shape
    return 2 * prod(gradient) * prod(kernel[:3])


def _matmul(op: tf.Operation) -> int:
    shared = op.inputs[0].shape[0 if op.get_attr("transpose_a") else 1]
    return 2 * prod(op.outputs[0].shape) * shared


FORMULAS: dict[str, Callable[[tf.Operation], int]] = {
    "Conv2D": _conv,
    "Conv2DBackpropInput": _conv_input,
    "Conv2DBackpropFilter": _conv_filter,
    "MatMul": _matmul,
}


# Calls of functions that a step traces in graphs of their own; TensorFlow's optimiser puts them in
# their place.
CALLS = ("PartitionedCall", "StatefulPartitionedCall")


def count(graph: tf.Graph, prefix: str = "") -> list[Counted]:
    """The distinct convolutions and matrix products of a graph and of the functions that it calls.

    Args:
        graph: traced; conditions hold no such operation here.
        prefix: of the operations' names, which are those that a profile has.
    """
    canonical: dict[str, str] = {}
    first: dict[object, str] = {}
    counted = []
    for op in graph.get_operations():
        inputs = tuple(f"{canonical[t.op.name]}:{t.value_index}" for t in op.inputs)
        controls = tuple(sorted(c.name for c in op.control_inputs))
        attributes = tuple(
            sorted(
                (k, v.SerializeToString(deterministic=True)) for k, v in op.node_def.attr.items()
            )
        )
        unique = op.op_def.is_stateful or op.type == "Placeholder"
        key = op.name if unique else (op.type, inputs, controls, attributes)
        canonical[op.name] = first.setdefault(key, op.name)
        if op.type in CALLS:
            called = graph._get_function(op.get_attr("f").name).graph
            counted += count(called, f"{prefix}{op.name}/")
        elif canonical[op.name] == op.name and op.type in FORMULAS:
            counted.append(Counted(prefix + op.name, op.type, FORMULAS[op.type](op), op))
    return counted


def total(counted: list[Counted]) -> int:
    """Sum of the operations."""
    return sum(c.flops for c in counted)
