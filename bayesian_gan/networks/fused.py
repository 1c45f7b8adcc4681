"""Functions of tensors as one kernel of XLA's each, in graphs that XLA does not compile as a whole."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

Function = Callable[..., Any]
AttrValue = tf.compat.v1.AttrValue


@cache
def kernel(function: Function) -> Function:
    """The function as one kernel; without a gradient.

    A graph with a call of `tf.function(..., jit_compile=True)` makes TensorFlow copy that function, and
    keep the copy for the rest of the process, when the graph is long gone. Here the graph names the
    function to XLA itself (operation `XlaLaunch`), which leaves nothing behind.

    Args:
        function: of tensors of known rank, to tensors; pure, and the same object at every call, since
            it is traced once for each shape in a process.

    Returns:
        What takes and gives the same. Called eagerly, or in a graph that XLA compiles as a whole, it is
        TensorFlow's own compiled function.
    """
    compiled = tf.function(function, jit_compile=True, autograph=False)
    launches: dict[tuple[tf.TensorSpec, ...], _Launch] = {}

    def call(*x: tf.Tensor) -> Any:
        # XLA cannot compile a graph that starts kernels, and TensorFlow says nowhere else that it will.
        if tf.executing_eagerly() or GraphOrParentsInXlaContext(tf.compat.v1.get_default_graph()):
            return compiled(*x)
        specs = tuple(tf.TensorSpec(each.shape, each.dtype) for each in x)
        if specs not in launches:
            launches[specs] = _launch(function, specs)
        return launches[specs].called(x)

    return call


def differentiable(function: Function) -> Function:
    """The same with its derivatives of every order, each a kernel of its own.

    Args:
        function: see `kernel`; of floats, to floats.
    """
    forward = kernel(function)

    @tf.custom_gradient
    def call(*x: tf.Tensor) -> tuple[Any, Function]:
        return forward(*x), lambda *dy: differentiable(_derivative(function, len(x)))(*x, *dy)

    return call


@cache
def _derivative(function: Function, number: int) -> Function:
    """A function of x, of which there is a number, and of the outputs' gradients, to those of x."""

    def gradients(*given: tf.Tensor) -> list[tf.Tensor]:
        x, dy = given[:number], given[number:]
        if not tf.executing_eagerly():
            # No tape, which would record nothing: in an `init_scope` all of them stand still.
            outputs = tf.nest.flatten(function(*x))
            return tf.gradients(outputs, list(x), list(dy), unconnected_gradients="zero")
        # Of who runs functions eagerly, to look into them.
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = tf.nest.flatten(function(*x))
        return tape.gradient(outputs, list(x), list(dy), tf.UnconnectedGradients.ZERO)

    return gradients


class _Launch(NamedTuple):
    """A function that starts a kernel, for arguments of one kind.

    Attributes:
        function: traced; its graph holds the one operation.
        outputs: what the kernel gives, as symbols.
    """

    function: Any
    outputs: Any

    def called(self, x: Sequence[tf.Tensor]) -> Any:
        """An operation that calls it, in the graph that is being traced.

        `XlaLaunch` counts as one with effects, which no graph leaves out. So it stands in a function,
        whose call is left out where nothing needs its outputs.
        """
        flat = tf.nest.flatten(self.outputs)
        found = tf.raw_ops.PartitionedCall(
            args=list(x), Tout=[each.dtype for each in flat], f=self.function
        )
        return tf.nest.pack_sequence_as(self.outputs, _shaped(found, flat))


def _launch(function: Function, specs: Sequence[tf.TensorSpec]) -> _Launch:
    with tf.init_scope(), tf.device(None):
        traced = tf.function(function, autograph=False).get_concrete_function(*specs)

        def start(*x: tf.Tensor) -> list[tf.Tensor]:
            graph = tf.compat.v1.get_default_graph()
            traced.add_to_graph(graph)
            types = [each.dtype for each in traced.outputs]
            operation = graph.create_op(
                "XlaLaunch",
                list(x),
                types,
                attrs={
                    "Tconstants": _types([]),
                    "Targs": _types([each.dtype for each in x]),
                    "Nresources": AttrValue(i=0),
                    "Tresults": _types(types),
                    "function": AttrValue(func=tf.compat.v1.NameAttrList(name=traced.name)),
                },
            )
            return _shaped(operation.outputs, traced.outputs)

        started = tf.function(start, autograph=False).get_concrete_function(*specs)
    return _Launch(started, traced.structured_outputs)


def _types(types: Sequence[tf.DType]) -> Any:
    return AttrValue(list=AttrValue.ListValue(type=[each.as_datatype_enum for each in types]))


def _shaped(found: Sequence[tf.Tensor], known: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Outputs of an operation that does not know their shapes, with those that are known."""
    for output, each in zip(found, known, strict=True):
        output.set_shape(each.shape)
    return list(found)
