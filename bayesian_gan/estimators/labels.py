"""Labels of any kind, some of them missing, as the classes that a discriminator counts."""

import math
from typing import Any

import numpy as np
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from bayesian_gan.errors import InputError
from bayesian_gan.gan.minibatch import UNLABELLED

# What NumPy makes of a missing label when it makes strings of a list.
_NOT_CLASSES = ("-1", "None", "nan", "<NA>")


def encode_labels(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """The classes among labels, and each example's place among them.

    Args:
        y: [n], numbers of which -1 means unlabelled; or strings, or objects, of which None, "", NaN
            and -1 do.

    Returns:
        The K classes, sorted, of the type of the labels; and int32 [n] in [0, K), -1 where an
        example has no label.

    Raises:
        ValueError: labels of another shape or of real numbers, none at all, or of one class only.
    """
    y = column_or_1d(y, warn=True)
    unlabelled = _unlabelled(y)
    labels = _plain(y[~unlabelled])
    if not len(labels):
        raise InputError(
            "y contains no labelled sample: all are missing (-1, or None, '' or NaN among strings); "
            "give a label of each class at least"
        )
    check_classification_targets(labels)
    classes, places = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            "The number of classes has to be greater than one; got 1 class: "
            f"all labels are {classes[0]} (-1 means unlabelled)"
        )
    encoded = np.full(len(y), UNLABELLED, np.int32)
    encoded[~unlabelled] = places
    return classes, encoded


def _unlabelled(y: np.ndarray) -> np.ndarray:
    """Which examples have no label, [n]."""
    if y.dtype.kind == "U":
        found = sorted(set(_NOT_CLASSES) & set(y.tolist()))
        if found:
            raise InputError(
                f"y holds the string {found[0]!r}, which NumPy makes of a missing label: give y with "
                "dtype=object, or '' for unlabelled samples"
            )
        return y == ""
    if y.dtype.kind == "O":
        return np.array([_is_missing(label) for label in y], bool)
    if y.dtype.kind == "f":
        assert_all_finite(y, input_name="y")
    return np.zeros(len(y), bool) if y.dtype.kind == "b" else y == UNLABELLED


def _is_missing(label: Any) -> bool:
    """Whether an object stands for no label; pandas' NA is known by its name, without pandas."""
    if label is None or type(label).__name__ == "NAType":
        return True
    if isinstance(label, str):
        return label == ""
    return (isinstance(label, float) and math.isnan(label)) or label == UNLABELLED


def _plain(labels: np.ndarray) -> np.ndarray:
    """Labels as an array whose values can be sorted; objects that are numbers become numbers."""
    if labels.dtype.kind != "O" or all(isinstance(label, str) for label in labels):
        return labels
    if any(isinstance(label, str) for label in labels):
        raise InputError("y mixes strings and numbers: give labels of one type")
    return np.array(labels.tolist())
