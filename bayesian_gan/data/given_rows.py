"""Rows that a user names, as tables and .npz files of vectors, in batches as a run's networks take them.

Columns are known by their names, in any order. A row that cannot stand there is told with the reason,
and the rest goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bayesian_gan.data import arrays
from bayesian_gan.data.csv_file import CsvFile, read_csv
from bayesian_gan.data.features import Features, in_words
from bayesian_gan.data.given_pictures import BATCH, Batch, Entry, is_npz
from bayesian_gan.errors import InputError

# Columns that a run does not learn from, and that say nothing new where they are met again.
KNOWN = ("split",)


@dataclass(frozen=True)
class GivenRows:
    """The rows of a file, as they stand there.

    Attributes:
        names: as rows of the answer call them: `FILE.csv:LINE`, or `FILE.npz:ARRAY[k]`.
        cells: of the run's columns, in their order; numbers of an array.
        extra: columns that the run does not know.
    """

    names: list[str]
    cells: Sequence[Sequence[str]] | np.ndarray
    extra: tuple[str, ...] = ()


def read_given(path: Path, features: Features) -> list[GivenRows]:
    """Reads a file of rows, of an .npz each of its arrays.

    Raises:
        InputError: it is no such file, lacks a column of the run, or has vectors of another length.
    """
    if path.is_dir():
        raise InputError(
            f"{str(path)!r} is a folder, and the run is one on rows; give a table FILE.csv or an .npz file"
        )
    return _of_arrays(path, features) if is_npz(path) else [_of_table(read_csv(path), features)]


def batches(given: Sequence[GivenRows], features: Features, size: int = BATCH) -> Iterator[Batch]:
    """The rows in order, at most `size` at a time, scaled.

    Args:
        given: of `read_given`.
        features: of the run.
        size: rows of a batch.
    """
    for rows in given:
        for first in range(0, len(rows.names), size):
            chosen = slice(first, first + size)
            yield _batch(rows.names[chosen], rows.cells[chosen], features)


def _of_table(table: CsvFile, features: Features) -> GivenRows:
    missing = [name for name in features.names if name not in table.header]
    if missing:
        raise InputError(
            f"{str(table.file)!r}, line 1: no column {in_words(missing)}, which the run learnt from; add it, "
            "or correct its name"
        )
    twice = next((name for name in features.names if table.header.count(name) > 1), None)
    if twice is not None:
        raise table.refuse(1, f"two columns are called {twice!r}; rename one of them")
    places = [table.header.index(name) for name in features.names]
    known = {*features.names, features.label_column, *features.ignored, "", *KNOWN}
    extra = tuple(name for name in table.header if name not in known)
    names = [f"{table.file}:{line}" for line in table.lines]
    return GivenRows(names, [[cells[k] for k in places] for cells in table.rows], extra)


def _of_arrays(path: Path, features: Features) -> list[GivenRows]:
    if not features.all_numbers:
        raise InputError(
            f"{str(path)!r}: the run learnt from categories, which an array has not; give a table FILE.csv"
        )
    found = arrays.read_vectors(path, features.width)
    return [
        GivenRows([f"{path}:{name}[{k}]" for k in range(len(vectors))], vectors.astype(np.float64))
        for name, vectors in found.items()
    ]


def _batch(
    names: Sequence[str], rows: Sequence[Sequence[str]] | np.ndarray, features: Features
) -> Batch:
    entries, vectors = [], []
    for name, row in zip(names, rows, strict=True):
        try:
            vectors.append(_vector(row, features))
            entries.append(Entry(name, None))
        except ValueError as error:
            entries.append(Entry(name, None, str(error)))
    shape = (0, features.width)
    return Batch(entries, np.concatenate(vectors) if vectors else np.empty(shape, np.float32))


def _vector(row: Sequence[str] | np.ndarray, features: Features) -> np.ndarray:
    """One row as the networks take it, float32 [1, D].

    Raises:
        ValueError: why it cannot be.
    """
    numbers = row if isinstance(row, np.ndarray) else np.array(features.encode(row))
    if not np.isfinite(numbers).all():
        k = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise ValueError(f"number {k} of the vector is {numbers[k]}, which is not finite")
    try:
        return features.to_networks(numbers[None])
    except InputError as error:
        raise ValueError("a number is too far from the training data's for float32") from error
