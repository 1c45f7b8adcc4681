"""The labels that a CSV file gives to images that have no files of their own: `train/17` is image 17."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from bayesian_gan.data.class_names import check_class_names
from bayesian_gan.data.image_data import NUMBERED, UNLABELLED, ImageData
from bayesian_gan.data.label_table import LabelTable, Row, read_label_table


def label_numbered(data: ImageData, labels: str) -> ImageData:
    """The data set with the labels of a file.

    Of data that are labelled throughout, as a benchmark is, only the images in the file keep their
    labels. Others keep what labels they have, and get those of the file.

    Args:
        data: whose images are called as `ImageData.image_names` says.
        labels: the CSV file, see `data.label_table`; its paths are `train/NUMBER`.

    Raises:
        InputError: it cannot be read, names what is not there, or contradicts itself or the data.
    """
    table = read_label_table(Path(labels).expanduser())
    places = {row.label: f"line {row.line} of {table.file}" for row in table.rows if row.label}
    check_class_names(places)
    class_names = data.class_names or tuple(sorted(places))
    numbers = {name: i for i, name in enumerate(data.image_names)}
    found = np.full(len(data.images), UNLABELLED, np.int32)
    rows: dict[int, Row] = {}
    for row in table.rows:
        i = _number(table, row, numbers, data)
        _check_once(table, row, rows.get(i))
        rows[i] = row
        found[i] = _class(table, row, class_names)
        if UNLABELLED not in (found[i], data.labels[i]) and found[i] != data.labels[i]:
            raise table.refuse(
                row.line,
                f"two labels for one picture: {row.path!r} is {row.label!r} here and "
                f"{class_names[data.labels[i]]!r} in {data.name}; correct it",
            )
    given = int(np.count_nonzero(found != UNLABELLED))
    note = f"labels of {table.file.name}: {given:,} pictures"
    if data.all_labelled:
        note += f", and none of the others of {data.name} has one"
    else:
        found = np.where(found == UNLABELLED, data.labels, found)
        note += f", {np.count_nonzero(found != UNLABELLED):,} with those that {data.name} labels"
    return replace(data, labels=found, class_names=class_names, notes=(*data.notes, note))


def _number(table: LabelTable, row: Row, numbers: dict[str, int], data: ImageData) -> int:
    if row.path not in numbers:
        raise table.refuse(
            row.line,
            f"{row.path!r} is no training picture of {data.name}; give {NUMBERED}NUMBER, such as "
            f"{data.image_names[0]} or {data.image_names[-1]}",
        )
    if row.split not in ("", "train"):
        raise table.refuse(
            row.line,
            f"the split of {row.path!r} is {row.split}, and it is a training picture; leave the split empty",
        )
    return numbers[row.path]


def _check_once(table: LabelTable, row: Row, other: Row | None) -> None:
    if other is not None:
        raise table.refuse(
            row.line, f"{row.path!r} stands in line {other.line} already; remove one of them"
        )


def _class(table: LabelTable, row: Row, class_names: tuple[str, ...]) -> int:
    if not row.label:
        return UNLABELLED
    if row.label not in class_names:
        raise table.refuse(
            row.line,
            f"the label {row.label!r} is none of the classes, {', '.join(class_names)}; correct it",
        )
    return class_names.index(row.label)
