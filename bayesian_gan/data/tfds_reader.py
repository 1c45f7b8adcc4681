"""Data sets that TensorFlow Datasets (TFDS) has prepared in a folder. Nothing is downloaded.

TensorFlow is imported only once there is something to read, so that a refusal is instant.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import entries
from bayesian_gan.errors import InputError


def prepared_folder(name: str, data_dir: Path) -> Path | None:
    """The newest version of a data set prepared under `data_dir`, or None.

    TFDS writes `data_dir`/name/MAJOR.MINOR.PATCH, under another name until it is whole.

    Raises:
        InputError: a folder may not be read.
    """
    versions = {
        tuple(map(int, entry.split("."))): data_dir / name / entry
        for entry in entries(data_dir / name)
        if re.fullmatch(r"\d+\.\d+\.\d+", entry)
    }
    for version in sorted(versions, reverse=True):
        if "dataset_info.json" in entries(versions[version]):
            return versions[version]
    return None


def read(folder: Path, name: str) -> ImageData:
    """Reads the splits `train` and `test` of a prepared data set, features `image` and `label`.

    The examples are in the order of TFDS's records: fixed, and not that of the original files.

    Args:
        folder: what `prepared_folder` found.
        name: the canonical name of the data set.

    Raises:
        InputError: the records are damaged, or the data set has no such splits or features.
    """
    # This takes seconds.
    import tensorflow_datasets as tfds

    try:
        # Unlike tfds.builder(name), this asks no server for the data set's description.
        builder = tfds.builder_from_directory(str(folder))
        class_names = tuple(builder.info.features["label"].names)
        images, labels = _split(builder, "train")
        test_images, test_labels = _split(builder, "test")
    except MemoryError:
        raise
    except Exception as error:
        # Of damaged files TFDS, TensorFlow and protobuf each raise errors of their own.
        raise InputError(
            f"cannot read {name} as TensorFlow Datasets prepared it in {str(folder)!r} "
            f"({type(error).__name__}: {_reason(error)}); prepare it again"
        ) from error
    return ImageData(
        images=images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=class_names,
        name=name,
        provenance=f"{name} {builder.version} from TensorFlow Datasets in {str(folder)!r}",
    )


def _split(builder: Any, split: str) -> tuple[np.ndarray, np.ndarray]:
    """A whole split at once: images uint8 [N, H, W, C], labels int32 [N]."""
    examples = builder.as_dataset(split=split, batch_size=-1, shuffle_files=False)
    return examples["image"].numpy(), examples["label"].numpy().astype(np.int32)


def _reason(error: Exception) -> str:
    """The first line of an error, without the names of TensorFlow's operations."""
    text = re.sub(r"\{\{.*?\}\} ?|\[Op:.*", "", str(error)).strip()
    return text.splitlines()[0] if text else "no reason given"
