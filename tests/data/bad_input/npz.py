"""Wrong, damaged and hostile .npz files."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import layouts as make
import numpy as np

from bad_input import damages
from bad_input.damages import Case, Damage, Touch


def npz(
    *says: str, damage: Damage | None = None, flags: tuple[str, ...] = (), **changes: Any
) -> Case:
    def write(data: Path) -> Path:
        return make.write_npz(data / "own.npz", **changes).parent

    return Case("npz:{D}/own.npz", write, damage or damages.nothing, ("own.npz", *says), flags)


def bomb(folder: Path) -> None:
    """Each member announces 4 GB in the archive's directory."""
    data = bytearray((folder / "own.npz").read_bytes())
    at = data.find(b"PK\1\2")
    while at >= 0:
        data[at + 24 : at + 28] = (2**32 - 2).to_bytes(4, "little")
        at = data.find(b"PK\1\2", at + 1)
    (folder / "own.npz").write_bytes(data)


def member(name: str, build: Callable[[Path], bytes], twice: bool = False) -> Damage:
    """Replaces one member of the archive, or adds it again."""

    def damage(folder: Path) -> None:
        path = folder / "own.npz"
        with zipfile.ZipFile(path) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for filename, data in members:
                if filename != name or twice:
                    archive.writestr(filename, data)
            archive.writestr(name, build(folder))

    return damage


def hostile_array(folder: Path) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([Touch(os.system, f"touch {folder / 'ran'}")], object))
    return buffer.getvalue()


def huge_header(_: Path) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "|u1", "fortran_order": False, "shape": (2**40, 16, 16, 3)}
    )
    return buffer.getvalue() + bytes(100)


IMAGES = make.npz_arrays()["images"]

NPZ = {
    "truncated": npz("cannot be read", damage=damages.cut("own.npz", 3000)),
    "empty": npz("is empty", damage=damages.content("own.npz", b"")),
    "wrong magic": npz("cannot be read", damage=damages.content("own.npz", b"no archive")),
    "missing member": npz("test_images and no test_labels", test_labels=None),
    "no images at all": npz("no array 'images'", images=None),
    "two names of one array": npz("'images' and 'X'", X=IMAGES),
    "extra member": npz("'more'", more=np.zeros(1)),
    "member of an escaping name": npz("'../../x'", damage=member("../../x.npy", lambda _: b"")),
    "member that is no array": npz(
        "cannot be read", damage=member("labels.npy", lambda _: b"text")
    ),
    "wrong dtype": npz("images are float64", images=IMAGES / 255.0),
    "NaN": npz("images hold NaN", images=IMAGES * np.nan),
    "wrong shape": npz("[20]", images=IMAGES[:, 0, 0, 0]),
    "two channels": npz("[20, 16, 16, 2]", images=IMAGES[..., :2]),
    "negative label": npz(
        "labels has -2 at position 0", "-1 for none", labels=np.arange(20) % 2 - 2
    ),
    "test label of none": npz("test_labels has -1 at position 0", test_labels=np.arange(8) % 2 - 1),
    "nothing labelled": npz("nothing in own", labels=np.full(20, -1), class_names=["a", "b"]),
    "label too large": npz("labels has 1000000", labels=np.full(20, 10**6)),
    "label of floats": npz("labels must be whole numbers", labels=np.zeros(20)),
    "NaN label": npz("labels hold NaN", labels=np.full(20, np.nan)),
    "counts differ": npz("20 images and 19 labels", labels=np.arange(19) % 2),
    "test class unknown": npz("test_labels lie in [0, 7]", test_labels=np.arange(8)),
    "test images of another size": npz("--resize", test_images=np.zeros((8, 20, 16, 3), np.uint8)),
    "no images": npz("[0, 16, 16, 3]", images=IMAGES[:0], labels=np.zeros(0, int)),
    "class names of numbers": npz("class_names", class_names=np.arange(2)),
    "malicious pickle": npz("not loaded", damage=member("labels.npy", hostile_array)),
    "header of a terabyte": npz("announces", damage=member("images.npy", huge_header)),
    "zip bomb": npz("are the most", damage=bomb),
    "member twice": npz("twice", damage=member("labels.npy", lambda _: b"x", twice=True)),
    "directory": npz("not a file", damage=damages.directory("own.npz")),
    "dangling link": npz("link to nothing", damage=damages.dangling("own.npz")),
    "no permission": npz("Permission denied", damage=damages.forbidden("own.npz")),
    "--image_size": npz("--image_size 32", "--resize", flags=("--image_size", "32")),
}

NPZ["--image_size"] = NPZ["--image_size"]._replace(says=("--image_size 32", "--resize"))
for name in ("nothing labelled",):  # Said of the data set, when all of it is read.
    NPZ[name] = NPZ[name]._replace(says=NPZ[name].says[1:])
