"""Wrong and damaged folders of a user's own pictures."""

import os
from pathlib import Path

import layouts as make

from bad_input import damages
from bad_input.damages import Case, Damage
from bad_input.idx import fashion

PNG = "train/cat/0.png"


def folder_case(damage: Damage, *says: str, flags: tuple[str, ...] = ()) -> Case:
    return Case("folder:{D}/own", lambda data: make.write_folder(data / "own"), damage, says, flags)


def remove_class(name: str) -> Damage:
    def damage(folder: Path) -> None:
        for path in (folder / name).iterdir():
            path.unlink()
        (folder / name).rmdir()

    return damage


def one_class(folder: Path) -> None:
    remove_class("train/dog")(folder)
    remove_class("test/dog")(folder)


FOLDER = {
    "empty class": folder_case(damages.empty_class("train/cow"), "train/cow", "is empty"),
    "one class only": folder_case(one_class, "one class only", "'cat'"),
    "test class unknown": folder_case(remove_class("train/dog"), "test/dog", "'dog'"),
    "class name not UTF-8": folder_case(
        lambda f: (f / "train/dog").rename(f / "train" / os.fsdecode(b"d\xf6g")), "UTF-8"
    ),
    "another size": folder_case(
        damages.picture("train/dog/3.png", (20, 16)), "3.png", "16x20", "--resize"
    ),
    "grey among colour": folder_case(
        damages.picture("test/dog/1.png", (16, 16), "L"), "1.png", "1 channel", "--resize"
    ),
    "transparent": folder_case(
        damages.picture("train/dog/1.png", (16, 16), "RGBA"), "1.png", "4 channels"
    ),
    "16 bits": folder_case(damages.picture("train/dog/1.png", (16, 16), "I;16"), "1.png", "8 bits"),
    "--image_size": folder_case(damages.nothing, PNG, "32x32", flags=("--image_size", "32")),
    "no test folder": folder_case(lambda f: (f / "test").rename(f / "val"), "own/test"),
    "no classes": folder_case(
        lambda f: [remove_class(f"test/{c}")(f) for c in ("cat", "dog")], "test", "no class folders"
    ),
    "file among classes": folder_case(
        damages.content("train/notes.png", b"x"), "notes.png", "no folder"
    ),
    "text among pictures": folder_case(
        damages.content("train/cat/a.txt", b"x"), "a.txt", "not named"
    ),
    "PostScript": folder_case(damages.picture(PNG, (16, 16), "RGB", "EPS"), PNG, "no known format"),
    "truncated": folder_case(damages.cut(PNG, 200), PNG),
    "dangling link": folder_case(damages.dangling(PNG), PNG, "link to nothing"),
    "a file": Case(
        "folder:{D}/x.npz",
        lambda d: make.write_npz(d / "x.npz"),
        damages.nothing,
        ("x.npz/train", "Not a dir"),
    ),
    "nowhere": Case("folder:{D}/x", fashion, damages.nothing, ("x/train", "No such file")),
}
