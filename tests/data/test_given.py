"""Sources of examples, read to their end."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from bayesian_gan.data.given import read
from bayesian_gan.errors import InputError

X = np.arange(5 * 8 * 8, dtype=np.uint8).reshape(5, 8, 8, 1)
Y = np.array([0, 1, -1, 1, 0])
W = np.array([1.0, 2.0, 0.0, 0.5, 1.0])


def _batches(*columns: np.ndarray) -> Iterator[Any]:
    """Batches of two, two and one."""
    for start in (0, 2, 4):
        parts = tuple(column[start : start + 2] for column in columns)
        yield parts if len(parts) > 1 else parts[0]


@pytest.mark.parametrize("columns", [(X,), (X, Y), (X, Y, W)])
def test_batches_are_put_together(columns: tuple[np.ndarray, ...]) -> None:
    found = read(_batches(*columns), None, None, rank=4, most=100)
    for given, expected in zip((found.x, found.y, found.sample_weight), columns, strict=False):
        np.testing.assert_array_equal(given, expected)
    assert [found.y is None, found.sample_weight is None] == [len(columns) < 2, len(columns) < 3]
    assert found.batch_size == 2


def test_single_examples_are_put_together() -> None:
    found = read(iter(zip(X, Y, strict=True)), None, None, rank=4, most=100)
    np.testing.assert_array_equal(found.x, X)
    np.testing.assert_array_equal(found.y, Y)
    assert found.batch_size is None


def test_labels_come_with_all_examples_or_with_none() -> None:
    for odd in ([(X[:2], Y[:2]), X[2:]], [X[:2], (X[2:], Y[2:])]):
        with pytest.raises(InputError, match="gives labels with some examples only"):
            read(iter(odd), None, None, rank=4, most=100)
    with pytest.raises(InputError, match="gives no examples; a generator is used up once"):
        read(iter(()), None, None, rank=4, most=100)
    with pytest.raises(InputError, match="y: leave it out, x is a generator that gives it itself"):
        read(_batches(X), Y, None, rank=4, most=100)
