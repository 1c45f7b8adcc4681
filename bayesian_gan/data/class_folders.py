"""Pictures in folders named by their classes: SPLIT/CLASS/picture."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bayesian_gan.data.cache import Source, files_key, stamp
from bayesian_gan.data.listing import is_picture, scan
from bayesian_gan.data.pictures import SUFFIXES, decode
from bayesian_gan.errors import InputError, reason

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


def list_split(folder: Path, skip: Collection[str] = ()) -> Split:
    """The pictures below a folder's class folders. Hidden files are left out.

    Args:
        folder: holds them.
        skip: names of folders in it that are no classes.

    Raises:
        InputError: a folder is missing, empty, or holds something else.
    """
    class_folders = [entry for entry in scan(folder) if entry.name not in skip]
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
        files = scan(Path(class_folder.path))
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
    if not is_picture(file.name):
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
