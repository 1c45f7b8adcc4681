"""Pictures in folders named by their classes: TRAIN/CLASS/picture, TEST/CLASS/picture."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bayesian_gan.data.cache import Source, cached, content_key, files_key, stamp
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import reason
from bayesian_gan.data.pictures import SUFFIXES, decode, read_picture
from bayesian_gan.data.resizing import picture_array
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

LAYOUT = "train/CLASS/*.png (or .jpg, ...) and test/CLASS/*.png"
CHANNELS = {"1": 1, "L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4, "YCbCr": 3, "P": 3, "PA": 4}

Decode = Callable[[Path], np.ndarray]


@dataclass(frozen=True)
class Split:
    """Pictures of one split, sorted by class and name.

    Attributes:
        classes: names of the class folders, sorted.
        paths: of the pictures.
        labels: int32, places in `classes`.
        key: hash of names, sizes and times.
    """

    classes: tuple[str, ...]
    paths: list[Path]
    labels: np.ndarray
    key: bytes


def read(path: Path, options: ReadingOptions) -> ImageData:
    """Reads a folder of the user's own, `--dataset folder:PATH`.

    The first training picture gives the size, or `--image_size`, and whether the images are grey or
    in colour; all others must have the same, or `--resize` be given.

    Raises:
        InputError: something is missing, damaged or of another size; the line names it.
    """
    train, test = (list_split(path / name) for name in ("train", "test"))
    name = path.resolve().name or "folder"

    def make() -> Source:
        shape = _shape(train.paths[0], options.image_size)

        def decode_one(file: Path) -> np.ndarray:
            return _image(file, shape, options.resize)

        return source(train, test, shape, decode_one)

    key = content_key(
        "folder", train.key, test.key, list(train.classes), options.image_size, options.resize
    )
    provenance = f"{name} from the pictures in {str(path)!r}"
    return cached(name, key, options.cache_dir, make, provenance)


def source(
    train: Split, test: Split, shape: tuple[int, int, int], decode_one: Decode, note: str = ""
) -> Source:
    """What the cache is to be made of.

    Raises:
        InputError: the test split has a class that the training split lacks.
    """
    place = {name: k for k, name in enumerate(train.classes)}
    unknown = [name for name in test.classes if name not in place]
    if unknown:
        folder = test.paths[int(np.argmax(test.labels == test.classes.index(unknown[0])))].parent
        raise InputError(
            f"{str(folder)!r}: there is no training folder of class {unknown[0]!r}; "
            "add one, or remove this folder"
        )
    in_train = np.array([place[name] for name in test.classes], np.int32)
    return Source(
        image_shape=shape,
        labels=train.labels,
        chunks=lambda: decode(train.paths, len(train.paths), decode_one, "training images"),
        test_labels=in_train[test.labels],
        test_chunks=lambda: decode(test.paths, len(test.paths), decode_one, "test images"),
        class_names=train.classes,
        note=note,
    )


def list_split(folder: Path) -> Split:
    """The pictures below a folder's class folders. Hidden files are left out.

    Raises:
        InputError: a folder is missing, empty, or holds something else.
    """
    class_folders = _scan(folder)
    for entry in class_folders:
        if not entry.is_dir():
            raise InputError(
                f"{entry.path!r} is no folder, and {str(folder)!r} holds one folder for each class; "
                "move it elsewhere"
            )
    if not class_folders:
        raise InputError(
            f"{str(folder)!r} has no class folders; put one folder of pictures for each class there"
        )
    paths, labels, stamps = [], [], {}
    for k, class_folder in enumerate(class_folders):
        _check_name(class_folder.path, class_folder.name)
        files = _scan(Path(class_folder.path))
        if not files:
            raise InputError(
                f"the class folder {class_folder.path!r} is empty; put pictures there or remove it"
            )
        for file in files:
            stamps[f"{class_folder.name}/{file.name}"] = stamp(_status(file))
            paths.append(Path(file.path))
            labels.append(k)
    classes = tuple(entry.name for entry in class_folders)
    return Split(classes, paths, np.array(labels, np.int32), files_key(stamps))


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    """The entries that are not hidden, sorted by name."""
    try:
        with os.scandir(folder) as scan:
            found = [entry for entry in scan if not entry.name.startswith(".")]
    except OSError as error:
        raise InputError(
            f"cannot read the folder {str(folder)!r}: {reason(error)}; put one folder of pictures for each "
            "class there"
        ) from error
    return sorted(found, key=lambda entry: os.fsencode(entry.name))


def _status(file: os.DirEntry[str]) -> os.stat_result:
    try:
        status = file.stat()
    except OSError as error:
        linked = ", being a link to nothing" if file.is_symlink() else ""
        raise InputError(
            f"cannot read {file.path!r}: {reason(error)}{linked}; put the picture there or remove it"
        ) from error
    if not file.is_file():
        raise InputError(
            f"{file.path!r} is no file; a class folder holds pictures only: move it away"
        )
    if not file.name.lower().endswith(SUFFIXES):
        raise InputError(
            f"{file.path!r} is not named as a picture is ({' '.join(SUFFIXES)}); move it away"
        )
    return status


def _check_name(path: str, name: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path!r}: the name of the class is not UTF-8; rename the folder"
        ) from error


def _shape(path: Path, image_size: int | None) -> tuple[int, int, int]:
    """The shape that all images get, after the first."""
    picture = read_picture(path)
    channels = 1 if _channels(path, picture) <= 2 else 3
    height, width = (image_size, image_size) if image_size else (picture.height, picture.width)
    return height, width, channels


def _image(path: Path, shape: tuple[int, int, int], resize: bool) -> np.ndarray:
    picture = read_picture(path)
    found = (picture.height, picture.width, _channels(path, picture))
    if found != shape and not resize:
        raise InputError(
            f"{str(path)!r} is {_text(found)}, and the network's images are {_text(shape)}; give --resize "
            "to have it resized, or --image_size for another size"
        )
    return picture_array(picture, shape)


def _channels(path: Path, picture: Image.Image) -> int:
    if picture.mode not in CHANNELS:
        raise InputError(
            f"{str(path)!r} has values of mode {picture.mode}, not 8 bits; convert it to 8-bit grey or RGB"
        )
    return CHANNELS[picture.mode]


def _text(shape: tuple[int, int, int]) -> str:
    return f"{shape[0]}x{shape[1]} with {shape[2]} channel{'s' * (shape[2] > 1)}"
