"""The labels that a CSV file gives to the pictures of a folder, beside those of its class folders."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bayesian_gan.data.class_names import check_class_names, composed
from bayesian_gan.data.label_table import LabelTable, Row
from bayesian_gan.data.layout import Layout
from bayesian_gan.errors import InputError


@dataclass
class GivenLabels:
    """All that is known of each picture.

    Attributes:
        train: label of each training picture; "" where there is none.
        test: label of each picture to test on; never "".
        left_out: what is used for nothing, in words.
        places: where each label was first met, in words, for messages.
    """

    train: dict[Path, str] = field(default_factory=dict)
    test: dict[Path, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)


def give_labels(folder: Path, layout: Layout, tables: Iterable[LabelTable]) -> GivenLabels:
    """Joins the labels of class folders and of tables.

    Args:
        folder: of the pictures.
        layout: what its folders say.
        tables: files of labels, with paths from there or from the folder.

    Raises:
        InputError: a path that is no picture of the folder, a picture with two labels or named
            twice, a test picture without a label, or labels that differ in case only.
    """
    found = GivenLabels(dict(layout.train), dict(layout.test), list(layout.left_out))
    for path, label in (*layout.train.items(), *layout.test.items()):
        if label:
            found.places.setdefault(label, f"the folder {str(path.parent)!r}")
    known = _Known.of((*layout.train, *layout.test))
    lines: dict[Path, tuple[LabelTable, Row]] = {}
    held: list[Path] = []
    for table in tables:
        for row in table.rows:
            path = _find(folder, table, row, known)
            _check_once(table, row, path, lines)
            lines[path] = table, row
            _give(found, layout, table, row, path, held)
    check_class_names(found.places)
    _choose_test(found, held)
    for path, label in found.test.items():
        if not label:
            where = ""
            if path in lines:
                where = f"{str(lines[path][0].file)!r}, line {lines[path][1].line}: "
            raise InputError(
                f"{where}the test picture {str(path)!r} has no label; give it one, or move it away"
            )
    check_case(found.places)
    return found


@dataclass(frozen=True)
class _Known:
    """The pictures of a folder, to be found by what a table calls them.

    Attributes:
        exact: by their absolute names, since a path in a table may go by "..".
        alike: by these with accents as part of their letters, which systems store in two ways.
    """

    exact: dict[Path, Path]
    alike: dict[str, Path]

    @classmethod
    def of(cls, paths: Iterable[Path]) -> "_Known":
        exact = {_plain(path): path for path in paths}
        return cls(exact, {composed(str(name)): path for name, path in exact.items()})

    def find(self, names: Iterable[Path]) -> list[Path]:
        """The pictures of these names, each once."""
        found = [self.exact.get(name) or self.alike.get(composed(str(name))) for name in names]
        return list(dict.fromkeys(path for path in found if path is not None))


def _find(folder: Path, table: LabelTable, row: Row, known: _Known) -> Path:
    """The picture of a row."""
    bases = (folder, table.file.parent)
    names = [_plain(base / row.path) for base in bases]
    # Windows parts folders by backslashes.
    found = known.find(names) or known.find(
        _plain(base / row.path.replace("\\", "/")) for base in bases
    )
    if len(found) > 1:
        raise table.refuse(
            row.line,
            f"{row.path!r} is {str(found[0])!r} from the folder and {str(found[1])!r} from the file; give "
            "the paths from the folder, and put the file there",
        )
    if found:
        return found[0]
    if not any(name.is_relative_to(_plain(folder)) for name in names):
        raise table.refuse(
            row.line,
            f"{row.path!r} lies outside of the folder {str(folder)!r}; put the picture there",
        )
    there = any(_is_there(name) for name in names)
    why = "is no picture that is read" if there else "is not there"
    raise table.refuse(
        row.line, f"{row.path!r} {why}, from {str(folder)!r}; correct the path, or remove the line"
    )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # A name that is too long, say.
        return False


def _plain(path: Path) -> Path:
    """An absolute path without ".."; links stay what they are."""
    return Path(os.path.normpath(path.absolute()))


def _check_once(
    table: LabelTable, row: Row, path: Path, lines: dict[Path, tuple[LabelTable, Row]]
) -> None:
    if path not in lines:
        return
    other_table, other = lines[path]
    place = f"line {other.line}"
    if other_table is not table:
        place = f"{str(other_table.file)!r}, {place}"
    if other.label != row.label:
        raise table.refuse(
            row.line,
            f"two labels for one picture: {row.path!r} is {row.label or 'without a label'!r} here and "
            f"{other.label or 'without a label'!r} in {place}; remove one of them",
        )
    raise table.refuse(row.line, f"{row.path!r} stands in {place} already; remove one of them")


def _give(
    found: GivenLabels,
    layout: Layout,
    table: LabelTable,
    row: Row,
    path: Path,
    held: list[Path],
) -> None:
    """Takes a row's label and split."""
    of_folder = layout.train.get(path) or layout.test.get(path, "")
    if of_folder and row.label and of_folder != row.label:
        raise table.refuse(
            row.line,
            f"two labels for one picture: {row.path!r} is {row.label!r} here and {of_folder!r} by its "
            "folder; correct one of them",
        )
    label = row.label or of_folder
    if label:
        found.places.setdefault(label, f"{str(table.file)!r}, line {row.line}")
    if path in layout.test:
        if row.split == "train":
            raise table.refuse(
                row.line,
                f"{row.path!r} lies in a folder to test on, and its split is train; move it, or "
                "correct the split",
            )
        found.test[path] = label
    elif row.split == "test":
        del found.train[path]
        found.test[path] = label
    else:
        found.train[path] = label
        if row.split == "validation":
            held.append(path)


def _choose_test(found: GivenLabels, held: list[Path]) -> None:
    """Takes the pictures of the split "validation" as test set, or leaves them out if there is one."""
    if held and found.test:
        found.left_out.append(f"{len(held)} pictures of the split validation, beside a test set")
    to_test = {path: found.train.pop(path) for path in held}
    found.test = found.test or to_test


def check_case(places: dict[str, str]) -> None:
    """Raises InputError where labels differ in case only.

    Args:
        places: where each label was first met, in words.
    """
    seen: dict[str, str] = {}
    for label in places:
        other = seen.setdefault(label.casefold(), label)
        if other != label:
            raise InputError(
                f"the labels {other!r} ({places[other]}) and {label!r} ({places[label]}) differ in case "
                "only; correct one of them"
            )
