"""What the numbers of a vector are: columns of a table, scaled, and categories one by one.

A number is standardised by the training data, as scikit-learn's `StandardScaler` does. A category
becomes as many numbers as it has values, of which one is 1 and the others 0, as its `OneHotEncoder`
does. Both are kept as JSON, so that nothing of a run needs to be unpickled.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from bayesian_gan.data.standardised import Standardised
from bayesian_gan.errors import InputError

# In `float`, but no number of a table.
_NO_NUMBER = re.compile(r"[^0-9.eE+-]")
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+")


@dataclass(frozen=True)
class Column:
    """A column that the networks see.

    Attributes:
        name: as in the first line of the table.
        kind: what stands in it.
        categories: of a category its values, sorted; of a number none.
    """

    name: str
    kind: Literal["number", "category"]
    categories: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """How many numbers of the vector it makes."""
        return 1 if self.kind == "number" else len(self.categories)

    def encode(self, cell: str) -> list[float]:
        """The numbers of a cell, not scaled.

        Raises:
            ValueError: it cannot stand in this column; the text says why.
        """
        if not cell:
            raise ValueError(f"column {self.name!r} is empty")
        if self.kind == "number":
            return [self._number(cell)]
        if cell not in self.categories:
            raise ValueError(
                f"column {self.name!r} holds {cell!r}, a category that is new to the run; it knows "
                f"{in_words(self.categories)}"
            )
        return [float(cell == known) for known in self.categories]

    def decode(self, numbers: np.ndarray) -> str:
        """The cell of numbers that are not scaled; the category is that of the largest."""
        if self.kind == "number":
            return f"{numbers[0]:.6g}"
        return self.categories[int(numbers.argmax())]

    def _number(self, cell: str) -> float:
        value = as_number(cell)
        if value is None:
            hint = ", with a comma: write 1.5 for 1,5" * bool(DECIMAL_COMMA.fullmatch(cell))
            raise ValueError(f"column {self.name!r} holds {cell!r}, which is no number{hint}")
        if not math.isfinite(value):
            raise ValueError(f"column {self.name!r} holds {cell!r}, which is not finite")
        return value


@dataclass(frozen=True, eq=False)
class Features:
    """The columns of vectors, in order.

    Attributes:
        columns: at least one.
        label_column: the column of the labels, which is none of them; None without one.
        ignored: columns of the table that are left out.
        scaling: between the units of a user and those of the networks; None before it is known.
    """

    columns: tuple[Column, ...]
    label_column: str | None = None
    ignored: tuple[str, ...] = ()
    scaling: Standardised | None = None

    @classmethod
    def of_numbers(cls, count: int) -> "Features":
        """Those of vectors without names: x0, x1, ..."""
        return cls(tuple(Column(f"x{k}", "number") for k in range(count)))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def width(self) -> int:
        """D, the numbers of a vector."""
        return sum(column.width for column in self.columns)

    @property
    def all_numbers(self) -> bool:
        """Whether no column is a category."""
        return all(column.kind == "number" for column in self.columns)

    def encode(self, cells: Sequence[str]) -> list[float]:
        """The vector of a row, not scaled.

        Args:
            cells: of the columns, in their order.

        Raises:
            ValueError: a cell that cannot stand in its column; the text says why.
        """
        parts = (column.encode(c) for column, c in zip(self.columns, cells, strict=True))
        return [number for part in parts for number in part]

    def decode(self, vectors: np.ndarray) -> list[list[str]]:
        """The cells of vectors [n, D] that are not scaled."""
        ends = np.cumsum([column.width for column in self.columns])
        parts = np.split(vectors, ends[:-1], axis=1)
        columns = [
            [column.decode(numbers) for numbers in part]
            for column, part in zip(self.columns, parts, strict=True)
        ]
        return [list(cells) for cells in zip(*columns, strict=True)]

    def fitted(self, vectors: np.ndarray) -> "Features":
        """With the scaling of training vectors, float64 [n, D]; their order does not matter.

        Raises:
            InputError: a column of numbers so large that they have no standard deviation.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            found = Standardised.of(np.sort(vectors, axis=0))
        number = np.repeat(
            [column.kind == "number" for column in self.columns],
            [column.width for column in self.columns],
        )
        huge = np.flatnonzero(number & ~np.isfinite(found.mean + found.scale))
        if len(huge):
            largest = np.abs(vectors[:, huge[0]]).max()
            raise InputError(
                f"column {self._at(huge[0])!r} holds numbers as large as {largest:g}, which cannot be "
                "scaled; give it in another unit, or leave it out"
            )
        mean, scale = np.where(number, found.mean, 0.0), np.where(number, found.scale, 1.0)
        return replace(self, scaling=Standardised(mean, scale))

    def _at(self, place: int) -> str:
        """The name of the column that a number of the vector belongs to."""
        ends = np.cumsum([column.width for column in self.columns])
        return self.names[int(np.searchsorted(ends, place, side="right"))]

    def to_networks(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors [n, D] as the networks take them, float32.

        Raises:
            InputError: a value so far from the training data that float32 does not hold it.
        """
        assert self.scaling is not None
        return self.scaling.to_networks(vectors)

    def to_units(self, examples: np.ndarray) -> np.ndarray:
        """What a generator makes, in the units of the table, float64 [n, D]."""
        assert self.scaling is not None
        return self.scaling.to_rows(examples)

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON: `columns`, `label_column`, `ignored`.

        A column has a name, a kind, and `mean` and `scale`, or `categories`.
        """
        assert self.scaling is not None
        columns, place = [], 0
        for column in self.columns:
            found: dict[str, Any] = {"name": column.name, "kind": column.kind}
            if column.kind == "category":
                found["categories"] = list(column.categories)
            else:
                found["mean"] = float(self.scaling.mean[place])
                found["scale"] = float(self.scaling.scale[place])
            columns.append(found)
            place += column.width
        return {
            "columns": columns,
            "label_column": self.label_column,
            "ignored": list(self.ignored),
        }

    @classmethod
    def from_json(cls, found: Any, where: str) -> "Features":
        """What `to_json` gave.

        Args:
            found: as it was read.
            where: it stood, for the message.

        Raises:
            InputError: it is something else.
        """
        try:
            columns, mean, scale = [], list[float](), list[float]()
            for each in found["columns"]:
                column = Column(each["name"], each["kind"], tuple(each.get("categories", ())))
                if column.kind not in ("number", "category") or not column.width:
                    raise ValueError(column.name)
                columns.append(column)
                mean += [float(each.get("mean", 0.0))] * column.width
                scale += [float(each.get("scale", 1.0))] * column.width
            scaling = Standardised(np.array(mean), np.array(scale))
            if not columns or not np.isfinite([mean, scale]).all() or min(scale) <= 0:
                raise ValueError("scaling")
            return cls(tuple(columns), found["label_column"], tuple(found["ignored"]), scaling)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(
                f"{where}: damaged, it does not describe the columns; put it back"
            ) from error


def as_number(cell: str) -> float | None:
    """The number of a cell, which may be infinite or NaN; None where it is no number."""
    word = cell.lower().lstrip("+-")
    if word not in ("nan", "inf", "infinity") and _NO_NUMBER.search(cell):
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def in_words(names: Sequence[str], most: int = 5) -> str:
    """The first names of several, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
