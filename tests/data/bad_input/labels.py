"""Wrong files of labels, and pictures that contradict themselves."""

from collections.abc import Callable
from pathlib import Path

import layouts as make

from bad_input import damages
from bad_input.damages import Case, Damage

LINES = "path,label\n0.png,cat\n1.png,dog\n2.png,\nin/3.png,cat\n"


def labels(text: str | bytes, *says: str, damage: Damage = damages.nothing) -> Case:
    """Pictures without class folders, and this file of labels beside them."""

    def write(data: Path) -> Path:
        folder = make.write_flat(data / "own")
        content = text if isinstance(text, bytes) else text.encode()
        (data / "labels.csv").write_bytes(content)
        return folder

    flags = ("--labels", "{D}/labels.csv", "--N", "all")
    return Case("folder:{D}/own", write, damage, says, flags)


def line(text: str, *says: str, damage: Damage = damages.nothing) -> Case:
    """A file of labels that is right up to its line 6."""
    return labels(LINES + text + "\n", "labels.csv', line 6", *says, damage=damage)


def of_folders(change: Callable[[Path], object], *says: str, flags: tuple[str, ...] = ()) -> Case:
    """A folder of labelled/, unlabelled/ and test/, changed."""
    flags = ("--N", "all", *flags)
    return Case("folder:{D}/own", lambda data: make.write_own(data / "own"), change, says, flags)


def loop(name: str) -> Damage:
    return lambda folder: (folder / name).symlink_to(folder)


def folder_and_file(folder: Path) -> None:
    (folder / "metadata.csv").write_text("path,label\nlabelled/cat/0.png,dog\n")


def split_against_folder(folder: Path) -> None:
    (folder / "metadata.csv").write_text("path,label,split\ntest/cat/0.png,cat,train\n")


def without_labelled(folder: Path) -> None:
    for path in (folder / "labelled").rglob("*.png"):
        path.rename(folder / "unlabelled" / f"was_{path.parent.name}_{path.name}")
    for name in ("cat", "dog"):
        (folder / "labelled" / name).rmdir()


LABELS = {
    "not UTF-8": labels(LINES.encode() + "4.png,k\xe4fer\n".encode("latin-1"), "line 6", "UTF-8"),
    "UTF-16": labels(LINES.encode("utf-16"), "line 1", "UTF-8"),
    "empty": labels("", "is empty"),
    "header only": labels("path,label\n", "no line below its first"),
    "no path column": labels("name,label\n0.png,cat\n", "line 1", "'path'", "file_name", "name"),
    "no label column": labels("path,kind\n0.png,cat\n", "line 1", "'label'", "class", "kind"),
    "no header": labels("0.png,cat\n1.png,dog\n", "line 1", "no column 'path'", "0.png"),
    "two label columns": labels("path,label,class\n0.png,cat,cat\n", "'label' and 'class'"),
    "unknown path": line("9.png,cat", "'9.png' is not there"),
    "path twice": line("./1.png,dog", "'./1.png' stands in line 3 already"),
    "two labels": line("1.png,cat", "two labels for one picture", "'cat' here", "'dog' in line 3"),
    "outside": line("../labels.csv,cat", "'../labels.csv' lies outside of the folder"),
    "absolute and outside": line("/etc/passwd,cat", "'/etc/passwd' lies outside"),
    "no picture": line(
        "a.txt,cat", "'a.txt' is no picture", damage=damages.content("a.txt", b"text")
    ),
    "case only": labels(
        LINES + "4.png,Cat\n", "'cat'", "line 2", "'Cat'", "line 6", "in case only"
    ),
    "unknown split": labels("path,label,split\n0.png,cat,trian\n", "line 2", "'trian'"),
    "test picture without label": labels(
        "path,label,split\n0.png,cat,\n1.png,dog,\n2.png,,test\n", "line 4", "test picture"
    ),
    "test class unknown": labels(
        "path,label,split\n0.png,cat,\n1.png,dog,\n2.png,cow,test\n4.png,cat,test\n5.png,dog,test\n",
        "only to test on 'cow'",
    ),
    "one class": labels("path,label\n0.png,cat\n1.png,cat\n", "one class only", "'cat'"),
    "no path": line(",cat", "no path"),
    "too many cells": line("4.png,cat,dog", "3 cells", "2"),
    "an open quote": labels('path,label\n"0.png,cat\n1.png,dog\n', "line 2", "1 cells"),
    "all labels empty": labels("path,label\n0.png,\n1.png,\n", "nothing in own is labelled"),
    "no such file": labels(
        LINES,
        "labels.csv",
        "No such file",
        damage=lambda folder: (folder.parent / "labels.csv").unlink(),
    ),
    "a folder": labels(
        LINES,
        "is not a file",
        damage=lambda folder: damages.directory("labels.csv")(folder.parent),
    ),
    "no permission": labels(
        LINES, "Permission denied", damage=lambda f: (f.parent / "labels.csv").chmod(0)
    ),
    "folder says another": of_folders(
        folder_and_file, "two labels for one picture", "'dog' here", "'cat' by its folder", "line 2"
    ),
    "split against folder": of_folders(split_against_folder, "a folder to test on", "line 2"),
    "no labelled pictures": of_folders(without_labelled, "labelled", "no class folders"),
    "test classes differ": of_folders(
        lambda f: (f / "test" / "dog").rename(f / "test" / "cow"),
        "only to train on 'dog'",
        "only to test on 'cow'",
    ),
    "test class in another case": of_folders(
        lambda f: (f / "test" / "dog").rename(f / "test" / "Dog"), "'dog'", "'Dog'", "case only"
    ),
    "link round in a circle": of_folders(loop("unlabelled/again"), "is a link to", "it lies"),
    "link to itself": of_folders(
        lambda f: (f / "unlabelled" / "again").symlink_to("again"), "unlabelled/again", "link"
    ),
    "class folder link round": of_folders(loop("labelled/cow"), "labelled/cow", "no file"),
    "test fraction beside a test set": of_folders(
        damages.nothing, "--test_fraction 0.5", flags=("--test_fraction", "0.5")
    ),
    "validation of few labels": of_folders(
        damages.nothing, "--validation 2", "--test_fraction", flags=("--validation", "2")
    ),
    "only unlabelled pictures": Case(
        "folder:{D}/own",
        lambda data: make.write_flat(data / "own"),
        damages.nothing,
        ("nothing in own is labelled", "--nosemi"),
        ("--N", "all"),
    ),
    "no pictures": Case(
        "folder:{D}/own",
        lambda data: make.write_flat(data / "own", 0),
        lambda folder: (folder / "in").rmdir(),
        ("holds no pictures",),
    ),
}
# Said when the pictures have been read, and lie in the cache.
AFTER_READING = {
    f"labels: {name}"
    for name in (
        "one class",
        "all labels empty",
        "test fraction beside a test set",
        "validation of few labels",
        "only unlabelled pictures",
    )
}
