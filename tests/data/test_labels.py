"""Labels as people have them; weights of a batch, checked where TensorFlow reads it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from bayesian_gan.data.labels import (
    WEIGHT_REFUSAL,
    checked_labels,
    checked_weights,
    integer_labels,
)
from bayesian_gan.errors import InputError

NAN = float("nan")


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (np.array([0, 2, -1, 1, -1]), None),
        (np.array([[0], [2], [-1], [1], [-1]]), None),
        (np.array([0, 2, NAN, 1, NAN]), None),
        (np.array([0, 2, None, 1.0, NAN], object), None),
        (np.array([0, 2, "", 1.0, pd.NA], object), None),
        (pd.array([0, 2, None, 1, None], dtype="Int64"), None),
        (np.array(["a", "c", "", "b", ""]), ["a", "b", "c"]),
        (np.array([b"a", b"c", b"", b"b", b""]), ["a", "b", "c"]),
        (np.array(["a", "c", None, "b", NAN], object), ["a", "b", "c"]),
        (np.array(["a", "c", pd.NA, "b", ""], object), ["a", "b", "c"]),
    ],
)
def test_labels_are_taken_as_people_have_them(given: Any, names: list[str] | None) -> None:
    found = integer_labels(given, 5, 3, names)
    assert found.dtype == np.int32
    assert found.tolist() == [0, 2, -1, 1, -1]


def test_weights_from_zero_on_are_taken_as_they_are() -> None:
    given = np.array([[0.0], [0.5], [3.0]])
    taken = tf.function(checked_weights)(tf.constant(given))
    assert taken.dtype == tf.float32
    np.testing.assert_array_equal(taken, [0.0, 0.5, 3.0])


@pytest.mark.parametrize("wrong", [-1e-6, float("nan"), float("inf")])
def test_weights_that_weigh_nothing_are_refused(wrong: float) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=WEIGHT_REFUSAL):
        tf.function(checked_weights)(tf.constant([1.0, wrong]))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.eye(3)[[0, 1, 2, 0]], r"y must be class numbers \[4\], not one-hot rows \[4, 3\]"),
        (np.zeros((4, 2), int), r"y must be 4 labels, one for each image, not int64 of shape"),
        (np.zeros(3, int), r"y must be 4 labels, one for each image"),
        (np.zeros((4, 1, 1), int), r"y must be 4 labels, one for each image"),
        (np.array(["a", "b", "a", "b"]), "y holds names such as .*: give class_names"),
        (np.array([0, 1, 2, 3]), "3"),
        (np.array([0, 1, 0.5, 2]), "y must be class numbers, not fractions"),
    ],
)
def test_what_are_no_labels(given: np.ndarray, said: str) -> None:
    with pytest.raises(InputError, match=said):
        integer_labels(given, 4, 3)


@pytest.mark.parametrize("given", [np.array([0, 2, -1]), np.array([0.0, 2.0, NAN])])
def test_labels_of_a_batch_are_taken(given: np.ndarray) -> None:
    found = tf.function(lambda y: checked_labels(y, 3))(tf.constant(given))
    assert found.dtype == tf.int32
    np.testing.assert_array_equal(found, [0, 2, -1])


@pytest.mark.parametrize("shape", [(None,), (None, 1), (4, 1), None])
def test_shapes_of_a_batch_of_labels_that_are_taken(shape: tuple[int | None, ...] | None) -> None:
    signature = [tf.TensorSpec(shape, tf.int32)]
    taken = tf.function(lambda y: checked_labels(y, 3), input_signature=signature)
    given = np.array([0, 1, 2, -1], np.int32)
    given = given[:, None] if shape is not None and len(shape) == 2 else given
    np.testing.assert_array_equal(taken(tf.constant(given)), [0, 1, 2, -1])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "x gives no labels"),
        (np.zeros((4, 3), np.int32), "labels of a dataset are of shape"),
        (np.zeros((4, 1, 1), np.int32), "labels of a dataset are of shape"),
        (np.array(["a"]), "labels of a dataset are string: give integers from 0"),
    ],
)
def test_batches_of_labels_that_are_refused(given: np.ndarray | None, said: str) -> None:
    with pytest.raises(InputError, match=said):
        checked_labels(None if given is None else tf.constant(given), 3)


@pytest.mark.parametrize("wrong", [-2, 3, 0.5])
def test_other_values_of_a_batch_of_labels_are_refused(wrong: float) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"whole numbers in 0\.\.2"):
        checked_labels(tf.constant([0.0, wrong]), 3)
