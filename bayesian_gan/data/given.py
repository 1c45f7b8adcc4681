"""Data as Keras users have it, as arrays: whatever `fit`, `predict` and `evaluate` are given."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.errors import InputError

BATCH = 32  # Of examples that come one by one, as `keras.Model.predict` has it.


class Given(NamedTuple):
    """Examples, labels and weights, of equal length.

    Attributes:
        x: array [N, ...].
        y: array [N, ...], or None.
        sample_weight: array [N], or None.
        batch_size: of a source that comes in batches; None of arrays.
    """

    x: np.ndarray
    y: np.ndarray | None
    sample_weight: np.ndarray | None
    batch_size: int | None


def is_source(x: Any) -> bool:
    """Whether this gives examples in parts: a dataset, a generator, a `PyDataset`, a data loader."""
    if isinstance(x, (tf.data.Dataset, keras.utils.PyDataset)):
        return True
    return not (isinstance(x, (list, tuple, str, dict)) or hasattr(x, "__array__")) and isinstance(
        x, Iterable
    )


def read(x: Any, y: Any, sample_weight: Any, *, rank: int, most: int) -> Given:
    """Examples as arrays; a source is read once.

    Args:
        x: an array, a tensor, a table; or a source of x, (x, y) or (x, y, sample_weight), in batches
            or one by one.
        y: labels of arrays; None, or of a source.
        sample_weight: likewise.
        rank: of a batch of examples: 4 for images, 2 for vectors.
        most: examples that are read of a source that does not end.

    Raises:
        InputError: a source has labels beside it, gives nothing, or gives what is no example.
    """
    if not is_source(x):
        return Given(as_array(x, "x"), _optional(y, "y"), _optional(sample_weight, "w"), None)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise InputError(
                f"{name}: leave it out, x is a {type(x).__name__} that gives it itself"
            )
    parts, count, batch_size = [], 0, None
    for element in elements(x):
        part = tuple(as_array(value, "x") for value in unpack(element) if value is not None)
        if part[0].ndim == rank:
            batch_size = batch_size or len(part[0])
        else:
            part = tuple(value[None] for value in part)
        parts.append(part)
        count += len(part[0])
        if count >= most and not _ends(x):
            break
    if not parts:
        raise InputError(
            f"x: the {type(x).__name__} gives no examples; a generator is used up once"
        )
    if len({len(part) for part in parts}) > 1:
        raise InputError(f"x: the {type(x).__name__} gives labels with some examples only")
    limit = None if _ends(x) else most
    columns = [np.concatenate(column)[:limit] for column in zip(*parts, strict=True)]
    x, y, sample_weight = (*columns, None, None)[:3]
    return Given(x, y, sample_weight, batch_size)


def unpack(element: Any) -> tuple[Any, Any, Any]:
    """x, y, sample_weight of what a source gives; None for those that it does not give."""
    return keras.utils.unpack_x_y_sample_weight(element)


def elements(x: Any) -> Iterator[Any]:
    """What a source gives, one after the other."""
    if isinstance(x, keras.utils.PyDataset):
        count = x.num_batches
        return (x[i] for i in (itertools.count() if count is None else range(count)))
    return iter(x)


def peeked(x: Any) -> tuple[Any, Any]:
    """The first element of a source, and a source that Keras knows, as it was before that.

    Raises:
        InputError: there is none.
    """
    source = elements(x)
    first = next(source, None)
    if first is None:
        raise InputError(
            f"x: the {type(x).__name__} gives no examples; a generator is used up once"
        )
    if isinstance(x, (tf.data.Dataset, keras.utils.PyDataset)):
        return first, x
    every = itertools.chain([first], source)
    return first, (part if isinstance(part, tuple) else (part,) for part in every)


def as_array(values: Any, name: str) -> np.ndarray:
    """A NumPy array of an array, a tensor, a table, a list.

    Args:
        values: anything.
        name: what is refused.

    Raises:
        InputError: it is none of these.
    """
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values, (str, dict)) or values is None:
        raise InputError(f"{name} must be an array, not {type(values).__name__}")
    try:
        return np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{name} must be an array whose rows are of one shape: {str(error).splitlines()[0]}"
        ) from error


def _optional(values: Any, name: str) -> np.ndarray | None:
    return None if values is None else as_array(values, name)


def _ends(x: Any) -> bool:
    """Whether a source is known to end."""
    if isinstance(x, tf.data.Dataset):
        return int(x.cardinality()) >= 0
    if isinstance(x, keras.utils.PyDataset):
        return x.num_batches is not None
    return hasattr(x, "__len__")
