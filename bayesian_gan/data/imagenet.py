"""ImageNet as the authors have it: K classes, 256 x 256 JPEGs, of which every 4th pixel is taken.

Russakovsky et al., "ImageNet Large Scale Visual Recognition Challenge", 2015. Some of its JPEGs are
grey, or CMYK; all become RGB.
"""

import re
from pathlib import Path

import numpy as np

from bayesian_gan.data import class_folders
from bayesian_gan.data.cache import Source, cached, content_key
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import REMEDY, entries
from bayesian_gan.data.pictures import read_as_stored
from bayesian_gan.data.resizing import picture_array
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

SIDE, IMAGE_SIZE = 256, 64
SYNSET = re.compile(r"n\d{8}")
# The authors' names of the splits, and those of TFDS's ImageFolder.
SPLITS = (("train_256", "val_256"), ("train", "val"), ("train", "validation"), ("train", "test"))


def read(data_path: Path, name: str, num_classes: int, options: ReadingOptions) -> ImageData | None:
    """Reads `data_path`/imagenet_K; None where that folder has no split.

    Args:
        data_path: the folder of the data sets.
        name: imagenet_K.
        num_classes: K.
        options: `image_size` must divide 256; 64 by default.

    Raises:
        InputError: the folders are not those of K classes, or a picture is damaged or of another
            size.
    """
    folder = data_path / name
    found = entries(folder)
    begun = [pair for pair in SPLITS if pair[0] in found]
    if not begun:
        return None
    # Where the second folder is missing, under any name, the first of its names is asked for.
    splits = next((pair for pair in begun if pair[1] in found), begun[0])
    size = options.image_size or IMAGE_SIZE
    if SIDE % size:
        raise InputError(
            f"--image_size {size}: every {SIDE} / size-th pixel of {name} is taken; give a size that "
            f"divides {SIDE}: 32, 64 or 128"
        )
    train, test = (class_folders.list_split(folder / split) for split in splits)
    _check_classes(folder / splits[0], train.classes, num_classes)

    def decode_one(path: Path) -> np.ndarray:
        return _image(path, size, options.resize)

    def make() -> Source:
        return class_folders.source(train, test, (size, size, 3), decode_one)

    key = content_key("imagenet", train.key, test.key, size, options.resize)
    provenance = f"{name} from the folders in {str(folder)!r}"
    return cached(name, key, options.cache_dir, make, provenance)


def _check_classes(folder: Path, classes: tuple[str, ...], num_classes: int) -> None:
    for name in classes:
        if not SYNSET.fullmatch(name):
            raise InputError(
                f"{str(folder / name)!r} is not named as a class of ImageNet is, n and 8 digits; move it away"
            )
    if len(classes) != num_classes:
        raise InputError(
            f"{str(folder)!r} has {len(classes)} classes, not {num_classes}; rename the folder above it to "
            f"imagenet_{len(classes)} and give that --dataset"
        )


def _image(path: Path, size: int, resize: bool) -> np.ndarray:
    picture = read_as_stored(path)
    if picture.size != (SIDE, SIDE) and not resize:
        raise InputError(
            f"{str(path)!r} is {picture.width}x{picture.height}, not {SIDE}x{SIDE}; give --resize to have "
            f"such pictures resized, or {REMEDY}"
        )
    step = SIDE // size
    return picture_array(picture, (SIDE, SIDE, 3))[::step, ::step]
