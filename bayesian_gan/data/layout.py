"""How a folder of the user's own pictures is laid out: what is labelled, what not, what to test on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bayesian_gan.data.cache import files_key
from bayesian_gan.data.class_folders import list_split
from bayesian_gan.data.label_table import OF_THE_FOLDER
from bayesian_gan.data.listing import is_picture, list_tree, scan, subfolders
from bayesian_gan.errors import InputError

LABELLED = ("labelled", "labeled")
UNLABELLED = ("unlabelled", "unlabeled", "_unlabelled")
# The first of these that is there is the test set.
TEST = ("test", "val", "valid", "validation")


@dataclass
class Layout:
    """The pictures of a folder, divided as its folders divide them.

    Attributes:
        found: the layout in words, a part each, such as "labelled/CLASS/".
        train: label of each training picture, the name of its class folder; "" where there is none.
        test: likewise of each picture to test on.
        keys: hashes of names, sizes and times of all of them.
        left_out: what in the folder is no part of it, in words.
    """

    found: list[str] = field(default_factory=list)
    train: dict[Path, str] = field(default_factory=dict)
    test: dict[Path, str] = field(default_factory=dict)
    keys: list[bytes] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add_classes(
        self, to: dict[Path, str], folder: Path, name: str, skip: Sequence[str] = ()
    ) -> None:
        """Takes a folder of class folders."""
        split = list_split(folder, skip)
        to |= {
            path: split.classes[k]
            for path, k in zip(split.paths, split.labels.tolist(), strict=True)
        }
        self.keys.append(split.key)
        self.found.append(f"{name}CLASS/")

    def add_tree(
        self, to: dict[Path, str], folder: Path, name: str, skip: Sequence[str] = ()
    ) -> None:
        """Takes all pictures below a folder, none of which it labels."""
        tree = list_tree(folder, skip)
        to |= dict.fromkeys(tree.pictures, "")
        self.keys.append(
            files_key({str(p.relative_to(folder)): s for p, s in tree.pictures.items()})
        )
        self.found.append(name)
        others = [path for path in tree.others if path.suffix.lower() != ".csv"]
        if others:
            self.left_out.append(
                f"{len(others)} files that are no pictures, such as {others[0].name}"
            )


def find_layout(folder: Path, with_table: bool) -> Layout:
    """Recognises the layout of a folder.

    Args:
        folder: of the user.
        with_table: whether a file of labels says which picture has which class; folders that are not
            named by their use are then no classes.

    Raises:
        InputError: a folder is missing, empty, or holds what does not belong there.
    """
    names = subfolders(folder)
    _check_spelling(folder, names)
    layout, tests = Layout(), _tests(folder, names)
    named_by_use = _named_by_use(names)
    labelled = next((name for name in LABELLED if name in names), None)
    if labelled is not None:
        layout.add_classes(layout.train, folder / labelled, f"{labelled}/")
        _add_unlabelled(layout, folder, names)
    elif "train" in names:
        _add_train(layout, folder / "train", with_table)
        _add_unlabelled(layout, folder, names)
    elif not with_table and _are_classes(folder, names):
        files = [entry.name for entry in scan(folder) if entry.name not in names]
        layout.add_classes(layout.train, folder, "", skip=(*UNLABELLED, *tests, *files))
        _add_unlabelled(layout, folder, names)
    else:
        layout.add_tree(layout.train, folder, "pictures without class folders", skip=tests)
    _add_test(layout, folder, tests, with_table)
    if named_by_use:
        known = {labelled or "train", *UNLABELLED, *tests}
        layout.left_out += [f"the folder {name}/" for name in names if name not in known]
    return layout


def _check_spelling(folder: Path, names: Sequence[str]) -> None:
    """Refuses `Labelled` and the like: what is meant must not become a class, or be left out."""
    for name in names:
        if name not in (*LABELLED, *UNLABELLED) and name.lower() in (*LABELLED, *UNLABELLED):
            raise InputError(
                f"{str(folder / name)!r}: a folder of this use has small letters; rename it to {name.lower()}"
            )


def _add_train(layout: Layout, folder: Path, with_table: bool) -> None:
    if with_table and _is_flat(folder):
        layout.add_tree(layout.train, folder, "train/")
        return
    layout.add_classes(layout.train, folder, "train/", skip=UNLABELLED)
    _add_unlabelled(layout, folder, subfolders(folder), "train/")


def _is_flat(folder: Path) -> bool:
    """Whether a folder has no classes, where a file of labels may take their place."""
    beside = any(is_picture(entry.name) for entry in scan(folder))
    return beside or (folder / OF_THE_FOLDER).is_file() or not subfolders(folder)


def _add_unlabelled(layout: Layout, folder: Path, names: Sequence[str], above: str = "") -> None:
    for name in UNLABELLED:
        if name in names:
            layout.add_tree(layout.train, folder / name, f"{above}{name}/")


def _add_test(layout: Layout, folder: Path, names: Sequence[str], with_table: bool) -> None:
    if not names:
        return
    name, *others = names
    add = layout.add_tree if with_table and _is_flat(folder / name) else layout.add_classes
    add(layout.test, folder / name, f"{name}/")
    layout.left_out += [f"the folder {other}/, beside {name}/" for other in others]


def _named_by_use(names: Sequence[str]) -> bool:
    return bool({"train", *LABELLED} & set(names))


def _tests(folder: Path, names: Sequence[str]) -> list[str]:
    """Names of the folders to test on, of which the first serves."""
    found = [name for name in TEST if name in names]
    return [name for name in found if _named_by_use(names) or subfolders(folder / name)]


def _are_classes(folder: Path, names: Sequence[str]) -> bool:
    """Whether the folders in a folder are classes: no pictures lie beside them, no folders in them."""
    classes = [name for name in names if name not in (*UNLABELLED, *_tests(folder, names))]
    beside = any(is_picture(entry.name) for entry in scan(folder) if entry.name not in names)
    return bool(classes) and not beside and not any(subfolders(folder / name) for name in classes)
