"""The rows of `predict`, as cells of a CSV, as JSON, and as lines of a table."""

import csv
import io
import json
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from bayesian_gan.data.spreadsheets import neutral
from bayesian_gan.errors import InputError

TEXTS = ("path", "label", "set", "reason")
BIT = math.log(2.0)
WIDEST = 24


@dataclass
class Row:
    """What is said of one picture; entropies in nats.

    Attributes:
        path: the picture.
        reason: why it could not be read, or placed; empty where it was.
        read: whether the rest is there.
        p_real: P(real | x).
        label: the class that the average puts first; of a run without labels None, as what follows.
        probability: of that class.
        entropy: of the average.
        mutual_information: of class and sample.
        probabilities: of every class.
        votes: the class that each chain's average puts first.
        members: of the prediction set; None without one.
    """

    path: str
    reason: str = ""
    read: bool = False
    p_real: float = math.nan
    label: str | None = None
    probability: float = math.nan
    entropy: float = math.nan
    mutual_information: float = math.nan
    probabilities: list[float] = field(default_factory=list)
    votes: list[str] = field(default_factory=list)
    members: list[str] | None = None


class Columns:
    """The columns of one posterior's rows.

    Args:
        class_names: K names; none of a run without labels, which has no columns of classes.
        chains: numbers of the chains.
        sets: whether there are prediction sets.
    """

    def __init__(self, class_names: Sequence[str], chains: Sequence[int], sets: bool) -> None:
        self.class_names, self.chains = class_names, chains
        names = ["path"]
        if class_names:
            names += ["label", "probability", "entropy", "mutual_information"]
        names += ["p_real"]
        if class_names:
            names += [f"p({name})" for name in class_names]
            names += [f"chain_{number}" for number in chains]
        self.names = [*names, *(["set"] if sets else []), "reason"]

    def check(self, column: str) -> None:
        """Raises InputError where there is no such column to sort by."""
        if column not in self.names:
            raise InputError(
                f"--sort {column}: there is no such column; give one of {', '.join(self.names)}, with a - "
                "before it for descending order"
            )

    def values(self, row: Row) -> dict[str, Any]:
        """The values by column: texts and floats; of a picture that was not read, path and reason."""
        found: dict[str, Any] = {"path": row.path, "reason": row.reason}
        if not row.read:
            return found
        found["p_real"] = row.p_real
        if row.label is None:
            return found
        found |= {
            "label": row.label,
            "probability": row.probability,
            "entropy": row.entropy / BIT,
            "mutual_information": row.mutual_information / BIT,
        }
        found |= {f"p({k})": p for k, p in zip(self.class_names, row.probabilities, strict=True)}
        found |= {f"chain_{k}": vote for k, vote in zip(self.chains, row.votes, strict=True)}
        if row.members is not None:
            found["set"] = json.dumps(row.members, ensure_ascii=False)
        return found

    def cells(self, row: Row) -> list[str]:
        """Of a CSV, entropies in bits; texts are made neutral (see `data.spreadsheets`)."""
        values = self.values(row)
        cells = (values.get(name, "") for name in self.names)
        return [neutral(c) if isinstance(c, str) else f"{c:.10g}" for c in cells]

    def json(self, row: Row) -> dict[str, Any]:
        """An object of JSON, entropies in nats."""
        if not row.read:
            return {"image": row.path, "error": row.reason}
        found: dict[str, Any] = {"image": row.path}
        if row.label is not None:
            found |= {
                "class": row.label,
                "probabilities": dict(zip(self.class_names, row.probabilities, strict=True)),
                "entropy": row.entropy,
                "mutual_information": row.mutual_information,
                "chains": dict(zip(map(str, self.chains), row.votes, strict=True)),
            }
        found["p_real"] = row.p_real
        if row.members is not None:
            found["set"] = row.members
        return found | ({"error": row.reason} if row.reason else {})

    @property
    def heading(self) -> str:
        """Over the lines of `line`."""
        parts = ["P(real)"]
        if self.class_names:
            parts = [
                f"{'class':{self._width}}",
                f"{'%':>6}",
                "entropy",
                "mutual",
                *parts,
                f"{'chains':6}",
            ]
        return "  ".join([*parts, "path"])

    def line(self, row: Row) -> str:
        """Of a table on a terminal, entropies in bits; chains that vote otherwise are counted."""
        if not row.read:
            return f"not read: {_printable(row.reason)}"
        parts = [f"{row.p_real:7.4f}"]
        if row.label is not None:
            agree = sum(vote == row.label for vote in row.votes)
            parts = [
                f"{_printable(row.label)[:WIDEST]:{self._width}}",
                f"{100 * row.probability:6.2f}",
                f"{row.entropy / BIT:7.4f}",
                f"{row.mutual_information / BIT:6.4f}",
                *parts,
                f"{f'{agree}/{len(row.votes)}':6}",
            ]
        parts.append(_printable(row.path))
        if row.members is not None:
            parts.append("{" + ", ".join(map(_printable, row.members)) + "}")
        return "  ".join(parts) + (f"  ({_printable(row.reason)})" if row.reason else "")

    @property
    def _width(self) -> int:
        return min(WIDEST, max(5, *(len(_printable(name)) for name in self.class_names)))

    def csv_line(self, cells: Sequence[str]) -> str:
        """A line of a CSV with its end."""
        text = io.StringIO()
        csv.writer(text).writerow(cells)
        return text.getvalue()


def in_order(texts: Iterable[tuple[Row, str]], columns: Columns, sort: str | None) -> Iterator[str]:
    """The rows' texts, sorted: those of pictures that were not read come last.

    Equal ones stay in the order they came in. What waits lies in a temporary file, and the keys in
    memory.

    Args:
        texts: rows, and what stands for them.
        columns: of the rows.
        sort: a column, with a - before it for descending order; None for the order they come in.
    """
    if sort is None:
        yield from (text for _, text in texts)
        return
    column, descending = sort.removeprefix("-"), sort.startswith("-")
    keyed: list[tuple[Any, int, int]] = []
    last: list[tuple[int, int]] = []
    with tempfile.TemporaryFile() as file:
        for row, text in texts:
            data = encoded(text)
            values = columns.values(row)
            if row.read or column in TEXTS:
                keyed.append((values.get(column, ""), file.tell(), len(data)))
            else:
                last.append((file.tell(), len(data)))
            file.write(data)
        keyed.sort(key=lambda item: item[0], reverse=descending)
        for start, length in [*((start, length) for _, start, length in keyed), *last]:
            file.seek(start)
            yield decoded(file.read(length))


def encoded(text: str) -> bytes:
    """UTF-8; the bytes of a file name that is not UTF-8 stay as they are."""
    return text.encode("utf-8", "surrogateescape")


def decoded(data: bytes) -> str:
    """The text of `encoded`."""
    return data.decode("utf-8", "surrogateescape")


def _printable(text: str) -> str:
    """For a terminal: what would move its cursor, or is no text, is written as a code."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
