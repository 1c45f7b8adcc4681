"""Inputs of a prediction that can be read only once, read once."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import keras
import numpy as np
import tensorflow as tf


def read_once(x: Any, steps: int | None = None) -> tuple[Any, dict[str, Any]]:
    """Inputs as arrays, which are the same for whoever reads them next.

    A generator is exhausted after one reading, and a data set that shuffles gives another order
    each time.

    Args:
        x: inputs, as for `keras.Model.predict`.
        steps: batches to read; None for all.

    Returns:
        Arrays in the place of a generator, a `tf.data.Dataset`, a `PyDataset` or a PyTorch
        `DataLoader`, and anything else as it is; and the arguments of `predict` that belong to it.

    Raises:
        ValueError: the inputs never end and `steps` is None, there are none, or batches do not fit
            each other.
    """
    batches = _batches(x, steps)
    if batches is None:
        return x, {} if steps is None else {"steps": steps}
    read = [keras.utils.unpack_x_y_sample_weight(batch)[0] for batch in islice(batches, steps)]
    if not read:
        raise ValueError("`x` gives no batch: a generator can be read only once, give a new one")
    arrays = [keras.tree.map_structure(np.asarray, batch) for batch in read]
    size = len(keras.tree.flatten(arrays[0])[0])
    try:
        joined = keras.tree.map_structure(lambda *parts: np.concatenate(parts), *arrays)
    except ValueError as error:
        raise ValueError(
            f"`x` has batches of different shapes: give one array ({error})"
        ) from error
    return joined, {"batch_size": size}


def _batches(x: Any, steps: int | None) -> Iterator[Any] | None:
    """The batches of inputs that come in batches; None for arrays."""
    endless = "`x` never ends: give `steps`, the number of batches to read"
    if isinstance(x, keras.utils.PyDataset):
        count = steps if x.num_batches is None else x.num_batches
        if count is None:
            raise ValueError(endless)
        return (x[k] for k in range(count))
    if isinstance(x, tf.data.Dataset):
        if steps is None and int(x.cardinality()) == tf.data.INFINITE_CARDINALITY:
            raise ValueError(endless)
        return iter(x)
    if isinstance(x, Iterator) or (isinstance(x, Iterable) and hasattr(x, "batch_sampler")):
        return iter(x)
    return None
