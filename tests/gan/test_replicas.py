"""Iterations of one call where there are replicas; whole runs on several are in tests/runs."""

from types import SimpleNamespace
from typing import Any, cast

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.gan.replicas import Packing, repeated


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("times", [1, 3])
def test_a_call_makes_as_many_iterations_as_it_is_told(times: int, eagerly: bool) -> None:
    strategy = tf.distribute.get_strategy()
    iteration = keras.Variable(5, dtype="int64", trainable=False)
    seen = keras.Variable(0.0, trainable=False)
    vote = SimpleNamespace(own=True, counted=None)

    def finish(step: tf.Tensor, moved: Any) -> None:
        nothing, ones = moved["more"]
        assert nothing is None
        seen.assign_add(moved["step"] * tf.reduce_sum(ones) / 6.0)
        iteration.assign(step + 1)

    call = repeated(
        strategy,
        iteration,
        lambda step: {"step": tf.cast(step, tf.float32), "more": [None, tf.ones((2, 3))]},
        finish,
        times,
        lambda: {"seen": seen.value + 0.0},
        cast(Any, vote),
        eagerly,
    )
    assert float(call(None)["seen"]) == sum(range(5, 5 + times))
    assert int(iteration.numpy()) == 5 + times
    assert vote.counted == 1
    call(None)
    assert int(iteration.numpy()) == 5 + 2 * times


def test_what_is_packed_is_unpacked() -> None:
    given = {"a": tf.ones((2, 3)), "b": [None, tf.constant(4.0), tf.zeros((0, 2))]}
    packing = Packing()
    vector = packing.pack(given)
    assert vector.shape == (7,)
    found = packing.unpack(2.0 * vector)
    assert found["b"][0] is None
    for one, other in ((found["a"], given["a"]), *zip(found["b"][1:], given["b"][1:], strict=True)):
        np.testing.assert_array_equal(one, 2.0 * other)
