"""SVHN: 73,257 and 26,032 digits of 32 x 32 from house numbers (Netzer et al., 2011), in MATLAB files."""

import math
from pathlib import Path

import numpy as np

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import REMEDY, check_file, entries
from bayesian_gan.errors import InputError, reason
from bayesian_gan.options.reading import ReadingOptions

FOLDER = "svhn"
FILES = ("train_32x32.mat", "test_32x32.mat")
SHAPE = (32, 32, 3)
CLASSES = tuple("0123456789")
# Uncompressed; SVHN's largest file has 1.6 GB.
MAX_BYTES = 2**31


def read(data_path: Path, options: ReadingOptions) -> ImageData | None:
    """Reads `data_path`/svhn/{train,test}_32x32.mat; None where neither is there.

    Raises:
        InputError: a file is missing or damaged.
    """
    del options
    folder = data_path / FOLDER
    if not set(FILES) & entries(folder):
        return None
    images, labels = _read_mat(folder / FILES[0])
    test_images, test_labels = _read_mat(folder / FILES[1])
    return ImageData(
        images=images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=CLASSES,
        name="svhn",
        provenance=f"svhn from the MATLAB files in {str(folder)!r}",
    )


def _read_mat(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [n, 32, 32, 3] and labels int32 [n] of a file's X [32, 32, 3, n] and y, 10 for 0."""
    check_file(path, MAX_BYTES)
    # Half a second; refusals before this need not wait for it.
    from scipy.io import loadmat, whosmat

    try:
        # Names and shapes first: what they announce bounds what is unpacked.
        variables = {name: shape for name, shape, _ in whosmat(path, appendmat=False)}
        _check_variables(path, variables)
        arrays = loadmat(path, appendmat=False, variable_names=["X", "y"])
        X, y = arrays["X"], arrays["y"]
    except (MemoryError, InputError):
        raise
    except Exception as error:
        # scipy raises errors of many kinds of damaged files, and NotImplementedError for version
        # 7.3.
        raise InputError(
            f"{str(path)!r} cannot be read as a MATLAB file of version 5 "
            f"({type(error).__name__}: {reason(error)}); {REMEDY}"
        ) from error
    for name, array in (("X", X), ("y", y)):
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "uif":
            raise InputError(f"{str(path)!r}: {name} does not hold numbers; {REMEDY}")
    if X.dtype != np.uint8:
        raise InputError(f"{str(path)!r}: X must be uint8, not {X.dtype}; {REMEDY}")
    return np.ascontiguousarray(X.transpose(3, 0, 1, 2)), _labels(path, y.ravel())


def _check_variables(path: Path, variables: dict[str, tuple[int, ...]]) -> None:
    if set(variables) != {"X", "y"}:
        raise InputError(
            f"{str(path)!r} has the variables {sorted(variables)}, and X and y belong there; {REMEDY}"
        )
    X, y = variables["X"], variables["y"]
    if len(X) != 4 or X[:3] != SHAPE or not X[3]:
        raise InputError(
            f"{str(path)!r}: X must have shape [32, 32, 3, n], not {list(X)}; {REMEDY}"
        )
    if math.prod(X) > MAX_BYTES:
        raise InputError(
            f"{str(path)!r}: X announces {math.prod(X)} values, and {MAX_BYTES} are the most; {REMEDY}"
        )
    if math.prod(y) != max(y) or math.prod(y) != X[3]:
        raise InputError(f"{str(path)!r} has {X[3]} images and labels of shape {list(y)}; {REMEDY}")


def _labels(path: Path, y: np.ndarray) -> np.ndarray:
    wrong = np.flatnonzero(~((y >= 1) & (y <= 10) & (y == np.floor(y))))
    if len(wrong):
        raise InputError(
            f"{str(path)!r}: label {y[wrong[0]]} at position {wrong[0]}, and they are 1 to 10; {REMEDY}"
        )
    return (y.astype(np.int32) % 10).astype(np.int32)
