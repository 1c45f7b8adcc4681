"""Folders and files as people, cameras, systems and programs leave them, that cannot be taken."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import layouts as make
from PIL import Image

from bad_input import damages
from bad_input.class_folders import huge
from bad_input.damages import Case, Damage
from bad_input.labels import LINES, labels, line, of_folders

COMPOSED, PARTED = (unicodedata.normalize(form, "k\xe4fer") for form in ("NFC", "NFD"))


def picture(name: str) -> Damage:
    """A picture more, in a folder that may be new."""

    def damage(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 16)).save(folder / name)

    return damage


def all_of(*damage: Callable[[Path], object]) -> Damage:
    def several(folder: Path) -> None:
        for each in damage:
            each(folder)

    return several


def pipe(name: str) -> Damage:
    return lambda folder: os.mkfifo(folder / name)


def link(name: str, target: str) -> Damage:
    return lambda folder: (folder / name).symlink_to(target)


def rename(name: str, new: str) -> Damage:
    return lambda folder: (folder / name).rename(folder / new)


def of_16_bits(folder: Path) -> None:
    Image.new("I;16", (16, 16)).save(folder / "unlabelled/a/16.png")


def deep(folder: Path) -> None:
    place = str(folder / "unlabelled")
    for _ in range(210):
        place += "/d"
        os.mkdir(place)  # noqa: PTH102
    Image.new("RGB", (16, 16)).save(f"{place}/1.png")


def of_flags(*flags: str) -> Callable[..., Case]:
    def case(*says: str) -> Case:
        return of_folders(damages.nothing, *says, flags=flags)

    return case


OWN = {
    "a pipe": of_folders(pipe("unlabelled/a/9.png"), "unlabelled/a/9.png", "pipe or device"),
    "a pipe in a class": of_folders(pipe("labelled/cat/9.png"), "labelled/cat/9.png", "is no file"),
    "a device": of_folders(link("unlabelled/a/9.png", "/dev/zero"), "9.png", "pipe or device"),
    "a pipe of labels": labels(
        LINES,
        "labels.csv",
        "is not a file",
        damage=lambda f: all_of(damages.absent("labels.csv"), pipe("labels.csv"))(f.parent),
    ),
    "an empty picture": of_folders(damages.content("unlabelled/a/9.png", b""), "9.png", "is empty"),
    "a page named as a picture": of_folders(
        damages.content("unlabelled/a/9.png", b"<html>404</html>"), "9.png", "no known format"
    ),
    "16 bits among the unlabelled": of_folders(of_16_bits, "16.png", "8 bits"),
    "40,000 x 40,000 among the unlabelled": of_folders(
        huge("unlabelled/a/9.png"), "9.png", "1600000000 pixels"
    ),
    "cut short among the unlabelled": of_folders(damages.cut("unlabelled/a/3.png", 100), "3.png"),
    "a picture, no permission": of_folders(
        damages.forbidden("unlabelled/a/3.png"), "3.png", "Permission denied"
    ),
    "a folder, no permission": of_folders(
        damages.forbidden("unlabelled/a"), "unlabelled/a", "Permission denied"
    ),
    "a link to nothing": of_folders(
        damages.dangling("unlabelled/a/9.png"), "9.png", "link to nothing"
    ),
    "two links round": of_folders(
        all_of(link("unlabelled/x", "y"), link("unlabelled/y", "x")), "unlabelled/x", "link"
    ),
    "a link to the folder above": of_folders(link("unlabelled/a/up", ".."), "a/up", "in which it"),
    "210 folders deep": of_folders(deep, "more than 200 folders deep"),
    "an empty class folder": of_folders(
        damages.empty_class("labelled/cow"), "labelled/cow", "is empty"
    ),
    "a class folder of hidden files": of_folders(
        all_of(
            damages.empty_class("labelled/cow"),
            damages.content("labelled/cow/.DS_Store", b"x"),
            damages.content("labelled/cow/Thumbs.db", b"x"),
        ),
        "labelled/cow",
        "is empty",
    ),
    "a class with a space at its end": of_folders(
        picture("labelled/cat /0.png"), "'cat '", "look the same", "give both one name"
    ),
    "a class in two normal forms": of_folders(
        all_of(picture(f"labelled/{COMPOSED}/0.png"), picture(f"labelled/{PARTED}/0.png")),
        *("k\\xe4fer", "ka\\u0308fer", "look the same"),
    ),
    "a class with a line break": of_folders(
        picture("labelled/a\nb/0.png"), "a\\nb", "control character"
    ),
    "a class of another case": of_folders(picture("labelled/CAT/0.png"), "'CAT'", "'cat'", "case"),
    "a folder in a class": of_folders(
        picture("labelled/cat/more/0.png"), "labelled/cat/more", "no file"
    ),
    "a drawing in a class": of_folders(
        damages.content("labelled/cat/a.svg", b"<svg/>"), "a.svg", "not named as a picture is"
    ),
    "a picture beside the classes": of_folders(picture("labelled/9.png"), "9.png", "no folder"),
    "Labelled": of_folders(rename("labelled", "Labelled"), "Labelled", "rename it to labelled"),
    "UNLABELLED": of_folders(rename("unlabelled", "UNLABELLED"), "rename it to unlabelled"),
    "a label in two normal forms": labels(
        f"path,label\n0.png,{COMPOSED}\n1.png,{PARTED}\n", "line 2", "line 3", "look the same"
    ),
    "a label of -1": line("4.png,-1", "the label '-1'", "line 6) often means none"),
    "a label of NaN": line("4.png,NaN", "the label 'NaN'", "leave it empty"),
    "a label that colours the terminal": line("4.png,\x1b[31mred", "\\x1b[31mred", "control"),
    "a label with NUL": line("4.png,c\0t", "c\\x00t", "control character"),
    "a path with NUL": line("4\0.png,cat", "is not there"),
    "a path of 5,000 letters": line("c" * 5000 + ".png,cat", "is not there"),
    "a path of another case": line("4.PNG,cat", "'4.PNG' is not there"),
    "the folder as a path": line(".,cat", "'.' is no picture"),
    "a folder as a path": line("in,cat", "'in' is no picture"),
    "a URL as a path": line("https://a.b/4.png,cat", "is not there"),
    "up and outside": line("in/../../4.png,cat", "'in/../../4.png' lies outside"),
    "a picture twice by two names": line("in/../1.png,dog", "stands in line 3 already"),
    "a picture twice, once by backslashes": line("in\\3.png,cat", "stands in line 5 already"),
    "a label and none for one picture": line("1.png,", "without a label", "'dog' in line 3"),
    "a cell of 200,000 letters": labels(
        LINES + "4.png," + "c" * 200_000, "labels.csv", "field larger than field limit"
    ),
    "UTF-16 without a mark": labels(LINES.encode("utf-16-le"), "labels.csv", "not UTF-8 (UTF-16?)"),
    "a column of paths twice": labels("path,path,label\n0.png,0.png,cat\n", "'path' and 'path'"),
    "a link out as a file of labels": labels(
        LINES,
        "labels.csv",
        "link to nothing",
        damage=lambda f: damages.dangling("labels.csv")(f.parent),
    ),
    "an augmentation that is none": of_flags("--augment", "rotate")("--augment rotate: give none"),
    "a run to start from that is none": of_flags("--start_from", "{D}/own")(
        "own", "no run here", "no config.json"
    ),
    "no such folder": Case(
        "folder:{D}/nothing",
        lambda data: make.write_own(data / "own"),
        damages.nothing,
        ("nothing", "No such file"),
    ),
}
