"""Data sets that TensorFlow Datasets (TFDS) has prepared in a folder. Nothing is downloaded here.

TensorFlow is imported only once there is something to read, so that a refusal is instant.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.data import celeb
from bayesian_gan.data.cache import HELD_BYTES, Source, cached, content_key, files_key, stamp
from bayesian_gan.data.crop_faces import crop_face
from bayesian_gan.data.image_data import UNLABELLED, ImageData
from bayesian_gan.data.paths import entries
from bayesian_gan.data.pictures import decode, read_as_stored
from bayesian_gan.data.resizing import picture_array
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import NO_DOWNLOAD, ReadingOptions

TEST_SPLITS = ("test", "validation", "val")


def prepared_folder(name: str, data_dir: Path) -> Path | None:
    """The newest version of a data set prepared under `data_dir`, or None.

    TFDS writes `data_dir`/name/MAJOR.MINOR.PATCH, or name/CONFIG/MAJOR.MINOR.PATCH, under another
    name until it is whole.

    Args:
        name: TFDS's name, with /CONFIG where there are several.
        data_dir: the folder.

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


def read(
    folder: Path,
    name: str,
    options: ReadingOptions = NO_DOWNLOAD,
    class_names: tuple[str, ...] | None = None,
) -> ImageData:
    """Reads `train` and `test` (or `validation`) of a prepared data set, `image` and `label`.

    The examples are in the order of TFDS's records: fixed, and not that of the original files.
    Images of different sizes need `image_size` and `resize`; they, and data that do not fit in
    memory, are decoded into the cache. A label of -1 is none, as TFDS's `ClassLabel` has it.

    Args:
        folder: what `prepared_folder` found.
        name: the canonical name of the data set.
        options: of the readers.
        class_names: TFDS's by default.

    Raises:
        InputError: the records are damaged, or the data set has no such splits or features.
    """
    with _errors_of(folder, name):
        builder, test = _builder(folder)
        features = builder.info.features
        if not {"image", "label"} <= set(features):
            raise InputError(
                f"{name} in {str(folder)!r} has the features {sorted(features)}, and image and label are "
                "needed; choose a data set for classification"
            )
        names = class_names or tuple(features["label"].names)
        provenance = f"{name} {builder.version} from TensorFlow Datasets in {str(folder)!r}"
        shape = features["image"].shape
        if features["image"].np_dtype != np.uint8 or shape[-1] not in (1, 3):
            raise InputError(
                f"{name} in {str(folder)!r} has images {shape} of {features['image'].np_dtype}, and uint8 "
                "with 1 or 3 channels is needed; choose another data set"
            )
        number = sum(builder.info.splits[split].num_examples for split in ("train", test))
        if None in shape or number * math.prod(shape) > HELD_BYTES:
            target = _target(name, shape, options)

            def make() -> Source:
                return _image_source(builder, test, target, names)

            key = content_key("tfds", _folder_key(folder), target, options.resize)
            return _noted(cached(name, key, options.cache_dir, make, provenance))
        images, labels = _split(builder, "train")
        test_images, test_labels = _split(builder, test)
        _check_test(name, test, test_labels)
    data = ImageData(
        images=images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=names,
        name=name,
        provenance=provenance,
    )
    return _noted(data)


def _noted(data: ImageData) -> ImageData:
    """With what is to be said where some labels are -1, TFDS's way to write that there is none."""
    if data.all_labelled:
        return data
    without = len(data.labels) - data.num_labelled
    return replace(
        data, notes=(f"{data.num_labelled:,} labelled training images, {without:,} without (-1)",)
    )


def _check_test(name: str, split: str, labels: np.ndarray) -> None:
    """Raises InputError where images to test on have no label."""
    without = np.count_nonzero(labels == UNLABELLED)
    if without:
        raise InputError(
            f"{name}: {without:,} of the {len(labels):,} images of its split {split} have no label (-1), "
            "and all to test on need one; prepare it without these"
        )


def read_celeb(folder: Path, options: ReadingOptions) -> ImageData:
    """Reads CelebA, TFDS's `celeb_a`: faces cropped and classed as by `bayesian_gan.data.celeb`.

    Its splits are the official partition. TFDS keeps no names, so which images the first
    `celeb_train` are differs from the authors' layout; all of them are the same.

    Raises:
        InputError: the records are damaged or of another kind.
    """
    size = celeb.image_size(options)
    with _errors_of(folder, "celeb"):
        builder, test = _builder(folder)

        def make() -> Source:
            return _celeb_source(builder, test, size, options.celeb_train)

        key = content_key("tfds celeb", _folder_key(folder), size, options.celeb_train)
        provenance = f"celeb {builder.version} from TensorFlow Datasets in {str(folder)!r}"
        return cached("celeb", key, options.cache_dir, make, provenance, balance="even")


@contextmanager
def _errors_of(folder: Path, name: str) -> Iterator[None]:
    """One line for the errors of TFDS, TensorFlow and protobuf, each of which has its own."""
    try:
        yield
    except (MemoryError, InputError):
        raise
    except Exception as error:
        raise InputError(
            f"cannot read {name} as TensorFlow Datasets prepared it in {str(folder)!r} "
            f"({type(error).__name__}: {_reason(error)}); prepare it again"
        ) from error


