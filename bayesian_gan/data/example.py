"""An example of data of one's own: scikit-learn's digits as pictures, few of them labelled."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from bayesian_gan.data import digits
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.storage import new_folder

NUM_LABELLED = 40


def write_example(folder: Path) -> dict[str, int]:
    """Writes the digits as PNG files: labelled/CLASS/, unlabelled/ and test/CLASS/.

    The names of the files in unlabelled/ say nothing of their classes.

    Args:
        folder: does not exist; written whole or not at all.

    Returns:
        How many pictures lie in each of the three.

    Raises:
        InputError: it exists, or cannot be written.
    """
    if folder.exists() or folder.is_symlink():
        raise InputError(f"{folder}: exists; give the example another name")
    data = digits.load()
    split = label_split(data, NUM_LABELLED, 0)
    labelled = {
        int(i): f"labelled/{label}" for i, label in zip(split.indices, split.labels, strict=True)
    }
    places = [labelled.get(i, "unlabelled") for i in range(len(data.images))]
    with new_folder(folder) as made:
        _write(made, data.images, places)
        _write(made, data.test_images, [f"test/{label}" for label in data.test_labels])
    counts = {"labelled": len(labelled), "unlabelled": len(data.images) - len(labelled)}
    return counts | {"test": len(data.test_images)}


def _write(folder: Path, images: np.ndarray, places: Iterable[str]) -> None:
    for i, (image, place) in enumerate(zip(images, places, strict=True)):
        (folder / place).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(folder / place / f"{i:04d}.png")
