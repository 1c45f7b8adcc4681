"""Wrong and damaged folders of a user's own pictures."""

import os
import struct
import zlib
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


def huge(name: str, side: int = 40_000) -> Damage:
    """A PNG file of many pixels, in a few bytes that are all there."""

    def damage(folder: Path) -> None:
        header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        data = zlib.compress(bytes((side + 1) * 100))
        chunks = [
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
        ]
        (folder / name).write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))

    return damage


def one_class(folder: Path) -> None:
    remove_class("train/dog")(folder)
    remove_class("test/dog")(folder)


FOLDER = {
    "empty class": folder_case(damages.empty_class("train/cow"), "train/cow", "is empty"),
    "one class only": folder_case(one_class, "one class only", "'cat'"),
    "test class unknown": folder_case(remove_class("train/dog"), "only to test on 'dog'", "differ"),
    "class name not UTF-8": folder_case(
        lambda f: (f / "train/dog").rename(f / "train" / os.fsdecode(b"d\xf6g")), "UTF-8"
    ),
    "train class without test": folder_case(
        remove_class("test/dog"), "only to train on 'dog'", "differ"
    ),
    "16 bits": folder_case(damages.picture("train/dog/1.png", (16, 16), "I;16"), "1.png", "8 bits"),
    "floats": folder_case(
        damages.picture("train/dog/1.png", (16, 16), "F", "TIFF"), "1.png", "mode F", "8 bits"
    ),
    "8,000 x 8,000": folder_case(huge("train/dog/1.png", 8000), "8000 x 8000", "33554432"),
    "no colour": folder_case(
        damages.nothing, "--background 'whit'", flags=("--background", "whit")
    ),
    "40,000 x 40,000": folder_case(
        huge("train/dog/1.png"), "1.png", "1600000000 pixels", "33554432"
    ),
    "image size of 2": folder_case(damages.nothing, "--image_size 2", flags=("--image_size", "2")),
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
        ("x.npz", "Not a dir"),
    ),
    "nowhere": Case("folder:{D}/x", fashion, damages.nothing, ("/x", "No such file")),
}
