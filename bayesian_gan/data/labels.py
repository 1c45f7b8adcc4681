"""Class labels as they are given, as integers with -1 where there is none."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import tensorflow as tf

from bayesian_gan.data.given import as_array
from bayesian_gan.data.image_data import UNLABELLED
from bayesian_gan.errors import InputError


def integer_labels(
    y: Any,
    count: int,
    num_classes: int,
    class_names: Sequence[str] | None = None,
    where: str = "y",
) -> np.ndarray:
    """Labels 0..K-1, and -1 where there is none; int32 [N].

    Args:
        y: integers [N] or [N, 1], -1 where there is no label; whole floats, NaN where there is none;
            or names, empty or None where there is none. Objects are numbers or names, too.
        count: N.
        num_classes: K.
        class_names: of the classes, in the order of the logits, for labels that are names.
        where: what is refused.

    Raises:
        InputError: the shape, the type or a value is another, or names are not known.
    """
    labels = as_array(y, where)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.shape == (count, num_classes):
        raise InputError(
            f"{where} must be class numbers [{count}], not one-hot rows {list(labels.shape)}: give "
            "np.argmax(y, axis=1), and -1 where a row has no class"
        )
    if labels.shape != (count,):
        raise InputError(
            f"{where} must be {count} labels, one for each image, not {labels.dtype} of shape "
            f"{list(labels.shape)}"
        )
    if labels.dtype.kind == "O":
        labels = _numbers(labels)
    if labels.dtype.kind in "OUS":
        return _named(labels, num_classes, class_names, where)
    if labels.dtype.kind == "b":
        labels = labels.astype(np.int32)
    if labels.dtype.kind == "f":
        labels = _whole(labels, where)
    if labels.dtype.kind not in "iu":
        raise InputError(f"{where} must be integers, one for each image, not {labels.dtype}")
    _check_bounds(labels, num_classes, where)
    return labels.astype(np.int32)


def label_refusal(num_classes: int) -> str:
    """The line that says which labels of a batch are taken."""
    return (
        f"labels of a dataset must be whole numbers in 0..{num_classes - 1}, and -1 (of floats NaN, too) "
        "where there is none"
    )


def checked_labels(y: tf.Tensor | None, num_classes: int) -> tf.Tensor:
    """Labels 0..K-1, and -1 where there is none, checked in the graph; int32 [batch].

    Args:
        y: integers, booleans or whole floats, [batch] or [batch, 1].
        num_classes: K.

    Raises:
        InputError: there are none, or the type or the shape is another.
        tf.errors.InvalidArgumentError: another value, with `label_refusal`.
    """
    if y is None:
        raise InputError("x gives no labels: give (images, labels)")
    y = tf.convert_to_tensor(y)
    if y.shape.rank not in (None, 1) and not (y.shape.rank == 2 and y.shape[1] in (None, 1)):
        raise InputError(
            f"labels of a dataset are of shape {y.shape}, not one number for each image: give integers "
            "from 0, -1 where there is none (label_mode='int')"
        )
    if not (y.dtype.is_integer or y.dtype.is_floating or y.dtype.is_bool):
        raise InputError(f"labels of a dataset are {y.dtype.name}: give integers from 0")
    values = tf.reshape(tf.cast(y, tf.float64), [-1])
    values = tf.where(tf.math.is_nan(values), tf.constant(UNLABELLED, tf.float64), values)
    fits = (values >= UNLABELLED) & (values < num_classes) & (values == tf.floor(values))
    check = tf.debugging.Assert(tf.reduce_all(fits), [label_refusal(num_classes)])
    with tf.control_dependencies([] if check is None else [check]):
        return tf.cast(values, tf.int32)


WEIGHT_REFUSAL = "weights of a dataset must be finite and at least 0"


def checked_weights(weights: tf.Tensor) -> tf.Tensor:
    """Weights of a batch, checked in the graph; float32 [batch].

    Raises:
        tf.errors.InvalidArgumentError: one is negative or not finite, with `WEIGHT_REFUSAL`.
    """
    weights = tf.reshape(tf.cast(weights, tf.float32), [-1])
    fits = tf.reduce_all(tf.math.is_finite(weights) & (weights >= 0.0))
    check = tf.debugging.Assert(fits, [WEIGHT_REFUSAL])
    with tf.control_dependencies([] if check is None else [check]):
        return tf.identity(weights)


def check_class_names(class_names: Sequence[str] | None, num_classes: int) -> list[str] | None:
    """The names as a list.

    Raises:
        InputError: they are not K different ones.
    """
    if class_names is None:
        return None
    names = [str(name) for name in class_names]
    if len(names) != num_classes or len(set(names)) != len(names) or "" in names:
        raise InputError(
            f"class_names must be {num_classes} different names, one for each logit, not {names}"
        )
    return names


def labelled_weights(
    labels: np.ndarray,
    sample_weight: np.ndarray | None,
    class_weight: Mapping[int, float] | None,
) -> np.ndarray | None:
    """What each labelled example weighs in the labelled term, float32 [N_s]; None where all weigh 1.

    Args:
        labels: of `integer_labels`, [N].
        sample_weight: [N], at least 0; those of examples without labels do not count.
        class_weight: by class; 1 for those that it lacks.

    Raises:
        InputError: both are given, or weights that are no such.
    """
    if sample_weight is None and class_weight is None:
        return None
    if sample_weight is not None and class_weight is not None:
        raise InputError("sample_weight and class_weight: give one of the two")
    labelled = labels != UNLABELLED
    if class_weight is not None:
        weights = np.array([class_weight.get(int(k), 1.0) for k in labels[labelled]], np.float32)
        name = "class_weight"
    else:
        name = "sample_weight"
        given = as_array(sample_weight, name)
        if given.shape not in (labels.shape, (*labels.shape, 1)) or given.dtype.kind not in "iufb":
            raise InputError(
                f"{name} must be {len(labels)} numbers, one for each example, not {given.dtype} of "
                f"shape {list(given.shape)}"
            )
        weights = given.reshape(-1)[labelled].astype(np.float32)
    if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
        raise InputError(
            f"{name} must be finite, at least 0, and greater for some labelled example"
        )
    return weights


def _named(
    labels: np.ndarray, num_classes: int, class_names: Sequence[str] | None, where: str
) -> np.ndarray:
    texts = [value.decode() if isinstance(value, bytes) else value for value in labels.tolist()]
    if class_names is None:
        kinds = sorted({str(text) for text in texts if not _is_missing(text)})[:3]
        raise InputError(
            f"{where} holds names such as {kinds}: give class_names=[...], {num_classes} names in the "
            "order of the logits"
        )
    numbers = {name: k for k, name in enumerate(class_names)}
    found = np.full(len(texts), UNLABELLED, np.int32)
    for i, text in enumerate(texts):
        if _is_missing(text):
            continue
        if text not in numbers:
            raise InputError(
                f"{where}[{i}] is {text!r}, which is none of class_names: {list(class_names)}"
            )
        found[i] = numbers[text]
    return found


def _numbers(labels: np.ndarray) -> np.ndarray:
    """Objects that are all numbers, or no label, as floats; others as they are."""
    missing = np.array([_is_missing(value) for value in labels], bool)
    if not all(isinstance(value, Real) for value in labels[~missing]):
        return labels
    found = np.full(len(labels), np.nan)
    found[~missing] = labels[~missing].astype(np.float64)
    return found


def _is_missing(value: Any) -> bool:
    """Whether this is None, an empty name, NaN, or pandas's NA: nothing equals these two."""
    if value is None or (isinstance(value, str) and not value):
        return True
    same = value == value
    return not isinstance(same, (bool, np.bool_)) or not same


def _whole(labels: np.ndarray, where: str) -> np.ndarray:
    known = labels[~np.isnan(labels)]
    if not (np.isfinite(known).all() and (known == np.floor(known)).all()):
        raise InputError(f"{where} must be class numbers, not fractions: y.astype(int)")
    return np.where(np.isnan(labels), UNLABELLED, labels).astype(np.int64)


def _check_bounds(labels: np.ndarray, num_classes: int, where: str) -> None:
    low, high = int(labels.min()), int(labels.max())
    if low >= UNLABELLED and high < num_classes:
        return
    known = labels[labels != UNLABELLED]
    if high == num_classes and len(known) and known.min() == 1:
        raise InputError(
            f"{where}: labels count from 0, and these are 1..{num_classes}: give "
            "np.where(y > 0, y - 1, -1)"
        )
    raise InputError(
        f"{where}: labels must lie in 0..{num_classes - 1} (-1 for none), not {low}..{high}"
    )
