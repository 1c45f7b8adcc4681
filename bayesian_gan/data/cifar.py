"""CIFAR-10 and CIFAR-100: 50,000 and 10,000 colour pictures of 32 x 32 (Krizhevsky, 2009).

The "python version": pickles of uint8 rows of 3,072 values, red, then green, then blue; they are
read by `unpickle`, which runs nothing.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import REMEDY, entries
from bayesian_gan.data.unpickle import read_pickle
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

SIDE, CHANNELS = 32, 3
NUM_CLASSES_100 = 100


@dataclass(frozen=True)
class CifarSet:
    """One data set of batches in the folder DATA_PATH/`folder`.

    Attributes:
        name: the canonical name.
        folder: below the data path.
        train: names of the training batches.
        test: name of the test batch.
        labels_key: what the labels are called in a batch.
        class_names: K names; None where the file `meta` has the 100 names of fine labels.
    """

    name: str
    folder: str
    train: tuple[str, ...]
    test: str
    labels_key: str
    class_names: tuple[str, ...] | None = None

    def read(self, data_path: Path, options: ReadingOptions) -> ImageData | None:
        """Reads the batches; None where the folder is not there.

        Raises:
            InputError: a file is missing or damaged.
        """
        del options
        folder = data_path / self.folder
        if not entries(folder):
            return None
        class_names = self.class_names or _fine_names(folder / "meta")
        batches = [
            _read_batch(folder / file, self.labels_key, len(class_names))
            for file in (*self.train, self.test)
        ]
        test_images, test_labels = batches.pop()
        return ImageData(
            images=np.concatenate([images for images, _ in batches]),
            labels=np.concatenate([labels for _, labels in batches]),
            test_images=test_images,
            test_labels=test_labels,
            class_names=class_names,
            name=self.name,
            provenance=f"{self.name} from the batches in {str(folder)!r}",
        )


CIFAR10 = CifarSet(
    name="cifar",
    folder="cifar-10-batches-py",
    train=tuple(f"data_batch_{k}" for k in range(1, 6)),
    test="test_batch",
    labels_key="labels",
    class_names=(
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
)
CIFAR100 = CifarSet("cifar100", "cifar-100-python", ("train",), "test", "fine_labels")


def _fine_names(path: Path) -> tuple[str, ...]:
    names = read_pickle(path).get("fine_label_names")
    if not isinstance(names, list) or len(names) != NUM_CLASSES_100:
        raise InputError(f"{str(path)!r} has no 100 fine_label_names; {REMEDY}")
    return tuple(n.decode("ascii", "replace") if isinstance(n, bytes) else str(n) for n in names)


def _read_batch(path: Path, labels_key: str, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [n, 32, 32, 3] and labels int32 [n] of one file."""
    batch = read_pickle(path)
    for key in ("data", labels_key):
        if key not in batch:
            raise InputError(f"{str(path)!r} has no {key!r}, only {sorted(batch)}; {REMEDY}")
    data = batch["data"]
    size = SIDE * SIDE * CHANNELS
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (size,):
        raise InputError(
            f"{str(path)!r}: data must be uint8 of shape [n, {size}], not {_kind(data)}; {REMEDY}"
        )
    labels = _labels(path, labels_key, batch[labels_key], num_classes)
    if not len(data) or len(data) != len(labels):
        raise InputError(f"{str(path)!r} has {len(data)} images and {len(labels)} labels; {REMEDY}")
    images = data.reshape(-1, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), labels


def _labels(path: Path, key: str, values: Any, num_classes: int) -> np.ndarray:
    array = values if isinstance(values, np.ndarray) else None
    if isinstance(values, list) and all(type(v) is int and abs(v) < 2**31 for v in values):
        array = np.array(values, np.int64)
    if array is None or array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"{str(path)!r}: {key} must be whole numbers, not {_kind(values)}; {REMEDY}"
        )
    outside = (array < 0) | (array >= num_classes)
    if outside.any():
        at = int(outside.argmax())
        raise InputError(
            f"{str(path)!r}: label {array[at]} at position {at}, and the classes are 0 to "
            f"{num_classes - 1}; {REMEDY}"
        )
    return array.astype(np.int32)


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} of shape {list(value.shape)}"
    return f"a {type(value).__name__}"
