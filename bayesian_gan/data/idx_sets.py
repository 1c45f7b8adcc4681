"""MNIST and the data sets that share its four IDX files: Fashion-MNIST, KMNIST, EMNIST.

MNIST: LeCun, Cortes and Burges, 1998. Fashion-MNIST: Xiao, Rasul and Vollgraf, 2017. KMNIST:
Clanuwat et al., 2018. EMNIST: Cohen et al., 2017; its files hold every picture with rows and
columns exchanged, here they are upright.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bayesian_gan.data import idx
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import REMEDY, entries
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

DIGITS = tuple("0123456789")
UPPER = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LOWER = tuple("abcdefghijklmnopqrstuvwxyz")
MERGED = (*DIGITS, *UPPER, *"abdefghnqrt")  # Lower-case letters that differ from the capitals.
PARTS = ("images-idx3-ubyte", "labels-idx1-ubyte")


@dataclass(frozen=True)
class IdxSet:
    """One data set of four IDX files in the folder DATA_PATH/`folder`.

    Attributes:
        name: the canonical name.
        class_names: K names.
        folder: below the data path.
        stems: beginnings of the training and of the test files' names, in order of preference.
        upright: False where rows and columns are exchanged in the files.
        first_label: the smallest label in the files.
    """

    name: str
    class_names: tuple[str, ...]
    folder: str
    stems: tuple[tuple[str, str], ...] = (("train", "t10k"),)
    upright: bool = True
    first_label: int = 0

    def read(self, data_path: Path, options: ReadingOptions) -> ImageData | None:
        """Reads the files; None where there is none of them.

        Raises:
            InputError: one is missing or damaged, or they do not fit together.
        """
        del options
        folder = data_path / self.folder
        files = entries(folder)
        for stems in self.stems:
            names = [f"{stem}-{part}" for stem in stems for part in PARTS]
            if any(name in files or f"{name}.gz" in files for name in names):
                return self._read(folder, [_present(folder, files, name) for name in names])
        return None

    def _read(self, folder: Path, paths: list[Path]) -> ImageData:
        images, labels = self._examples(paths[0], paths[1])
        test_images, test_labels = self._examples(paths[2], paths[3])
        if test_images.shape[1:] != images.shape[1:]:
            raise InputError(
                f"{str(paths[2])!r} has images of shape {test_images.shape[1:]}, and {str(paths[0])!r} of "
                f"{images.shape[1:]}; replace them with two files that belong together"
            )
        return ImageData(
            images=images,
            labels=labels,
            test_images=test_images,
            test_labels=test_labels,
            class_names=self.class_names,
            name=self.name,
            provenance=f"{self.name} from the IDX files in {str(folder)!r}",
        )

    def _examples(self, images_path: Path, labels_path: Path) -> tuple[np.ndarray, np.ndarray]:
        first = self.first_label
        images, labels = idx.read_examples(images_path, labels_path, first + len(self.class_names))
        if labels.min() < first:
            raise InputError(
                f"{str(labels_path)!r}: label {labels.min()} at position {labels.argmin()}, and the "
                f"smallest is {first}; {REMEDY}"
            )
        return self.canonical(images, labels)

    def canonical(self, images: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Upright images, and labels from 0."""
        if not self.upright:
            images = np.ascontiguousarray(images.swapaxes(1, 2))
        return images, labels - np.int32(self.first_label)


def _present(folder: Path, files: set[str], name: str) -> Path:
    """The file, with .gz where both are there."""
    for candidate in (f"{name}.gz", name):
        if candidate in files:
            return folder / candidate
    raise InputError(
        f"{str(folder / name)!r}[.gz] is missing beside the other IDX files; put it there"
    )


def _emnist(variant: str, class_names: tuple[str, ...], first_label: int = 0) -> IdxSet:
    default = variant == "byclass"
    stems: tuple[tuple[str, str], ...] = ((f"emnist-{variant}-train", f"emnist-{variant}-test"),)
    if default:
        stems += (("train", "t10k"), ("train", "test"))
    name = "emnist" if default else f"emnist_{variant}"
    return IdxSet(name, class_names, "emnist", stems, upright=False, first_label=first_label)


MNIST = IdxSet("mnist", DIGITS, "mnist")
FASHION_MNIST = IdxSet(
    "fashion_mnist",
    (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    "fashion_mnist",
)
KMNIST = IdxSet("kmnist", ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"), "kmnist")
EMNIST = _emnist("byclass", DIGITS + UPPER + LOWER)
EMNIST_VARIANTS = (
    _emnist("bymerge", MERGED),
    _emnist("balanced", MERGED),
    _emnist("letters", UPPER, first_label=1),
    _emnist("digits", DIGITS),
    _emnist("mnist", DIGITS),
)
