"""Functions as kernels of XLA's: their numbers, their derivatives, and that nothing of a graph stays."""

import gc
from collections.abc import Callable
from typing import Any

import gpu_graphs
import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.networks.fused import differentiable, kernel
from bayesian_gan.reliability.environment import resident_memory

X = np.random.default_rng(0).standard_normal((6, 4))
Y = np.random.default_rng(1).standard_normal((6, 4))


def _pair(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    return tf.sin(x) * y**2, {"sum": tf.reduce_sum(x * y, 0)}


def _calls(function: Any) -> list[tf.Operation]:
    graph = function.get_concrete_function(*_specs()).graph
    return [op for op in graph.get_operations() if "PartitionedCall" in op.type]


def _specs(rows: int | None = 6) -> tuple[tf.TensorSpec, tf.TensorSpec]:
    return tf.TensorSpec((rows, 4), tf.float64), tf.TensorSpec((rows, 4), tf.float64)


@pytest.mark.parametrize("compiled", [False, True], ids=["graph", "compiled as a whole"])
@pytest.mark.parametrize("rows", [6, None])
def test_a_kernel_gives_what_the_function_gives(compiled: bool, rows: int | None) -> None:
    fused = kernel(_pair)
    inside = tf.function(lambda x, y: fused(x, y), _specs(rows), jit_compile=compiled)
    expected = _pair(tf.constant(X), tf.constant(Y))
    for found in (inside(X, Y), fused(tf.constant(X), tf.constant(Y))):
        tf.nest.assert_same_structure(found, expected)
        for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_shapes_are_known_while_a_graph_is_traced() -> None:
    shapes = []

    @tf.function(input_signature=_specs(None))
    def inside(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        product, sums = kernel(_pair)(x, y)
        shapes.append((product.shape.as_list(), sums["sum"].shape.as_list()))
        return product

    inside(X, Y)
    assert shapes == [([None, 4], [4])]


def test_a_kernel_is_started_where_its_outputs_are_needed_and_nowhere_else() -> None:
    @tf.function
    def inside(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        return kernel(_pair)(x, y)[0]

    (call,) = _calls(inside)
    assert call.type == "PartitionedCall"  # A stateful one is started in any case.
    assert gpu_graphs.compiled_by_xla(inside.get_concrete_function(*_specs())) == ["XlaLaunch"]


def test_a_function_is_traced_once_for_each_shape() -> None:
    traced = []

    def function(x: tf.Tensor) -> tf.Tensor:
        traced.append(x.shape.as_list())
        return x + 1.0

    fused = kernel(function)
    for _ in range(2):
        tf.function(lambda x: fused(fused(x)) + kernel(function)(x[:2])).get_concrete_function(
            tf.TensorSpec((1, 4))
        )
        assert traced == [[1, 4]]  # Of one row there are no two.
    tf.function(fused).get_concrete_function(tf.TensorSpec((2, 4)))
    assert traced == [[1, 4], [2, 4]]


def _cubed(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return x**3 * tf.exp(y)


def _eagerly(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with all that it calls run eagerly, too, as one does to look into them."""

    def run(*args: Any) -> Any:
        tf.config.run_functions_eagerly(True)
        try:
            return function(*args)
        finally:
            tf.config.run_functions_eagerly(False)

    return run


@pytest.mark.parametrize(
    "wrap", [tf.function, lambda f: f, _eagerly], ids=["graph", "eager", "functions eager"]
)
def test_derivatives_of_three_orders_are_right(wrap: Callable[..., Any]) -> None:
    fused = differentiable(_cubed)

    @wrap
    def derivatives(x: tf.Tensor, y: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as third:
            third.watch((x, y))
            with tf.GradientTape() as second:
                second.watch((x, y))
                with tf.GradientTape() as first:
                    first.watch((x, y))
                    value = fused(x, y)
                along_x, along_y = first.gradient(value, (x, y))
            twice = second.gradient(along_x, x)
        return [along_x, along_y, twice, *third.gradient(twice, (x, y))]

    exp = np.exp(Y)
    expected = [3 * X**2 * exp, X**3 * exp, 6 * X * exp, 6 * exp, 6 * X * exp]
    found = derivatives(tf.constant(X), tf.constant(Y))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def _long(x: tf.Tensor) -> tf.Tensor:
    for _ in range(400):
        x = x * 0.999 + 0.001
    return x


def test_nothing_of_a_graph_stays_when_it_is_gone() -> None:
    # With `jit_compile` each graph leaves a copy of the 800 operations: forty take more than the bound.
    def use() -> None:
        graph = tf.function(lambda x: kernel(_long)(x))
        np.testing.assert_allclose(graph(tf.ones(3)), np.ones(3), rtol=1e-5)
        del graph
        keras.backend.clear_session()
        gc.collect()

    for _ in range(10):
        use()
    before = resident_memory()
    for _ in range(40):
        use()
    assert resident_memory() - before < 4 * 2**20
