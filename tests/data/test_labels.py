"""Weights of a batch, checked where TensorFlow reads it."""

import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.data.labels import WEIGHT_REFUSAL, checked_weights


def test_weights_from_zero_on_are_taken_as_they_are() -> None:
    given = np.array([[0.0], [0.5], [3.0]])
    taken = tf.function(checked_weights)(tf.constant(given))
    assert taken.dtype == tf.float32
    np.testing.assert_array_equal(taken, [0.0, 0.5, 3.0])


@pytest.mark.parametrize("wrong", [-1e-6, float("nan"), float("inf")])
def test_weights_that_weigh_nothing_are_refused(wrong: float) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=WEIGHT_REFUSAL):
        tf.function(checked_weights)(tf.constant([1.0, wrong]))
