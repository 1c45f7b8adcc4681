"""A table of the user's own, a CSV file of which a column holds the classes of some rows."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bayesian_gan.data.class_names import check_class_names
from bayesian_gan.data.counts import counted
from bayesian_gan.data.csv_file import CsvFile, read_csv
from bayesian_gan.data.features import DECIMAL_COMMA, Column, Features, as_number, in_words
from bayesian_gan.data.given_labels import check_case
from bayesian_gan.data.image_data import UNLABELLED, ImageData
from bayesian_gan.data.label_table import read_split
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

LAYOUT = "a CSV file whose column --label_column holds the classes of some rows; text columns are categories"
SPLIT = "split"
# More values of a text than these are taken for names of the rows.
MOST_CATEGORIES = 50
# More classes than these must have two rows each, on average.
FEW_CLASSES = 20
# In a message that says what there is.
MOST_NAMED = 30


@dataclass(frozen=True)
class _Labels:
    """Labels of the rows to train on, by their place in the file, and of those to test on."""

    train: dict[int, str]
    test: dict[int, str]
    notes: list[str]


def read(path: Path, options: ReadingOptions) -> ImageData:
    """Reads a table of the user's own, `--data FILE.csv` or `--dataset table:FILE.csv`.

    Its vectors are not scaled yet; see `data.run_data.standardised`.

    Raises:
        InputError: something is missing, damaged or contradicts itself; the line names it.
    """
    table = read_csv(path)
    named, notes = _named(table)
    left_out = _listed(table, named, options.ignore_columns, "ignore_columns")
    label = _label_place(table, named, options.label_column, left_out)
    split = _split_place(named, left_out, options.label_column)
    used = {
        name: place
        for name, place in named.items()
        if place not in (label, split) and name not in left_out
    }
    if not used:
        raise InputError(f"{str(path)!r}: no column is left to learn from; add one")
    categories = _listed(table, used, options.category_columns, "category_columns")
    labels = _labels(table, label, split)
    columns = tuple(_column(table, name, place, name in categories) for name, place in used.items())
    features = Features(columns, options.label_column, left_out)
    vectors = _vectors(table, features, list(used.values()))
    names = _class_names(table, labels)
    place = {name: k for k, name in enumerate(names)} | {"": UNLABELLED}
    train, test = list(labels.train), list(labels.test)
    found = counted(labels.train.values(), len(test), "rows")
    return ImageData(
        images=vectors[train],
        labels=np.array([place[labels.train[i]] for i in train], np.int32),
        test_images=vectors[test],
        test_labels=np.array([place[labels.test[i]] for i in test], np.int32),
        class_names=names,
        name=path.stem,
        provenance=f"{path.stem} from the table {str(path)!r}",
        notes=(
            f"found {found}",
            _of_columns(features),
            *notes,
            *labels.notes,
            *_doubts(vectors, features),
        ),
        features=features,
    )


def unnamed_labels(path: Path) -> InputError:
    """What is said where a run with labels is not told which column they are.

    Raises:
        InputError: the table cannot be read.
    """
    names = in_words([name for name in read_csv(path).header if name], MOST_NAMED)
    return InputError(
        f"{str(path)!r}: give --label_column NAME, the column of the classes, of {names}; or --nosemi, to "
        "learn without labels"
    )


# --------------------------------------------------------------------------------- columns


def _named(table: CsvFile) -> tuple[dict[str, int], list[str]]:
    """The place of each column that has a name, and what is said of others."""
    named: dict[str, int] = {}
    for place, name in enumerate(table.header):
        if name in named:
            raise table.refuse(1, f"two columns are called {name!r}; rename one of them")
        if name:
            named[name] = place
    unnamed = len(table.header) - len(named)
    # Programs that write the numbers of the rows give them no name.
    return named, [f"left out: {unnamed} columns without a name"] if unnamed else []


def _listed(
    table: CsvFile, named: dict[str, int], names: str | None, option: str
) -> tuple[str, ...]:
    """The columns that an option lists, with commas between them."""
    if names is None:
        return ()
    listed = tuple(name.strip() for name in next(csv.reader([names]), []) if name.strip())
    for name in listed:
        if name not in named:
            raise InputError(
                f"--{option}: {str(table.file)!r} has no column {name!r} to take; give some of "
                f"{in_words(list(named), MOST_NAMED)}"
            )
    return listed


def _label_place(
    table: CsvFile, named: dict[str, int], name: str | None, left_out: Sequence[str]
) -> int | None:
    if name is None:
        return None
    if name not in named:
        raise InputError(
            f"--label_column {name}: {str(table.file)!r} has no such column; give one of "
            f"{in_words(list(named), MOST_NAMED)}"
        )
    if name in left_out:
        raise InputError(f"--label_column {name} stands in --ignore_columns; remove it there")
    return named[name]


def _split_place(
    named: dict[str, int], left_out: Sequence[str], label_column: str | None
) -> int | None:
    for name, place in named.items():
        if name.lower() == SPLIT and name not in left_out and name != label_column:
            return place
    return None


def _column(table: CsvFile, name: str, place: int, is_category: bool) -> Column:
    """What a column is, by its cells.

    Raises:
        InputError: they are of both kinds, or no categories.
    """
    cells = [cells[place] for cells in table.rows]
    if "" in cells:
        raise table.refuse(
            table.lines[cells.index("")],
            f"column {name!r} is empty; give a value, remove the line, or leave the column out with "
            f"--ignore_columns {name}",
        )
    numbers = [as_number(cell) for cell in cells]
    if not is_category and any(number is not None for number in numbers):
        _check_numbers(table, name, cells, numbers)
        return Column(name, "number")
    comma = next((k for k, cell in enumerate(cells) if DECIMAL_COMMA.fullmatch(cell)), None)
    if comma is not None and not is_category:
        raise table.refuse(
            table.lines[comma],
            f"column {name!r} holds {cells[comma]!r}, with a comma; store numbers as 1.5, with a point",
        )
    different = sorted(set(cells))
    if len(different) > MOST_CATEGORIES or (len(different) == len(cells) > 2):
        raise InputError(
            f"{str(table.file)!r}: column {name!r} holds {len(different)} different texts in {len(cells)} "
            f"rows, such as {cells[0]!r}, and at most {MOST_CATEGORIES} that recur can be learnt from; "
            f"leave it out with --ignore_columns {name}"
        )
    return Column(name, "category", tuple(different))


def _check_numbers(
    table: CsvFile, name: str, cells: Sequence[str], numbers: Sequence[float | None]
) -> None:
    for line, cell, number in zip(table.lines, cells, numbers, strict=True):
        if number is None:
            first = next(k for k, value in enumerate(numbers) if value is not None)
            hint = "store it with a point" if DECIMAL_COMMA.fullmatch(cell) else "correct it"
            raise table.refuse(
                line,
                f"column {name!r} holds {cell!r}, and {cells[first]!r} in line {table.lines[first]}; {hint}, "
                f"or, if all are categories, give --category_columns {name}",
            )
        if not np.isfinite(number):
            raise table.refuse(
                line,
                f"column {name!r} holds {cell!r}; give a number, remove the line, or leave the column out "
                f"with --ignore_columns {name}",
            )


def _vectors(table: CsvFile, features: Features, places: Sequence[int]) -> np.ndarray:
    rows = [features.encode([cells[k] for k in places]) for cells in table.rows]
    return np.array(rows, np.float64) + 0.0  # No row differs by the sign of a zero.


# --------------------------------------------------------------------------------- labels


def _labels(table: CsvFile, label: int | None, split: int | None) -> _Labels:
    """Each row's label and use; an empty cell is no label.

    Raises:
        InputError: a word that is no split, a row to test on without a label, or what are no classes.
    """
    found, held, places = _Labels({}, {}, []), dict[int, str](), dict[str, str]()
    for i, (line, cells) in enumerate(zip(table.lines, table.rows, strict=True)):
        of_row = "" if label is None else cells[label]
        if of_row:
            places.setdefault(of_row, f"{str(table.file)!r}, line {line}")
        use = "" if split is None else read_split(table, line, cells[split])
        if use in ("test", "validation") and not of_row:
            raise table.refuse(line, f"a row of the split {use} without a label; give it one")
        {"test": found.test, "validation": held}.get(use, found.train)[i] = of_row
    if held and found.test:
        found.notes.append(f"left out: {len(held)} rows of the split validation, beside a test set")
    elif held:
        found.test.update(held)
    if not found.train:
        raise InputError(f"{str(table.file)!r} holds no row to train on; add some")
    check_class_names(places)
    check_case(places)
    return found


def _class_names(table: CsvFile, labels: _Labels) -> tuple[str, ...]:
    """The classes, sorted: those of the rows to train on, or where none has a label to test on."""
    train, test = (set(rows.values()) - {""} for rows in (labels.train, labels.test))
    if train and test - train:
        raise InputError(
            f"{str(table.file)!r}: rows to test on are of classes that no row to train on has: "
            f"{in_words(sorted(test - train))}; give some of those a label"
        )
    labelled = sum(bool(name) for name in labels.train.values())
    if len(train) > FEW_CLASSES and labelled < 2 * len(train):
        raise InputError(
            f"{str(table.file)!r}: the labels have {len(train)} different values in {labelled} rows, so they "
            "are no classes; give another --label_column"
        )
    return tuple(sorted(train or test))


# --------------------------------------------------------------------------------- saying


def _of_columns(features: Features) -> str:
    """The columns, in words."""
    numbers = [column.name for column in features.columns if column.kind == "number"]
    categories = [
        f"{column.name} ({column.width})"
        for column in features.columns
        if column.kind == "category"
    ]
    said = [f"{len(numbers)} columns of numbers: {in_words(numbers)}"] if numbers else []
    if categories:
        said.append(f"{len(categories)} of categories: {in_words(categories)}")
    if features.ignored:
        said.append(f"left out: {in_words(features.ignored)}")
    return "; ".join(said)


def _doubts(vectors: np.ndarray, features: Features) -> list[str]:
    """What may be a mistake of the table."""
    said, place = [], 0
    for column in features.columns:
        values = vectors[:, place]
        place += column.width
        if column.kind == "category":
            continue
        if np.all(values == values[0]):
            said.append(f"column {column.name} has one value only, {values[0]:g}")
        elif len(values) > 2 and np.all(np.diff(values) == 1):
            said.append(
                f"column {column.name} counts the rows: --ignore_columns {column.name} leaves it out"
            )
    return said