def _builder(folder: Path) -> tuple[Any, str]:
    """A builder of a prepared data set, and its split for testing."""
    # This takes seconds.
    import tensorflow_datasets as tfds

    # Unlike tfds.builder(name), this asks no server for the data set's description.
    builder = tfds.builder_from_directory(str(folder))
    splits = set(builder.info.splits)
    test = next((split for split in TEST_SPLITS if split in splits), None)
    if "train" not in splits or test is None:
        raise InputError(
            f"{str(folder)!r} has the splits {sorted(splits)}, and train and test are needed; "
            "choose another data set"
        )
    return builder, test


def _split(builder: Any, split: str) -> tuple[np.ndarray, np.ndarray]:
    """A whole split at once: images uint8 [N, H, W, C], labels int32 [N]."""
    examples = builder.as_dataset(split=split, batch_size=-1, shuffle_files=False)
    return examples["image"].numpy(), examples["label"].numpy().astype(np.int32)


def _target(
    name: str, shape: tuple[int | None, ...], options: ReadingOptions
) -> tuple[int, int, int]:
    """The shape that images are decoded to."""
    height, width, channels = shape
    if options.image_size is None:
        if height is None or width is None:
            raise InputError(
                f"{name} has images of different sizes; give --image_size and --resize to have them resized"
            )
        return height, width, channels or 3
    if (height, width) != (options.image_size, options.image_size) and not options.resize:
        raise InputError(
            f"--image_size {options.image_size}: the images of {name} have other sizes; give --resize to "
            "have them resized"
        )
    return options.image_size, options.image_size, channels or 3


def _image_source(
    builder: Any, test: str, shape: tuple[int, int, int], class_names: tuple[str, ...]
) -> Source:
    def labels(split: str) -> np.ndarray:
        return np.array([e["label"] for e in _examples(builder, split, {"label": True})], np.int32)

    def chunks(split: str, total: int) -> Iterator[np.ndarray]:
        def decode_one(data: bytes) -> np.ndarray:
            return picture_array(read_as_stored(data, f"an image of {builder.data_path}"), shape)

        return decode(_encoded(builder, split), total, decode_one, f"{split} images")

    train_labels, test_labels = labels("train"), labels(test)
    _check_test(builder.name, test, test_labels)
    return Source(
        image_shape=shape,
        labels=train_labels,
        chunks=lambda: chunks("train", len(train_labels)),
        test_labels=test_labels,
        test_chunks=lambda: chunks(test, len(test_labels)),
        class_names=class_names,
    )


def _celeb_source(builder: Any, test: str, size: int, celeb_train: int) -> Source:
    wanted = {"attributes": dict.fromkeys(celeb.BITS, True)}

    def labels(split: str) -> np.ndarray:
        attributes = (e["attributes"] for e in _examples(builder, split, wanted))
        return np.array([celeb.label_of([a[b] for b in celeb.BITS]) for a in attributes], np.int32)

    def chunks(split: str, total: int) -> Iterator[np.ndarray]:
        def decode_one(data: bytes) -> np.ndarray:
            return crop_face(read_as_stored(data, f"an image of {builder.data_path}"), size)

        return decode(_encoded(builder, split, total), total, decode_one, f"{split} faces")

    train_labels, test_labels = labels("train")[:celeb_train], labels(test)[: celeb.TEST]
    return Source(
        image_shape=(size, size, 3),
        labels=train_labels,
        chunks=lambda: chunks("train", len(train_labels)),
        test_labels=test_labels,
        test_chunks=lambda: chunks(test, len(test_labels)),
        class_names=celeb.CLASSES,
        note=celeb.note(len(train_labels), len(test_labels), celeb_train),
    )


def _examples(builder: Any, split: str, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Some features of each example, in the order of the records."""
    import tensorflow_datasets as tfds

    decoders = tfds.decode.PartialDecoding(wanted)
    return iter(tfds.as_numpy(builder.as_dataset(split=split, decoders=decoders)))


def _encoded(builder: Any, split: str, number: int | None = None) -> Iterator[bytes]:
    """The files of the images, not decoded: Pillow decodes them as it does the original files."""
    import tensorflow_datasets as tfds

    decoders = {"image": tfds.decode.SkipDecoding()}
    dataset = builder.as_dataset(split=split, decoders=decoders)
    for example in tfds.as_numpy(dataset.take(-1 if number is None else number)):
        yield example["image"]


def _folder_key(folder: Path) -> str:
    """A hash of the records: names, sizes and times, and the description's bytes."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    key = files_key({path.name: stamp(path.stat()) for path in files})
    return content_key((folder / "dataset_info.json").read_bytes(), key)


def _reason(error: Exception) -> str:
    """The first line of an error, without the names of TensorFlow's operations."""
    text = re.sub(r"\{\{.*?\}\} ?|\[Op:.*", "", str(error)).strip()
    return text.splitlines()[0] if text else "no reason given"
