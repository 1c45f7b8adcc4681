"""The tables of a run's folder, column by column."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.storage import open_regular


@dataclass(frozen=True)
class Table:
    """Columns of numbers, NaN where a cell is empty.

    Attributes:
        columns: float64 [rows] by name; all of the same length.
    """

    columns: dict[str, np.ndarray]

    def __len__(self) -> int:
        """Rows."""
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> np.ndarray:
        """A column; NaN throughout where there is none of this name."""
        return self.columns.get(name, np.full(len(self), np.nan))

    def matching(self, prefix: str) -> dict[str, np.ndarray]:
        """Columns whose names begin with `prefix`, by the rest of the name."""
        return {
            name[len(prefix) :]: column
            for name, column in self.columns.items()
            if name.startswith(prefix)
        }

    def after(self, iteration: int) -> "Table":
        """The rows of later iterations."""
        chosen = self["iteration"] > iteration
        return Table({name: column[chosen] for name, column in self.columns.items()})


def late(values: np.ndarray) -> np.ndarray:
    """The second half of what is known of a column."""
    known = values[np.isfinite(values)]
    return known[len(known) // 2 :]


def mean_of_known(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Mean over columns of what is known in each row; NaN where nothing is."""
    stacked = np.stack(columns)
    known = np.isfinite(stacked)
    total = np.where(known, stacked, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def read_table(path: Path) -> Table:
    """A CSV file with a header; an empty table where the file does not exist.

    A last line that is still being written is left out.

    Raises:
        InputError: it cannot be read, or is no such table.
    """
    try:
        with open_regular(path) as file:
            text = file.read().decode("utf-8")
    except FileNotFoundError:
        return Table({})
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); put it back") from error
    rows = list(csv.reader(text[: text.rfind("\n") + 1].splitlines()))
    if not rows:
        return Table({})
    header, body = rows[0], rows[1:]
    try:
        if any(len(row) != len(header) for row in body):
            raise ValueError("its rows are not of one length")
        values = np.array([[float(cell or "nan") for cell in row] for row in body])
    except ValueError as error:
        raise InputError(f"{path}: is no table of numbers ({error}); put it back") from error
    values = values.reshape(len(body), len(header))
    return Table(dict(zip(header, values.T, strict=True)))
