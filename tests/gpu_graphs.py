"""What a traced function would do on a GPU, read from its graphs and TensorFlow's registry of kernels.

TensorFlow's wheel for Linux is built with CUDA. It registers the kernels of GPUs when it is loaded, with or
without a GPU, and each kernel says which types it takes and which of its inputs and outputs lie in the
host's memory. So it can be seen on a processor whether every operation could be placed on a GPU, and
which tensors would have to be copied. Not seen is what TensorFlow's optimizer (Grappler) and XLA make of a
graph, nor that a kernel's result is right.
"""

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

# These call Python, on the host. A kernel is registered for them that any device may start, which copies
# the tensors there and back and waits.
PYTHON = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
# They hand tensors on to and from a function. TensorFlow holds int32 in the host's memory there.
CALLS = {
    *("PartitionedCall", "StatefulPartitionedCall", "Placeholder", "Case", "StatelessCase"),
    *("If", "StatelessIf", "While", "StatelessWhile"),
}
# What these stand for, not their own bytes, is the data: a handle is copied nowhere.
HANDLES = {tf.resource, tf.variant, tf.string}


class Copy(NamedTuple):
    """A tensor that one side makes and the other takes.

    Attributes:
        name: of the tensor.
        maker: type of the operation that makes it.
        taker: type of one that takes it.
        to_host: the direction.
        bytes: of the tensor; None where its shape is not known.
    """

    name: str
    maker: str
    taker: str
    to_host: bool
    bytes: int | None


def choose_gpu_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the code that asks which devices there are be told that there is a GPU, until the test ends."""
    gpu = tf.config.LogicalDevice("/device:GPU:0", "GPU")
    for name in ("get_visible_devices", "list_physical_devices", "list_logical_devices"):
        real: Callable[..., list[Any]] = getattr(tf.config, name)

        def with_gpu(device_type: str | None = None, real: Callable[..., Any] = real) -> list[Any]:
            return [*real(device_type), *([] if device_type == "CPU" else [gpu])]

        monkeypatch.setattr(tf.config, name, with_gpu)


def graphs(function: Any) -> list[tf.Graph]:
    """The graph of a concrete function, and of every function that it calls, each once."""
    found, todo = {}, [("", function.graph)]
    while todo:
        name, graph = todo.pop()
        found[name] = graph
        called = {name for op in graph.get_operations() for name in _called(op)}
        todo += [(each, graph._get_function(each).graph) for each in called - set(found)]
    return list(found.values())


def without_kernel(function: Any) -> list[str]:
    """Operations that no GPU can run: those without a kernel for their types, and calls of Python.

    Kernels for any device ("DEFAULT") count. They are for tensors in the host's memory, such as shapes
    and the conditions of assertions, and start without a copy of what lies there already.

    Returns:
        Type, name and types of each, such as "GatherV2 gather (uint8, int32)".
    """
    return sorted(
        f"{op.type} {op.name} ({', '.join(t.dtype.name for t in op.inputs)})"
        for graph in graphs(function)
        for op in graph.get_operations()
        if op.type in PYTHON or (not _is_direct_call(op) and kernel(op) is None)
    )


def compiled_by_xla(function: Any) -> list[str]:
    """Names of functions that XLA must compile, and of operations that start its kernels."""

    def compiles(definition: Any) -> bool:
        # A look at an attribute that is not there would make it, and spoil the function for good.
        return "_XlaMustCompile" in definition.attr and definition.attr["_XlaMustCompile"].b

    operations = [op for graph in graphs(function) for op in graph.get_operations()]
    return [op.name for op in operations if op.type == "XlaLaunch"] + [
        name
        for op in operations
        for name in _called(op)
        if compiles(op.graph._get_function(name).cached_definition)
    ]


def copies(function: Any) -> list[Copy]:
    """Tensors that lie on one side and are needed on the other, in every graph; handles are none.

    A tensor is counted once for each direction. One in the body of a loop is counted once, too.
    """
    found: dict[tuple[int, str, bool], Copy] = {}
    for number, graph in enumerate(graphs(function)):
        sides = {op.name: _sides(op) for op in graph.get_operations()}
        for op in graph.get_operations():
            for tensor, to_host in zip(op.inputs, sides[op.name][0], strict=True):
                on_host = sides[tensor.op.name][1][tensor.value_index]
                if on_host != to_host and tensor.dtype not in HANDLES:
                    copy = Copy(tensor.name, tensor.op.type, op.type, to_host, _bytes(tensor))
                    found.setdefault((number, tensor.name, to_host), copy)
    return list(found.values())


def kernel(op: tf.Operation) -> Any:
    """The registered kernel that a GPU would run an operation with; None where there is none."""
    for device in ("GPU", "DEFAULT"):
        for each in _kernels(op.type, device):
            if all(
                set(_types(op, constraint.name)) <= set(constraint.allowed_values.list.type)
                for constraint in each.constraint
            ):
                return each
    return None


@cache
def _kernels(op_type: str, device: str) -> list[Any]:
    every = kernels.get_registered_kernels_for_op(op_type).kernel
    return [each for each in every if each.device_type == device and not each.label]


def _types(op: tf.Operation, attribute: str) -> list[int]:
    value = op.get_attr(attribute)
    return [
        tf.as_dtype(t).as_datatype_enum for t in (value if isinstance(value, list) else [value])
    ]


def _called(op: tf.Operation) -> Iterator[str]:
    """Names of the functions that an operation calls."""
    if _is_direct_call(op):
        yield op.type
    for attribute in op.op_def.attr:
        if attribute.type == "func":
            yield op.get_attr(attribute.name).name
        elif attribute.type == "list(func)":
            yield from (each.name for each in op.get_attr(attribute.name))


def _is_direct_call(op: tf.Operation) -> bool:
    return bool(op.graph._is_function(op.type))


def _sides(op: tf.Operation) -> tuple[list[bool], list[bool]]:
    """Whether each input, and each output, lies in the host's memory."""
    inputs, outputs = [t.dtype for t in op.inputs], [t.dtype for t in op.outputs]
    if op.type in CALLS or _is_direct_call(op):
        return [t == tf.int32 for t in inputs], [t == tf.int32 for t in outputs]
    found = kernel(op)
    host = set() if found is None else set(found.host_memory_arg)
    return (
        [arg in host for arg in _arguments(op, op.op_def.input_arg)],
        [arg in host for arg in _arguments(op, op.op_def.output_arg)],
    )


def _arguments(op: tf.Operation, declared: Any) -> Iterator[str]:
    """The name of the argument that each tensor belongs to."""
    for arg in declared:
        count = 1
        if arg.number_attr:
            count = op.get_attr(arg.number_attr)
        elif arg.type_list_attr:
            count = len(op.get_attr(arg.type_list_attr))
        yield from [arg.name] * count


def _bytes(tensor: tf.Tensor) -> int | None:
    known = tensor.shape.is_fully_defined()
    return math.prod(tensor.shape) * tensor.dtype.size if known else None
