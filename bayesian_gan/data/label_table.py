"""A CSV file of labels: which picture has which class, and which are to test on."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayesian_gan.data.paths import check_file
from bayesian_gan.data.spreadsheets import unmarked
from bayesian_gan.errors import InputError

MAX_BYTES = 2**28
# Hugging Face's name of such a file, which lies beside the pictures.
OF_THE_FOLDER = "metadata.csv"
PATHS = ("path", "file_name", "filename", "image")
LABELS = ("label", "class", "category")
SPLITS = {
    "": "",
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
} | dict.fromkeys(("val", "valid", "validation"), "validation")
# Spreadsheets write these where a comma is the decimal mark.
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Row:
    """One row of the file.

    Attributes:
        line: where it begins, counted from 1.
        path: as it stands there, not empty.
        label: of the class; "" where there is none.
        split: "train", "test" or "validation"; "" where the file does not say.
    """

    line: int
    path: str
    label: str
    split: str


@dataclass(frozen=True)
class LabelTable:
    """The rows of a file, in its order.

    Attributes:
        file: the CSV file.
        rows: at least one.
    """

    file: Path
    rows: tuple[Row, ...]

    def refuse(self, line: int, problem: str) -> InputError:
        """What is wrong in a line, and where that is."""
        return InputError(f"{str(self.file)!r}, line {line}: {problem}")


def read_label_table(file: Path) -> LabelTable:
    """Reads a CSV file of UTF-8 text, with or without a byte order mark.

    Its first line names the columns: one of `PATHS`, one of `LABELS`, and `split` if you like;
    others are passed over. They are parted by commas, semicolons or tabs. Apostrophes that
    `spreadsheets.neutral` has put in front of cells are taken off.

    Raises:
        InputError: the file is missing, too large or no such table; the line names where.
    """
    check_file(file, MAX_BYTES)
    text = _text(file, file.read_bytes())
    header = text.split("\n", 1)[0]
    delimiter = next((d for d in DELIMITERS if d in header), ",")
    try:
        rows = tuple(_rows(file, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)))
    except csv.Error as error:
        raise InputError(
            f"{str(file)!r} cannot be read as CSV ({error}); correct the file"
        ) from error
    if not rows:
        raise InputError(f"{str(file)!r} has no line below its first; add one for each picture")
    return LabelTable(file, rows)


def _text(file: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{str(file)!r}, line {line}: not UTF-8; store the file as CSV UTF-8"
        ) from error


def _rows(file: Path, lines: Any) -> Iterator[Row]:
    header = [name.strip().lower() for name in next(lines, [])]
    path, label = (_column(file, header, names) for names in (PATHS, LABELS))
    split = header.index("split") if "split" in header else None
    before = lines.line_num
    for cells in lines:
        line, before = before + 1, lines.line_num
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{str(file)!r}, line {line}"
        if len(cells) != len(header):
            raise InputError(
                f"{where}: {len(cells)} cells, and the first line has {len(header)}; correct the line, and put "
                "a path that holds a comma in quotes"
            )
        if not cells[path].strip():
            raise InputError(f"{where}: no {header[path]}; give one, or remove the line")
        given = "" if split is None else cells[split].strip().lower()
        if given not in SPLITS:
            raise InputError(f"{where}: the split is {given!r}; give train, test or nothing")
        name, chosen = (unmarked(cells[k].strip()) for k in (path, label))
        yield Row(line, name, chosen, SPLITS[given])


def _column(file: Path, header: list[str], names: tuple[str, ...]) -> int:
    found = [name for name in header if name in names]
    if not found:
        raise InputError(
            f"{str(file)!r}, line 1: no column {names[0]!r} (or {', '.join(names[1:])}), only "
            f"{', '.join(filter(None, header)) or 'nothing'}; name the columns in the first line: add it"
        )
    if len(found) > 1:
        raise InputError(
            f"{str(file)!r}, line 1: the columns {found[0]!r} and {found[1]!r} mean the same; leave one out"
        )
    return header.index(found[0])
