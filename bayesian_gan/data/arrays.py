"""Data sets from NumPy arrays, images or vectors, in memory or in an .npz file."""

import math
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from bayesian_gan.data.features import Features
from bayesian_gan.data.image_data import UNLABELLED, ImageData
from bayesian_gan.data.paths import REMEDY, check_file
from bayesian_gan.data.resizing import resized
from bayesian_gan.errors import InputError, reason
from bayesian_gan.storage import open_regular

CLASS_NAMES = "class_names"
# The usual names of each array, the first of which this package writes.
ALIASES = {
    "images": ("images", "train_images", "x_train", "X_train", "x", "X"),
    "labels": ("labels", "train_labels", "y_train", "Y_train", "y", "Y"),
    "test_images": ("test_images", "x_test", "X_test"),
    "test_labels": ("test_labels", "y_test", "Y_test"),
    CLASS_NAMES: (CLASS_NAMES,),
}
MAX_BYTES = 2**32
MAX_CLASSES = 10_000
LAYOUT = (
    "uint8 images or vectors of numbers (or x_train, X, ...), integer labels (or y_train, y, ...; -1 for "
    "none), test_images and test_labels (or x_test, y_test) if there is a test set, and "
    f"{CLASS_NAMES} if you like"
)


def from_arrays(
    images: np.ndarray,
    labels: np.ndarray | None = None,
    test_images: np.ndarray | None = None,
    test_labels: np.ndarray | None = None,
    *,
    class_names: tuple[str, ...] | None = None,
    name: str = "arrays",
    provenance: str = "arrays in memory",
    resize: bool = False,
) -> ImageData:
    """A data set of NumPy arrays.

    Args:
        images: training images, uint8 [N, H, W] or [N, H, W, C] with 1 or 3 channels; or vectors,
            finite numbers [N, D], which are not scaled yet: see `data.run_data.standardised`.
        labels: integers [N] or [N, 1], in [0, K), -1 for none; None where nothing is labelled.
        test_images: likewise, of the shape of a training image, or any with `resize`; None without a
            test set.
        test_labels: integers; None without a test set.
        class_names: K names; the numbers up to the largest training label by default.
        name: of the data set, part of the names of label splits.
        provenance: one line that says where the arrays come from.
        resize: whether test images of another shape than the training images' are resized.

    Raises:
        InputError: the arrays are of another kind, or do not fit together.
    """
    if (test_images is None) != (test_labels is None):
        there, lacks = ("test_images", "test_labels")[:: 1 if test_labels is None else -1]
        raise InputError(
            f"data set {name!r} has {there} and no {lacks}; give both, or leave {there} out"
        )
    images = _images(name, "images", images)
    if labels is None:
        labels = np.full(len(images), UNLABELLED, np.int32)
    labels = _labels(name, "labels", labels, UNLABELLED)
    if test_images is None or test_labels is None:
        test_images, test_labels = images[:0], labels[:0]
    else:
        test_images = _images(name, "test_images", test_images)
        test_labels = _labels(name, "test_labels", test_labels, 0)
    if class_names is None:
        known = labels[labels != UNLABELLED]
        known = known if len(known) else test_labels
        if len(known) and known.min() == 1 and (not len(test_labels) or test_labels.min() >= 1):
            raise InputError(
                f"data set {name!r}: labels count from 0, and these are 1..{known.max()}: store y - 1, or "
                "name the classes with class_names, of which the first is that of label 0"
            )
        class_names = tuple(str(k) for k in range(int(known.max(initial=-1)) + 1))
    if test_images.shape[1:] != images.shape[1:]:
        if images.ndim == 2 or test_images.ndim == 2:
            raise InputError(
                f"data set {name!r}: test examples are {_shape(test_images)} and training examples "
                f"{_shape(images)}; store both alike"
            )
        if not resize:
            raise InputError(
                f"data set {name!r}: test images are {_shape(test_images)} and training images "
                f"{_shape(images)}; give --resize to have them resized"
            )
        test_images = resized(test_images, images.shape[1:])
    features = Features.of_numbers(images.shape[1]) if images.ndim == 2 else None
    return ImageData(
        images,
        labels,
        test_images,
        test_labels,
        class_names,
        name,
        provenance,
        features=features,
    )


def read_npz(path: Path, resize: bool = False) -> ImageData:
    """Reads an .npz file of images or vectors, and of labels, a test set and `class_names` where it has them.

    The arrays have one of their names in `ALIASES`. It loads no pickle.

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
        raise _unreadable(path, error) from error
    class_names = _class_names(path, arrays.pop(CLASS_NAMES, None))
    try:
        return from_arrays(
            **arrays,
            class_names=class_names,
            name=path.stem,
            provenance=f"{path.stem} from {str(path)!r}",
            resize=resize,
        )
    except InputError as error:
        raise InputError(f"{str(path)!r}: {error}; correct the file") from error


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The archive's arrays by what they are, after checking names and announced sizes."""
    found = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(found) != len(archive.infolist()):
        raise InputError(f"{str(path)!r} holds an array twice; {REMEDY}")
    known = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
    members: dict[str, zipfile.ZipInfo] = {}
    for alias, info in found.items():
        if alias not in known:
            raise InputError(f"{str(path)!r} also holds {alias!r}; store only {LAYOUT}")
        if known[alias] in members:
            other = members[known[alias]].filename.removesuffix(".npy")
            raise InputError(
                f"{str(path)!r} holds {other!r} and {alias!r}, two names of one array; leave one out"
            )
        members[known[alias]] = info
    if "images" not in members:
        raise InputError(f"{str(path)!r} has no array 'images'; store {LAYOUT}")
    _check_size(path, members.values())
    return members


