"""MNIST: 60,000 and 10,000 handwritten digits, 28 x 28 (LeCun, Cortes and Burges, 1998)."""

from pathlib import Path

from bayesian_gan.data import idx, tfds_reader
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import data_folder, entries
from bayesian_gan.errors import InputError

NUM_CLASSES = 10
STEMS = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
LAYOUTS = (
    "the four IDX files mnist/{train,t10k}-{images-idx3,labels-idx1}-ubyte, each with or without "
    ".gz, or mnist/VERSION/ as TensorFlow Datasets prepares it"
)


def load(data_path: str | None) -> ImageData:
    """Reads MNIST from IDX files in `data_path`/mnist, or else from a TFDS data_dir.

    Raises:
        InputError: the data are missing or damaged.
    """
    folder = data_folder("mnist", data_path, LAYOUTS)
    files = entries(folder / "mnist")
    if any(name in files for stem in STEMS for name in (stem, f"{stem}.gz")):
        return _load_idx(folder / "mnist", files)
    prepared = tfds_reader.prepared_folder("mnist", folder)
    if prepared is None:
        raise InputError(f"no mnist in --data_path {str(folder)!r}: looked for {LAYOUTS}")
    return tfds_reader.read(prepared, "mnist")


def _load_idx(folder: Path, files: set[str]) -> ImageData:
    """Reads the four files, those with .gz first."""
    paths = []
    for stem in STEMS:
        if stem not in files and f"{stem}.gz" not in files:
            raise InputError(
                f"{str(folder / stem)!r}[.gz] is missing beside the other IDX files of MNIST; "
                "put it there"
            )
        paths.append(folder / (f"{stem}.gz" if f"{stem}.gz" in files else stem))
    images, labels = idx.read_examples(paths[0], paths[1], NUM_CLASSES)
    test_images, test_labels = idx.read_examples(paths[2], paths[3], NUM_CLASSES)
    return ImageData(
        images=images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=tuple(str(k) for k in range(NUM_CLASSES)),
        name="mnist",
        provenance=f"mnist from the IDX files in {str(folder)!r}",
    )
