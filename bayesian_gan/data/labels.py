"""Class labels as they are given, as integers with -1 where there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
            or names, empty or None where there is none.
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
        kinds = sorted({str(text) for text in texts if text})[:3]
        raise InputError(
            f"{where} holds names such as {kinds}: give class_names=[...], {num_classes} names in the "
            "order of the logits"
        )
    numbers = {name: k for k, name in enumerate(class_names)}
    found = np.full(len(texts), UNLABELLED, np.int32)
    for i, text in enumerate(texts):
        if text is None or text == "" or text != text:  # NaN is not itself.
            continue
        if text not in numbers:
            raise InputError(
                f"{where}[{i}] is {text!r}, which is none of class_names: {list(class_names)}"
            )
        found[i] = numbers[text]
    return found


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
