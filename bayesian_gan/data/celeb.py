"""CelebA: faces of celebrities in 16 classes (Liu, Luo, Wang and Tang, 2015).

The class is four attributes as bits, as in the authors' program:
8 * Blond_Hair + 4 * Eyeglasses + 2 * Male + Young.
"""

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bayesian_gan.data.cache import Source, cached, content_key, files_key, stamp
from bayesian_gan.data.crop_faces import SIZES, read_face
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import REMEDY, check_file, entries
from bayesian_gan.data.pictures import decode
from bayesian_gan.errors import InputError, reason
from bayesian_gan.options.reading import ReadingOptions

FOLDER = "celebA"
ATTRIBUTES = "Anno/list_attr_celeba.txt"
PARTITION = "Eval/list_eval_partition.txt"
IMAGES = "img_align_celeba"
BITS = ("Blond_Hair", "Eyeglasses", "Male", "Young")
COLUMNS = (9, 15, 20, 39)
NUM_ATTRIBUTES = 40
TEST = 10_000
PROGRAM_TRAIN = 75_000
IMAGE_SIZE = 32
# Existing crops, of this size, are used in place of the aligned images.
CROPPED_SIZE, CROPPED = 32, "_cropped.jpg"
MAX_BYTES = 2**28
CLASSES = tuple(
    " ".join(name for k, name in enumerate(BITS) if c >> (3 - k) & 1) or "none of the four"
    for c in range(2 ** len(BITS))
)


def image_size(options: ReadingOptions) -> int:
    """Side of the crops.

    Raises:
        InputError: it is not 32, 50 or 64.
    """
    size = options.image_size or IMAGE_SIZE
    if size not in SIZES:
        raise InputError(
            f"--image_size {size}: faces are cropped to 32, 50 (the paper's) or 64; give one of these"
        )
    return size


def label_of(attributes: Sequence[bool]) -> int:
    """The class of the four attributes in the order of `BITS`."""
    return sum(int(holds) << (3 - k) for k, holds in enumerate(attributes))


def read(data_path: Path, options: ReadingOptions) -> ImageData | None:
    """Reads `data_path`/celebA; None where it has neither attributes nor images.

    The official partition decides where its file is there: its part 0 serves to train, its part 2
    to test. Otherwise the first images train and those that follow test. `celeb_train` images train
    and 10,000 test; where there are fewer, all of the partition, or without one 75 for every 10.
    How many is part of the provenance.

    Raises:
        InputError: a file is missing or damaged; the line names it.
    """
    folder = data_path / FOLDER
    if not {"Anno", IMAGES} & entries(folder):
        return None
    size = image_size(options)
    table = folder / ATTRIBUTES
    check_file(table, MAX_BYTES)
    partition = folder / PARTITION
    use_partition = partition.name in entries(partition.parent)
    images = _list_images(folder / IMAGES)
    key = content_key(
        "celeb",
        table.read_bytes(),
        _bytes(partition) if use_partition else None,
        files_key(images),
        size,
        options.celeb_train,
    )

    def make() -> Source:
        names, labels = read_attributes(table)
        parts = _read_partition(partition, names) if use_partition else None
        train, test = choose(len(names), parts, options.celeb_train)
        for which, chosen in (("training", train), ("test", test)):
            if not len(chosen):
                raise InputError(
                    f"{str(partition if use_partition else table)!r} leaves no {which} image; {REMEDY}"
                )

        def faces(chosen: np.ndarray) -> list[Path]:
            return [_face(folder / IMAGES, table, names[i], images, size) for i in chosen]

        train_paths, test_paths = faces(train), faces(test)
        return Source(
            image_shape=(size, size, 3),
            labels=labels[train],
            chunks=lambda: decode(train_paths, len(train), _reader(size), "training faces"),
            test_labels=labels[test],
            test_chunks=lambda: decode(test_paths, len(test), _reader(size), "test faces"),
            class_names=CLASSES,
            note=note(len(train), len(test), options.celeb_train),
        )

    provenance = f"celeb from the aligned images in {str(folder)!r}"
    return cached("celeb", key, options.cache_dir, make, provenance, balance="even")


