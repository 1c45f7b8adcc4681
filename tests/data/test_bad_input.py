"""What a wrong, damaged or hostile file does: one line that names it, status 2, and nothing left behind."""

import gzip
import io
import os
import pickle
import resource
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import layouts as make
import numpy as np
import pytest
from command_line import CommandLine
from idx_files import idx_bytes
from PIL import Image

from bayesian_gan.data import arrays, cache, svhn

Damage = Callable[[Path], object]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter, which those of pytest are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


class Case(NamedTuple):
    """A data set, written whole by `write` and damaged by `damage`, and what the refusal has to say."""

    dataset: str
    write: Callable[[Path], Path]
    damage: Damage
    says: tuple[str, ...]
    flags: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------- damages


def cut(name: str, keep: int = -10) -> Damage:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:keep])


def content(name: str, data: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(data)


def absent(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def directory(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def dangling(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to("nothing")

    return damage


def forbidden(name: str) -> Damage:
    return lambda folder: (folder / name).chmod(0)


def nothing(_: Path) -> None:
    pass


# ---------------------------------------------------------------------------------------- IDX

TRAIN_IMAGES, TRAIN_LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES = "t10k-images-idx3-ubyte"
HEADER = bytes([0, 0, 8, 3]) + struct.pack(">3I", 60, 28, 28)


def fashion(data_path: Path) -> Path:
    return make.write_idx(data_path, "fashion_mnist")


def letters(data_path: Path) -> Path:
    return make.write_idx(
        data_path, "emnist", ("emnist-letters-train", "emnist-letters-test"), first_label=0
    )


def idx(damage: Damage, *says: str) -> Case:
    return Case("fashion_mnist", fashion, damage, says)


IDX = {
    "truncated": idx(cut(TRAIN_IMAGES), TRAIN_IMAGES, "cut short"),
    "empty": idx(content(TRAIN_LABELS, b""), TRAIN_LABELS, "is empty"),
    "wrong magic": idx(content(TRAIN_IMAGES, b"GIF89a"), TRAIN_IMAGES, "begins with 47 49"),
    "wrong dtype": idx(content(TEST_IMAGES, b"\0\0\x0d\x03" + HEADER[4:]), TEST_IMAGES, "0d 03"),
    "wrong rank": idx(
        content(TEST_IMAGES, idx_bytes(np.zeros((20, 28)))), TEST_IMAGES, "2 dimensions"
    ),
    "wrong shape": idx(
        content(TEST_IMAGES, idx_bytes(np.zeros((20, 8, 8)))), TEST_IMAGES, "(8, 8, 1)"
    ),
    "label too large": idx(
        content(TRAIN_LABELS, idx_bytes(np.full(60, 10))), TRAIN_LABELS, "label 10"
    ),
    "label too small": Case(
        "emnist_letters", letters, nothing, ("emnist-letters-train-labels", "label 0")
    ),
    "missing file": idx(absent(TEST_IMAGES), TEST_IMAGES, "missing"),
    "counts differ": idx(content(TRAIN_LABELS, idx_bytes(np.zeros(59))), TRAIN_LABELS, "59 labels"),
    "directory": idx(directory(TRAIN_IMAGES), TRAIN_IMAGES, "not a file"),
    "no permission": idx(forbidden(TRAIN_LABELS), TRAIN_LABELS, "Permission denied"),
    "dangling link": idx(dangling(TRAIN_LABELS), TRAIN_LABELS, "No such file"),
    "gzip bomb": idx(
        content(TRAIN_IMAGES, gzip.compress(HEADER + bytes(2**26))), TRAIN_IMAGES, "holds more"
    ),
    "announced gigabytes": idx(
        content(TRAIN_IMAGES, HEADER[:4] + b"\xff" * 12), TRAIN_IMAGES, "are the most"
    ),
    "class without example": idx(
        content(TRAIN_LABELS, idx_bytes(np.arange(60) % 9)), "fashion_mnist", "'Ankle boot'"
    ),
    "nothing there": Case(
        "kmnist", fashion, nothing, ("kmnist", "idx3", "TensorFlow Datasets"), ("--nodownload",)
    ),
}

# ---------------------------------------------------------------------------------------- CIFAR


class Touch:
    """Pickled, a program that makes a file when it is loaded."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def batch(**changes: Any) -> Damage:
    """Replaces entries of data_batch_2; None leaves one out."""

    def damage(folder: Path) -> None:
        entries = {
            **make.cifar_batch(*make.colour(20)),
            **{k.encode(): v for k, v in changes.items()},
        }
        whole = {k: v for k, v in entries.items() if v is not None}
        (folder / "data_batch_2").write_bytes(make.python2_pickle(whole))

    return damage


def raw(build: Callable[[Path], bytes]) -> Damage:
    return lambda folder: (folder / "data_batch_2").write_bytes(build(folder))


def hostile(function: Any, form: str) -> Damage:
    """A pickle that would make the file `ran`, alone or in the place of the labels."""
    return raw(
        lambda folder: pickle.dumps(
            {
                "data": np.zeros((1, 3072), np.uint8),
                "labels": Touch(function, form.format(folder / "ran")),
            }
        )
    )


def cifar(damage: Damage, *says: str) -> Case:
    return Case("cifar", make.write_cifar, damage, ("data_batch_2", *says))


def huge_array(_: Path) -> bytes:
    """Asks ndarray for a terabyte."""
    return b"\x80\x02cnumpy\nndarray\n\x8a\x06\x00\x00\x00\x00\x00\x01\x85\x85R."


DATA = np.zeros((20, 3072))
CIFAR = {
    "truncated": cifar(cut("data_batch_2"), "no pickle"),
    "empty": cifar(content("data_batch_2", b""), "is empty"),
    "wrong magic": cifar(content("data_batch_2", b"<html>404</html>"), "no pickle"),
    "trailing bytes": cifar(
        raw(lambda f: (f / "data_batch_1").read_bytes() + b"more"), "goes on after"
    ),
    "malicious: os.system": cifar(hostile(os.system, "touch {}"), "system", "not run"),
    "malicious: eval": cifar(hostile(eval, "open({!r}, 'w')"), "eval", "not run"),
    "malicious: codec": cifar(
        raw(lambda f: b"\x80\x02c_codecs\nencode\n(X\x01\0\0\0aX\x03\0\0\0zipt\x85R."), "no pickle"
    ),
    "array of a terabyte": cifar(raw(huge_array), "no pickle"),
    "object array": cifar(batch(data=np.array([[{}]], object)), "not plain data"),
    "wrong dtype": cifar(batch(data=DATA), "uint8", "float64"),
    "wrong shape": cifar(batch(data=DATA[:, 1:].astype(np.uint8)), "[20, 3071]"),
    "NaN": cifar(batch(data=DATA * np.nan), "uint8", "float64"),
    "label too large": cifar(batch(labels=[10] * 20), "label 10"),
    "negative label": cifar(batch(labels=[0] * 19 + [-1]), "label -1 at position 19"),
    "NaN label": cifar(batch(labels=[float("nan")] * 20), "whole numbers"),
    "missing member": cifar(batch(labels=None), "no 'labels'"),
    "counts differ": cifar(batch(labels=[1, 2]), "20 images and 2 labels"),
    "list": cifar(raw(lambda _: pickle.dumps([1, 2])), "a list, no dictionary"),
    "missing file": cifar(absent("data_batch_2"), "No such file"),
    "directory": cifar(directory("data_batch_2"), "not a file"),
    "dangling link": cifar(dangling("data_batch_2"), "link to nothing"),
    "no permission": cifar(forbidden("data_batch_2"), "Permission denied"),
    "cifar100 without names": Case(
        "cifar100",
        make.write_cifar100,
        content("meta", make.python2_pickle({b"x": 1})),
        ("meta", "fine_label_names"),
    ),
}

# ---------------------------------------------------------------------------------------- SVHN

MAT = "train_32x32.mat"
X, Y = make.colour(40)[0].transpose(1, 2, 3, 0), np.arange(40)[:, None] % 10 + 1


def mat(**changes: Any) -> Damage:
    arrays = {"X": X, "y": Y.astype(np.uint8), **changes}
    return lambda folder: make.write_mat(
        folder / MAT, **{k: v for k, v in arrays.items() if v is not None}
    )


def house(damage: Damage, *says: str) -> Case:
    return Case("svhn", make.write_svhn, damage, (MAT, *says))


SVHN = {
    "truncated": house(cut(MAT), "cannot be read"),
    "truncated header": house(cut(MAT, 60), "cannot be read"),
    "empty": house(content(MAT, b""), "is empty"),
    "wrong magic": house(content(MAT, b"no MATLAB file at all" * 20), "cannot be read"),
    "version 7.3": house(
        content(MAT, b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + bytes(400)), "cannot be read"
    ),
    "wrong dtype": house(mat(X=X.astype(np.float64)), "uint8", "float64"),
    "wrong shape": house(mat(X=X[:28]), "[28, 32, 3, 40]"),
    "NaN label": house(mat(y=Y * np.nan), "label nan"),
    "label too large": house(mat(y=Y + 1), "label 11 at position 9"),
    "negative label": house(mat(y=Y - 3.0), "label -2"),
    "missing member": house(mat(y=None), "['X']"),
    "extra member": house(mat(z=1), "'z'"),
    "counts differ": house(mat(y=Y[1:]), "40 images", "[39, 1]"),
    "cell array": house(mat(y=np.array([[1, "a"]] * 20, object).reshape(40, 1)), "numbers"),
    "missing file": house(absent(MAT), "No such file"),
    "directory": house(directory(MAT), "not a file"),
    "no permission": house(forbidden(MAT), "Permission denied"),
}

# ---------------------------------------------------------------------------------------- CelebA

ATTR, PART, FACE = (
    "Anno/list_attr_celeba.txt",
    "Eval/list_eval_partition.txt",
    "img_align_celeba/000005.jpg",
)


def attr(old: str, new: str) -> Damage:
    def damage(folder: Path) -> None:
        text = (folder / ATTR).read_text()
        assert old in text
        (folder / ATTR).write_text(text.replace(old, new))

    return damage


def picture(name: str, size: tuple[int, int], mode: str = "RGB", kind: str = "PNG") -> Damage:
    return lambda folder: Image.new(mode, size).save(folder / name, format=kind)


def faces(damage: Damage, *says: str, flags: tuple[str, ...] = ()) -> Case:
    return Case("celeb", make.write_celeb, damage, says, flags)


CELEB = {
    "column missing": faces(attr("000005.jpg -1", "000005.jpg"), "celeba.txt", "line 7 has 39"),
    "column extra": faces(attr("000005.jpg -1", "000005.jpg 1 1"), "celeba.txt", "line 7 has 41"),
    "number of images": faces(attr("64\n", "65\n"), "celeba.txt", "announces 65"),
    "value not 1 or -1": faces(attr("000005.jpg -1", "000005.jpg 2"), "celeba.txt", "line 7"),
    "no number": faces(attr("64\n", "sixty-four\n"), "celeba.txt", "number of images"),
    "other attributes": faces(attr("Eyeglasses", "Hat"), "celeba.txt", "line 2"),
    "empty": faces(content(ATTR, b""), "celeba.txt", "is empty"),
    "not UTF-8": faces(content(ATTR, b"1\n\xff\xfe\n"), "celeba.txt", "UTF-8"),
    "escaping path": faces(attr("000005.jpg", "../../x.jpg"), "celeba.txt", "no plain file name"),
    "listed twice": faces(attr("000005.jpg", "000006.jpg"), "celeba.txt", "twice"),
    "attributes a directory": faces(directory(ATTR), "celeba.txt", "not a file"),
    "no permission": faces(forbidden(ATTR), "celeba.txt", "Permission denied"),
    "image absent": faces(absent(FACE), FACE, "lists it"),
    "image a dangling link": faces(dangling(FACE), FACE, "link to nothing"),
    "image is text": faces(content(FACE, b"not a picture"), FACE, "no known format"),
    "image truncated": faces(cut(FACE, 900), FACE, "truncated"),
    "image empty": faces(content(FACE, b""), FACE, "is empty"),
    "image of another size": faces(picture(FACE, (100, 100)), FACE, "100x100"),
    "partition value": faces(content(PART, b"000001.jpg 3\n"), PART, "line 1"),
    "partition short": faces(content(PART, b"000001.jpg 0\n"), PART, "'000002.jpg'"),
    "no test image": faces(
        content(PART, b"".join(b"%06d.jpg 0\n" % k for k in range(1, 65))), PART, "no test image"
    ),
    "crop of 48": faces(nothing, "--image_size 48", flags=("--image_size", "48")),
    "train 0": faces(nothing, "--celeb_train 0", flags=("--celeb_train", "0")),
    "N too large": faces(nothing, "--N 60", flags=("--N", "60")),
}

# ---------------------------------------------------------------------------------------- pictures

JPEG = "train_256/n00000001/n00000001_0.JPEG"


def empty_class(name: str) -> Damage:
    return lambda folder: (folder / name).mkdir(parents=True)


def escaping_link(folder: Path) -> None:
    (folder / "up.JPEG").symlink_to("nowhere")
    (folder / "train_256/n00000001/z.JPEG").symlink_to("../../up.JPEG")


def image(
    damage: Damage, *says: str, name: str = "imagenet_3", flags: tuple[str, ...] = ()
) -> Case:
    return Case(name, make.write_imagenet, damage, says, flags)


IMAGENET = {
    "text": image(content(JPEG, b"<html>"), JPEG, "no known format"),
    "truncated": image(cut(JPEG, 3000), JPEG, "truncated"),
    "only a header": image(cut(JPEG, 30), JPEG),
    "empty file": image(content(JPEG, b""), JPEG, "is empty"),
    "pixel bomb": image(picture(JPEG, (6000, 6000), "1"), JPEG, "6000 x 6000 pixels"),
    "another size": image(picture(JPEG, (300, 256)), JPEG, "300x256"),
    "dangling link": image(dangling(JPEG), JPEG, "link to nothing"),
    "directory": image(directory(JPEG), JPEG, "no file"),
    "no permission": image(forbidden(JPEG), JPEG, "Permission denied"),
    "empty class": image(empty_class("train_256/n00000009"), "n00000009", "is empty"),
    "class name": image(
        lambda f: (f / "train_256/n00000001").rename(f / "train_256/cats"), "cats", "8 digits"
    ),
    "another K": image(
        lambda f: f.rename(f.with_name("imagenet_4")), "imagenet_4", "3 classes", name="imagenet_4"
    ),
    "test class unknown": image(
        lambda f: (f / "val_256/n00000001").rename(f / "val_256/n00000007"), "val_256/n00000007"
    ),
    "no test": image(lambda f: (f / "val_256").rename(f / "other"), "val_256", "No such file"),
    "escaping name": image(nothing, "imagenet_3/../x", name="imagenet_3/../x"),
    "escaping link": image(
        escaping_link,
        "z.JPEG",
        "link to nothing",
    ),
    "size that does not divide": image(nothing, "--image_size 50", flags=("--image_size", "50")),
}

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
    "empty class": folder_case(empty_class("train/cow"), "train/cow", "is empty"),
    "one class only": folder_case(one_class, "one class only", "'cat'"),
    "test class unknown": folder_case(remove_class("train/dog"), "test/dog", "'dog'"),
    "class name not UTF-8": folder_case(
        lambda f: (f / "train/dog").rename(f / "train" / os.fsdecode(b"d\xf6g")), "UTF-8"
    ),
    "another size": folder_case(picture("train/dog/3.png", (20, 16)), "3.png", "16x20", "--resize"),
    "grey among colour": folder_case(
        picture("test/dog/1.png", (16, 16), "L"), "1.png", "1 channel", "--resize"
    ),
    "transparent": folder_case(picture("train/dog/1.png", (16, 16), "RGBA"), "1.png", "4 channels"),
    "16 bits": folder_case(picture("train/dog/1.png", (16, 16), "I;16"), "1.png", "8 bits"),
    "--image_size": folder_case(nothing, PNG, "32x32", flags=("--image_size", "32")),
    "no test folder": folder_case(lambda f: (f / "test").rename(f / "val"), "own/test"),
    "no classes": folder_case(
        lambda f: [remove_class(f"test/{c}")(f) for c in ("cat", "dog")], "test", "no class folders"
    ),
    "file among classes": folder_case(content("train/notes.png", b"x"), "notes.png", "no folder"),
    "text among pictures": folder_case(content("train/cat/a.txt", b"x"), "a.txt", "not named"),
    "PostScript": folder_case(picture(PNG, (16, 16), "RGB", "EPS"), PNG, "no known format"),
    "truncated": folder_case(cut(PNG, 200), PNG),
    "dangling link": folder_case(dangling(PNG), PNG, "link to nothing"),
    "a file": Case(
        "folder:{D}/x.npz",
        lambda d: make.write_npz(d / "x.npz"),
        nothing,
        ("x.npz/train", "Not a dir"),
    ),
    "nowhere": Case("folder:{D}/x", fashion, nothing, ("x/train", "No such file")),
}

# ---------------------------------------------------------------------------------------- .npz


def npz(
    *says: str, damage: Damage | None = None, flags: tuple[str, ...] = (), **changes: Any
) -> Case:
    def write(data: Path) -> Path:
        return make.write_npz(data / "own.npz", **changes).parent

    return Case("npz:{D}/own.npz", write, damage or nothing, ("own.npz", *says), flags)


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
    "truncated": npz("cannot be read", damage=cut("own.npz", 3000)),
    "empty": npz("is empty", damage=content("own.npz", b"")),
    "wrong magic": npz("cannot be read", damage=content("own.npz", b"no archive")),
    "missing member": npz("no array 'test_labels'", test_labels=None),
    "extra member": npz("'more'", more=np.zeros(1)),
    "member of an escaping name": npz("'../../x'", damage=member("../../x.npy", lambda _: b"")),
    "member that is no array": npz(
        "cannot be read", damage=member("labels.npy", lambda _: b"text")
    ),
    "wrong dtype": npz("images are float64", images=IMAGES / 255.0),
    "NaN": npz("images hold NaN", images=IMAGES * np.nan),
    "wrong shape": npz("[20, 16]", images=IMAGES[:, :, 0, 0]),
    "two channels": npz("[20, 16, 16, 2]", images=IMAGES[..., :2]),
    "negative label": npz("labels has -1 at position 0", labels=np.arange(20) % 2 - 1),
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
    "directory": npz("not a file", damage=directory("own.npz")),
    "dangling link": npz("link to nothing", damage=dangling("own.npz")),
    "no permission": npz("Permission denied", damage=forbidden("own.npz")),
    "--image_size": npz("--image_size 32", "--resize", flags=("--image_size", "32")),
}
NPZ["--image_size"] = NPZ["--image_size"]._replace(says=("--image_size 32", "--resize"))

# ---------------------------------------------------------------------------------------- the rest

OTHER = {
    "no such data set": Case("kitten", fashion, nothing, ("'kitten'", "fashion_mnist")),
    "TFDS name that escapes": Case("tfds:../../x", fashion, nothing, ("'../../x'",)),
    "TFDS not prepared": Case(
        "tfds:rock_paper_scissors",
        fashion,
        nothing,
        ("rock_paper_scissors/VERSION",),
        ("--nodownload",),
    ),
    "cache is a file": Case(
        "folder:{D}/own",
        lambda data: make.write_folder(data / "own"),
        lambda folder: (folder.parents[1] / "C").write_bytes(b""),
        ("--cache_dir", "File exists"),
    ),
    "image size of 5": Case("digits", fashion, nothing, ("--image_size 5",), ("--image_size", "5")),
    "download in no time": Case(
        "kmnist", fashion, nothing, ("--download_seconds",), ("--download_seconds", "0")
    ),
}

CASES = {
    f"{group}: {name}": case
    for group, cases in (
        ("IDX", IDX),
        ("CIFAR", CIFAR),
        ("SVHN", SVHN),
        ("CelebA", CELEB),
        ("ImageNet", IMAGENET),
        ("folder", FOLDER),
        ("npz", NPZ),
        ("other", OTHER),
    )
    for name, case in cases.items()
}


@contextmanager
def another_user() -> Iterator[None]:
    """Not root, who may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(user)


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_in_one_line(
    case: str, place: Path, command_line: CommandLine
) -> None:
    dataset, write, damage, says, flags = CASES[case]
    damage(write(place / "D"))
    arguments = [
        *("--dataset", dataset.format(D=place / "D"), "--data_path", str(place / "D")),
        *("--out_dir", str(place / "O"), "--cache_dir", str(place / "C"), "--N", "20"),
        # What should be refused and is not fails within seconds.
        *("--train_iter", "1", "--df_dim", "2", "--gf_dim", "2", "--num_layers", "2", *flags),
    ]
    if "no permission" in case:
        (place / "C").mkdir()
        (place / "C").chmod(0o777)
        with another_user():
            result = command_line(arguments)
        assert not any((place / "C").iterdir())
        (place / "C").rmdir()
    else:
        result = command_line(arguments)
    result.refused(*says)
    assert not (place / "O").exists()
    assert not list(place.rglob("ran"))
    # Data that are whole but do not suffice (one class, N too large) are refused after they are cached.
    if case not in ("folder: one class only", "CelebA: N too large"):
        assert not (place / "C").is_dir(), list((place / "C").iterdir())


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


def own_folder(place: Path) -> list[str]:
    make.write_folder(place / "own")
    return [
        *("--dataset", f"folder:{place / 'own'}", "--out_dir", str(place / "O")),
        *("--cache_dir", str(place / "C"), "--N", "4", "--train_iter", "1", "--df_dim", "2"),
        *("--gf_dim", "2", "--num_layers", "2"),
    ]


def test_a_disk_that_fills_up_leaves_nothing(place: Path, command_line: CommandLine) -> None:
    arguments = own_folder(place)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, hard))
    try:
        result = command_line(arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    result.refused("--cache_dir", str(place / "C"), "File too large")
    assert not (place / "C").exists()
    assert not (place / "O").exists()


def test_a_disk_that_is_too_small_is_refused_before_decoding(
    place: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = own_folder(place)
    usage = cache.shutil.disk_usage(place)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    command_line(arguments).refused("--cache_dir", "18432 bytes are needed", "1000 are free")
    assert not (place / "C").exists()


def test_a_cache_that_may_not_be_written_is_refused(place: Path, command_line: CommandLine) -> None:
    arguments = own_folder(place)
    (place / "C").mkdir(mode=0o755)
    with another_user():
        result = command_line(arguments)
    result.refused("--cache_dir", "Permission denied")


def test_a_matlab_file_that_announces_too_much_is_not_unpacked(
    place: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make.write_svhn(place / "D")
    make.write_mat(folder / MAT, X=np.zeros((32, 32, 3, 400), np.uint8), y=np.ones((400, 1)))
    monkeypatch.setattr(svhn, "MAX_BYTES", 200_000)
    command_line(
        ["--dataset", "svhn", "--data_path", str(place / "D"), "--out_dir", str(place / "O")]
    ).refused(MAT, "1228800 values", "200000 are the most")


def test_an_archive_of_too_many_images_is_refused_before_unpacking(
    place: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make.write_npz(place / "own.npz", images=np.zeros((20, 64, 64, 3), np.uint8))
    monkeypatch.setattr(arrays, "MAX_BYTES", 100_000)
    command_line(["--dataset", f"npz:{path}", "--out_dir", str(place / "O")]).refused(
        str(path), "100000 are the most"
    )
