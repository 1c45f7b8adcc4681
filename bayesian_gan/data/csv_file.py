"""CSV files as users and their spreadsheets write them, line by line."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayesian_gan.data.paths import check_file
from bayesian_gan.data.spreadsheets import unmarked
from bayesian_gan.errors import InputError

MAX_BYTES = 2**28
# Spreadsheets write these where a comma is the decimal mark.
DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class CsvFile:
    """The cells of a file, without white space around them or apostrophes of `spreadsheets.neutral`.

    Attributes:
        file: the CSV file.
        header: the cells of the first line.
        lines: where each row begins, counted from 1; lines without any text are none.
        rows: the cells of each, as many as the header has.
    """

    file: Path
    header: list[str]
    lines: list[int]
    rows: list[list[str]]

    def refuse(self, line: int, problem: str) -> InputError:
        """What is wrong in a line, and where that is."""
        return InputError(f"{str(self.file)!r}, line {line}: {problem}")


def read_csv(file: Path) -> CsvFile:
    """Reads a CSV file of UTF-8 text, with or without a byte order mark.

    Its first line names the columns. They are parted by commas, semicolons or tabs: the first of
    these that stands in that line; or by what a line `sep=;` before it says, as Excel writes.

    Raises:
        InputError: the file is missing, too large or no such table; the line names where.
    """
    check_file(file, MAX_BYTES)
    text = _text(file, file.read_bytes())
    header = text.split("\n", 1)[0]
    if "\0" in header:  # Of English text UTF-16 without a mark is UTF-8 as well, full of these.
        raise InputError(f"{str(file)!r}, line 1: not UTF-8 (UTF-16?); store the file as CSV UTF-8")
    said = re.fullmatch(r"sep=([,;\t])\r?", header)
    delimiter = said[1] if said else next((d for d in DELIMITERS if d in header), ",")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        if said:
            next(reader)
        names = _texts(next(reader, []))
        found = list(_rows(file, reader, len(names)))
    except csv.Error as error:
        raise InputError(
            f"{str(file)!r} cannot be read as CSV ({error}); correct the file"
        ) from error
    if not found:
        raise InputError(f"{str(file)!r} has no line below its first; add one for each example")
    lines, rows = zip(*found, strict=True)
    return CsvFile(file, names, list(lines), list(rows))


def _text(file: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{str(file)!r}, line {line}: not UTF-8; store the file as CSV UTF-8"
        ) from error


def _rows(file: Path, lines: Any, width: int) -> Iterator[tuple[int, list[str]]]:
    before = lines.line_num
    for cells in lines:
        line, before = before + 1, lines.line_num
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != width:
            raise InputError(
                f"{str(file)!r}, line {line}: {len(cells)} cells, and the first line has {width}; correct the "
                "line, and put a text that holds a comma in quotes"
            )
        yield line, _texts(cells)


def _texts(cells: list[str]) -> list[str]:
    return [unmarked(cell.strip()) for cell in cells]