def read_attributes(path: Path) -> tuple[list[str], np.ndarray]:
    """Names of the images and their classes, int32 [n], from list_attr_celeba.txt.

    It holds the number of images, the 40 names, and for each image its name and 40 times 1 or -1.

    Raises:
        InputError: the file is missing or damaged; the line says where.
    """
    lines = _lines(path)
    if len(lines) < 3 or not lines[0].strip().isdigit():
        raise InputError(f"{str(path)!r} does not begin with the number of images; {REMEDY}")
    header = lines[1].split()
    if len(header) != NUM_ATTRIBUTES or tuple(header[k] for k in COLUMNS) != BITS:
        raise InputError(
            f"{str(path)!r}: line 2 must name {NUM_ATTRIBUTES} attributes, {', '.join(BITS)} in places "
            f"{', '.join(str(k + 1) for k in COLUMNS)}, and has {len(header)}; {REMEDY}"
        )
    rows = lines[2:]
    if len(rows) != int(lines[0]):
        raise InputError(
            f"{str(path)!r} announces {int(lines[0])} images and lists {len(rows)}; {REMEDY}"
        )
    names, labels = [], np.empty(len(rows), np.int32)
    for i, row in enumerate(rows):
        name, *values = row.split() or [""]
        if len(values) != NUM_ATTRIBUTES:
            raise InputError(
                f"{str(path)!r}: line {i + 3} has {len(values)} attributes, not {NUM_ATTRIBUTES}; {REMEDY}"
            )
        if not set(values) <= {"1", "-1"}:
            raise InputError(f"{str(path)!r}: line {i + 3} has a value not 1 or -1; {REMEDY}")
        names.append(_plain_name(path, i + 3, name))
        labels[i] = label_of([values[k] == "1" for k in COLUMNS])
    if len(set(names)) != len(names):
        raise InputError(f"{str(path)!r} lists an image twice; {REMEDY}")
    return names, labels


def choose(
    number: int, parts: np.ndarray | None, celeb_train: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places of the training and of the test images, int64; see `read`.

    Args:
        number: of images.
        parts: [number], 0 for training, 1 for validation, 2 for testing; None without a partition.
        celeb_train: training images at most.
    """
    if parts is not None:
        return np.flatnonzero(parts == 0)[:celeb_train], np.flatnonzero(parts == 2)[:TEST]
    if number < celeb_train + TEST:
        share = PROGRAM_TRAIN / (PROGRAM_TRAIN + TEST)
        train = min(celeb_train, int(number * share))
    else:
        train = celeb_train
    places = np.arange(number)
    return places[:train], places[train : train + TEST]


def note(train: int, test: int, asked: int) -> str:
    """What the provenance says of the numbers of images, and of those asked for."""
    short = f" (of {asked} asked for)" if train < asked else ""
    return f", {train} to train{short} and {test} to test, labels spread as evenly as its classes allow"


def _read_partition(path: Path, names: list[str]) -> np.ndarray:
    """The part of each image, int [n], from list_eval_partition.txt: lines of a name and 0 to 2."""
    parts = {}
    for i, line in enumerate(_lines(path)):
        fields = line.split()
        if len(fields) != 2 or fields[1] not in ("0", "1", "2"):
            raise InputError(
                f"{str(path)!r}: line {i + 1} is not a name and 0, 1 or 2; {REMEDY}, or remove it"
            )
        parts[fields[0]] = int(fields[1])
    for name in names:
        if name not in parts:
            raise InputError(f"{str(path)!r} does not list {name!r}; {REMEDY}, or remove it")
    return np.array([parts[name] for name in names])


def _plain_name(path: Path, line: int, name: str) -> str:
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise InputError(
            f"{str(path)!r}: line {line} names {name!r}, which is no plain file name; {REMEDY}"
        )
    return name


def _lines(path: Path) -> list[str]:
    data = _bytes(path)
    try:
        return data.decode("utf-8").rstrip().splitlines()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{str(path)!r} is not text in UTF-8 ({reason(error)}); {REMEDY}"
        ) from error


def _bytes(path: Path) -> bytes:
    check_file(path, MAX_BYTES)
    return path.read_bytes()


def _list_images(folder: Path) -> dict[str, bytes]:
    """The files in the folder of images with their stamps, sorted by name.

    It leaves dangling links out.

    Raises:
        InputError: the folder is missing or may not be read.
    """
    found = {}
    try:
        with os.scandir(folder) as scan:
            for entry in scan:
                try:
                    status = entry.stat()
                except OSError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    found[entry.name] = stamp(status)
    except OSError as error:
        raise InputError(
            f"cannot read the folder {str(folder)!r}: {reason(error)}; put CelebA's aligned images there"
        ) from error
    return dict(sorted(found.items()))


def _face(folder: Path, table: Path, name: str, images: dict[str, bytes], size: int) -> Path:
    """The file of an image: its crop where there is one of this size, else the aligned image."""
    crop = f"{Path(name).stem}{CROPPED}"
    if size == CROPPED_SIZE and crop in images:
        return folder / crop
    if name not in images:
        raise InputError(
            f"{str(folder / name)!r} is not there (or a link to nothing), and {str(table)!r} lists it; "
            "put the image there"
        )
    return folder / name


def _reader(size: int) -> Callable[[Path], np.ndarray]:
    return lambda path: read_face(path, size)
