"""Data sets from NumPy arrays, in memory or in an .npz file."""

import math
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import REMEDY, check_file, reason
from bayesian_gan.data.resizing import resized
from bayesian_gan.errors import InputError

NAMES = ("images", "labels", "test_images", "test_labels")
KERAS_NAMES = ("x_train", "y_train", "x_test", "y_test")
CLASS_NAMES = "class_names"
MAX_BYTES = 2**32
MAX_CLASSES = 10_000
LAYOUT = (
    f"uint8 arrays {', '.join(NAMES)} (or {', '.join(KERAS_NAMES)}), and {CLASS_NAMES} if you like"
)


def from_arrays(
    images: np.ndarray,
    labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    *,
    class_names: tuple[str, ...] | None = None,
    name: str = "arrays",
    provenance: str = "arrays in memory",
    resize: bool = False,
) -> ImageData:
    """A data set of NumPy arrays.

    Args:
        images: training images, uint8 [N, H, W] or [N, H, W, C] with 1 or 3 channels.
        labels: integers [N] or [N, 1], in [0, K).
        test_images: uint8, of the shape of a training image, or any with `resize`.
        test_labels: integers.
        class_names: K names; the numbers up to the largest training label by default.
        name: of the data set, part of the names of label splits.
        provenance: one line that says where the arrays come from.
        resize: whether test images of another shape than the training images' are resized.

    Raises:
        InputError: the arrays are of another kind, or do not fit together.
    """
    images, test_images = (
        _images(name, n, x) for n, x in (("images", images), ("test_images", test_images))
    )
    labels, test_labels = (
        _labels(name, n, y) for n, y in (("labels", labels), ("test_labels", test_labels))
    )
    if class_names is None:
        if labels.min() == 1 and test_labels.min() >= 1:
            raise InputError(
                f"data set {name!r}: labels count from 0, and these are 1..{labels.max()}: store y - 1, or "
                "name the classes with class_names, of which the first is that of label 0"
            )
        class_names = tuple(str(k) for k in range(int(labels.max()) + 1))
    if test_images.shape[1:] != images.shape[1:]:
        if not resize:
            raise InputError(
                f"data set {name!r}: test images are {_shape(test_images)} and training images "
                f"{_shape(images)}; give --resize to have them resized"
            )
        test_images = resized(test_images, images.shape[1:])
    return ImageData(images, labels, test_images, test_labels, class_names, name, provenance)


def read_npz(path: Path, resize: bool = False) -> ImageData:
    """Reads an .npz file of the four arrays, and of `class_names` where it has them.

    It loads no pickle.

    Raises:
        InputError: the file is missing, damaged, too large when unpacked, or holds something else.
    """
    check_file(path, MAX_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(path, archive)
            arrays = {name: _array(path, archive, info) for name, info in members.items()}
    except (MemoryError, InputError):
        raise
    except Exception as error:
        # A damaged archive raises BadZipFile, EOFError, NotImplementedError, zlib.error,
        # ValueError, ...
        raise InputError(
            f"{str(path)!r} cannot be read as .npz ({type(error).__name__}: {reason(error)}); {REMEDY}"
        ) from error
    class_names = _class_names(path, arrays.pop(CLASS_NAMES, None))
    names = KERAS_NAMES if KERAS_NAMES[0] in arrays else NAMES
    try:
        return from_arrays(
            *(arrays[name] for name in names),
            class_names=class_names,
            name=path.stem,
            provenance=f"{path.stem} from {str(path)!r}",
            resize=resize,
        )
    except InputError as error:
        raise InputError(f"{str(path)!r}: {error}; correct the file") from error


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's arrays by name, after checking names and announced sizes."""
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(members) != len(archive.infolist()):
        raise InputError(f"{str(path)!r} holds an array twice; {REMEDY}")
    expected = set(KERAS_NAMES if KERAS_NAMES[0] in members else NAMES)
    for name in sorted(expected - set(members)):
        raise InputError(f"{str(path)!r} has no array {name!r}; store {LAYOUT}")
    for name in sorted(set(members) - expected - {CLASS_NAMES}):
        raise InputError(f"{str(path)!r} also holds {name!r}; store only {LAYOUT}")
    size = sum(info.file_size for info in members.values())
    if size > MAX_BYTES:
        raise InputError(
            f"{str(path)!r} unpacks to {size} bytes, and {MAX_BYTES} are the most; store fewer images"
        )
    return members


def _array(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    """One array. Its header must announce exactly the bytes that the archive does."""
    with archive.open(info) as opened:
        file = cast(BinaryIO, opened)
        version = np.lib.format.read_magic(file)
        read_header: Any = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read_header is None:
            raise InputError(
                f"{str(path)!r}: {info.filename} is of .npy version {version}; {REMEDY}"
            )
        shape, fortran_order, dtype = read_header(file)
        if dtype.hasobject:
            raise InputError(
                f"{str(path)!r}: {info.filename} is a pickle of Python objects, which is not loaded; "
                f"store {LAYOUT}"
            )
        size = math.prod(shape) * dtype.itemsize
        if size != info.file_size - file.tell():
            raise InputError(
                f"{str(path)!r}: {info.filename} announces {size} bytes and has "
                f"{info.file_size - file.tell()}; {REMEDY}"
            )
        data = bytearray(file.read())
        if len(data) != size:
            raise InputError(f"{str(path)!r}: {info.filename} is cut short; {REMEDY}")
    array = np.frombuffer(data, dtype)
    return array.reshape(shape[::-1]).T if fortran_order else array.reshape(shape)


def _class_names(path: Path, array: np.ndarray | None) -> tuple[str, ...] | None:
    if array is None:
        return None
    if array.ndim != 1 or array.dtype.kind != "U":
        raise InputError(
            f"{str(path)!r}: {CLASS_NAMES} must be a row of strings, not {array.dtype} "
            f"of shape {list(array.shape)}; {REMEDY}"
        )
    return tuple(array.tolist())


def _images(name: str, which: str, images: np.ndarray) -> np.ndarray:
    images = np.asarray(images)
    if images.dtype.kind == "f" and np.isnan(images).any():
        raise InputError(f"data set {name!r}: {which} hold NaN; store uint8 values 0 to 255")
    if images.dtype != np.uint8:
        raise InputError(
            f"data set {name!r}: {which} are {images.dtype}; store uint8 values 0 to 255"
        )
    if images.ndim == 3:
        images = images[..., np.newaxis]
    if images.ndim != 4 or images.shape[3] not in (1, 3) or images.size == 0:
        raise InputError(
            f"data set {name!r}: {which} have shape {list(images.shape)}, not [N, H, W, 1 or 3] or [N, H, W]"
        )
    return np.ascontiguousarray(images)


def _labels(name: str, which: str, labels: np.ndarray) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise InputError(f"data set {name!r}: {which} hold NaN; store whole numbers from 0")
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not labels.size:
        raise InputError(
            f"data set {name!r}: {which} must be whole numbers [N], not {labels.dtype} "
            f"of shape {list(labels.shape)}"
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= MAX_CLASSES))
    if len(wrong):
        raise InputError(
            f"data set {name!r}: {which} has {labels[wrong[0]]} at position {wrong[0]}, and labels are "
            f"0 to K - 1, K at most {MAX_CLASSES}"
        )
    return labels.astype(np.int32)


def _shape(images: np.ndarray) -> str:
    return "x".join(map(str, images.shape[1:]))
