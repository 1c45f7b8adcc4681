"""A CSV file of labels: which picture has which class, and which are to test on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bayesian_gan.data.csv_file import CsvFile, read_csv
from bayesian_gan.errors import InputError

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
    """Reads a CSV file of labels, see `read_csv`.

    Its first line names the columns: one of `PATHS`, one of `LABELS`, and `split` if you like;
    others are passed over.

    Raises:
        InputError: the file is missing, too large or no such table; the line names where.
    """
    return LabelTable(file, tuple(_rows(read_csv(file))))


def read_split(table: CsvFile, line: int, cell: str) -> str:
    """The split that a cell names: "train", "test", "validation", or "" for none.

    Raises:
        InputError: another word.
    """
    if cell.lower() not in SPLITS:
        raise table.refuse(line, f"the split is {cell.lower()!r}; give train, test or nothing")
    return SPLITS[cell.lower()]


def _rows(table: CsvFile) -> Iterator[Row]:
    header = [name.lower() for name in table.header]
    path, label = (_column(table.file, header, names) for names in (PATHS, LABELS))
    split = header.index("split") if "split" in header else None
    for line, cells in zip(table.lines, table.rows, strict=True):
        if not cells[path]:
            raise table.refuse(line, f"no {header[path]}; give one, or remove the line")
        given = "" if split is None else read_split(table, line, cells[split])
        yield Row(line, cells[path], cells[label], given)


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