def _check_size(path: Path, members: Iterable[zipfile.ZipInfo]) -> None:
    size = sum(info.file_size for info in members)
    if size > MAX_BYTES:
        raise InputError(
            f"{str(path)!r} unpacks to {size} bytes, and {MAX_BYTES} are the most; store fewer examples"
        )


def _unreadable(path: Path, error: Exception) -> InputError:
    # A damaged archive raises BadZipFile, EOFError, NotImplementedError, zlib.error, ValueError, ...
    return InputError(
        f"{str(path)!r} cannot be read as .npz ({type(error).__name__}: {reason(error)}); {REMEDY}"
    )


def _array(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    """One array. Its header must announce exactly the bytes that the archive does."""
    with archive.open(info) as opened:
        file = cast(BinaryIO, opened)
        header = read_header(file)
        if header is None:
            raise InputError(
                f"{str(path)!r}: {info.filename} is of another .npy version than 1.0 and 2.0; {REMEDY}"
            )
        shape, fortran_order, dtype = header
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


def read_header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]] | None:
    """Shape, Fortran order and type of an array, from its header; None of a version that is not read.

    Raises:
        ValueError: it is no array.
    """
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file) if version == (2, 0) else None


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
    if images.ndim == 2:
        return _vectors(name, which, images)
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
            f"data set {name!r}: {which} have shape {list(images.shape)}, not [N, H, W, 1 or 3] or "
            "[N, H, W], nor vectors [N, D]"
        )
    return np.ascontiguousarray(images)


def _vectors(name: str, which: str, vectors: np.ndarray) -> np.ndarray:
    """Vectors [N, D] as float64, in their own units."""
    if vectors.dtype.kind not in "iuf" or not vectors.size:
        raise InputError(
            f"data set {name!r}: {which} are {vectors.dtype} of shape {list(vectors.shape)}; store vectors "
            "[N, D] of numbers"
        )
    vectors = vectors.astype(np.float64) + 0.0  # No row differs by the sign of a zero.
    row, column = (found[:1] for found in np.nonzero(~np.isfinite(vectors)))
    if len(row):
        raise InputError(
            f"data set {name!r}: {which} hold {vectors[row[0], column[0]]} in row {row[0]}, column "
            f"{column[0]}; store finite numbers, or leave the row or the column out"
        )
    return vectors


def _labels(name: str, which: str, labels: np.ndarray, least: int) -> np.ndarray:
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
    wrong = np.flatnonzero((labels < least) | (labels >= MAX_CLASSES))
    if len(wrong):
        raise InputError(
            f"data set {name!r}: {which} has {labels[wrong[0]]} at position {wrong[0]}, and labels are "
            f"0 to K - 1, K at most {MAX_CLASSES}{', or -1 for none' * (least < 0)}"
        )
    return labels.astype(np.int32)


def _shape(images: np.ndarray) -> str:
    return "x".join(map(str, images.shape[1:]))


def holds_vectors(path: Path) -> bool:
    """Whether an .npz file holds vectors, by the header of its array; False for what cannot be read."""
    try:
        with (
            open_regular(path) as opened,
            zipfile.ZipFile(opened) as archive,
            archive.open(_members(path, archive)["images"]) as file,
        ):
            header = read_header(cast(BinaryIO, file))
    except Exception:
        # It will be refused, for whichever reason, when it is read.
        return False
    return header is not None and len(header[0]) == 2


def read_vectors(path: Path, width: int) -> dict[str, np.ndarray]:
    """All arrays of numbers [N, width] in an .npz file, by name, whatever else it holds.

    Raises:
        InputError: the file is missing, damaged, too large when unpacked, or holds none.
    """
    check_file(path, MAX_BYTES)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if _is_of(archive, info, width)]
            _check_size(path, members)
            found = {
                info.filename.removesuffix(".npy"): _array(path, archive, info) for info in members
            }
    except (MemoryError, InputError):
        raise
    except Exception as error:
        raise _unreadable(path, error) from error
    if not found:
        raise InputError(
            f"{str(path)!r} holds no vectors of {width} numbers, of which the run's are; store an array "
            f"[N, {width}]"
        )
    return found


def _is_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo, width: int) -> bool:
    """Whether a member is an array of numbers [N, width], by its header."""
    with archive.open(info) as file:
        header = read_header(cast(BinaryIO, file))
    if header is None:
        return False
    shape, _, dtype = header
    return len(shape) == 2 and shape[1] == width and dtype.kind in "iuf"
