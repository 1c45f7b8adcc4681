"""FusedAdam: Keras's Adam by one operation, with its state and its configuration."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers.adam import FusedAdam, fused

LENGTH, STEPS = 50, 100


def _path(
    optimizer: Any, seed: int = 0, dtype: str = "float32", **function: Any
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Weights after some steps with gradients of very different sizes, and the optimizer's state."""
    theta = [keras.Variable(np.linspace(-1, 1, LENGTH), dtype=dtype) for _ in range(2)]
    optimizer.build(theta)
    sizes = tf.random.stateless_uniform([LENGTH], [seed, 1], 1e-4, 10.0, dtype)

    @tf.function(**function)
    def step(i: tf.Tensor) -> None:
        g = [sizes * tf.random.stateless_normal([LENGTH], [i, k], dtype=dtype) for k in (2, 3)]
        optimizer.apply(g, theta)

    for i in range(STEPS):
        step(tf.constant(i))
    return np.stack([v.numpy() for v in theta]), [v.numpy() for v in optimizer.variables]


@pytest.mark.parametrize("function", [{}, {"jit_compile": True}], ids=["graph", "xla"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"beta_1": 0.5},
        {"beta_2": 0.9, "epsilon": 1e-2},
        {"weight_decay": 0.1, "clipnorm": 3.0},
        {"learning_rate": keras.optimizers.schedules.CosineDecay(0.01, STEPS)},
    ],
    ids=["beta_1", "epsilon", "decay", "schedule"],
)
def test_weights_and_state_are_those_of_keras(
    arguments: dict[str, Any], dtype: str, function: dict[str, Any]
) -> None:
    # Rounding errors of a hundred steps of size 0.01; of
    # twenty seeds the largest was 3e-6. Keras rounds some factors of float64, too, to float32.
    given = {"learning_rate": 0.01} | arguments
    ours, state = _path(FusedAdam(**given), dtype=dtype, **function)
    theirs, their_state = _path(keras.optimizers.Adam(**given), dtype=dtype, **function)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5)
    assert len(state) == len(their_state)
    for one, other in zip(state, their_state, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_one_operation_moves_a_variable() -> None:
    theta = [keras.Variable(np.zeros(3), dtype="float32") for _ in range(4)]
    counts = []
    for optimizer in (FusedAdam(), keras.optimizers.Adam()):
        optimizer.build(theta)

        @tf.function
        def step(optimizer: Any = optimizer) -> None:
            optimizer.apply([tf.ones(3)] * 4, theta)

        graph = step.get_concrete_function().graph
        counts.append(len([op for op in graph.get_operations() if op.type != "Const"]))
    assert counts[0] < counts[1] / 3


def test_a_sparse_gradient_is_its_dense_form() -> None:
    found = []
    slices = tf.IndexedSlices(tf.ones([2, 3]), tf.constant([0, 2]), tf.constant([4, 3]))
    for gradient in (slices, tf.convert_to_tensor(slices)):
        v = keras.Variable(np.ones((4, 3)), dtype="float32")
        optimizer = FusedAdam(0.1)
        optimizer.build([v])
        optimizer.apply([gradient], [v])
        found.append(v.numpy())
    np.testing.assert_array_equal(*found)


def test_a_configuration_makes_it_anew() -> None:
    first = FusedAdam(0.3, beta_1=0.4, epsilon=1e-3, name="mine")
    again = keras.optimizers.deserialize(keras.optimizers.serialize(first))
    assert type(again) is FusedAdam
    assert again.get_config() == first.get_config() == _keras(first).get_config()


def _keras(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam.from_config(optimizer.get_config())


def test_amsgrad_has_no_fused_form() -> None:
    with pytest.raises(ValueError, match="amsgrad"):
        FusedAdam(amsgrad=True)
    own = keras.optimizers.Adam(amsgrad=True)
    assert fused(own) is own


def test_only_keras_s_own_adam_that_is_not_built_has_the_fused_form() -> None:
    assert type(fused(keras.optimizers.Adam(0.02, beta_1=0.5))) is FusedAdam
    assert fused(keras.optimizers.Adam(0.02, beta_1=0.5)).get_config()["beta_1"] == 0.5
    built = keras.optimizers.Adam()
    built.build([keras.Variable([1.0])])
    for other in (
        built,
        keras.optimizers.SGD(),
        keras.optimizers.Nadam(),
        keras.optimizers.AdamW(),
    ):
        assert fused(other) is other
