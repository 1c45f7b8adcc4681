"""A folder of the user's own pictures, of any sizes, of which some are labelled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from bayesian_gan.data.cache import Source, cached, content_key
from bayesian_gan.data.content import digests, stored_digests
from bayesian_gan.data.counts import counted
from bayesian_gan.data.given_labels import GivenLabels, give_labels
from bayesian_gan.data.image_data import UNLABELLED, ImageData
from bayesian_gan.data.label_table import OF_THE_FOLDER, LabelTable, read_label_table
from bayesian_gan.data.layout import TEST, find_layout
from bayesian_gan.data.pictures import Header, colour, decode, each, read_header, read_picture
from bayesian_gan.data.resizing import fitted
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

LAYOUT = (
    "labelled/CLASS/*.png (or .jpg, ...), unlabelled/ and test/CLASS/; train/CLASS/ and test/CLASS/; CLASS/; "
    "or any with --labels FILE.csv"
)
# Sides that are chosen, not asked for.
LEAST_SIDE, LARGEST_SIDE = 8, 64


@dataclass(frozen=True)
class Look:
    """How pictures become images; what decides the pixels beside the files.

    Attributes:
        image_size: asked for, or None.
        fit: of `ReadingOptions`.
        background: likewise.
    """

    image_size: int | None
    fit: str
    background: str


def read(path: Path, options: ReadingOptions) -> ImageData:
    """Reads a folder of the user's own, `--data PATH` or `--dataset folder:PATH`.

    What it found, and what it did to the pictures, is in the `notes` of what it returns.

    Raises:
        InputError: something is missing, damaged or contradicts itself; the line names it.
    """
    colour(options.background)
    tables = [read_label_table(file) for file in _table_files(path, options.labels)]
    layout = find_layout(path, bool(tables))
    given = give_labels(path, layout, tables)
    if not given.train:
        raise InputError(
            f"{str(path)!r} holds no pictures to train on; put pictures there: {LAYOUT}"
        )
    names = _class_names(path, given)
    train, test = sorted(given.train), sorted(given.test)
    name = path.absolute().name or "folder"
    look = Look(options.image_size, options.fit, options.background)
    data = cached(
        name,
        content_key(
            "folder",
            *layout.keys,
            [str(file.relative_to(path)) for file in test],
            [look.image_size, look.fit, look.background],
        ),
        options.cache_dir,
        partial(_source, train, test, look),
        f"{name} from the pictures in {str(path)!r}",
    )
    # Labels are no part of the cache: twenty more of them need no picture to be decoded again.
    place = {name: k for k, name in enumerate(names)} | {"": UNLABELLED}
    data = replace(
        data,
        labels=np.array([place[given.train[file]] for file in train], np.int32),
        test_labels=np.array([place[given.test[file]] for file in test], np.int32),
        class_names=names,
        notes=(_found(layout.found, tables, given), *_left_out(given)),
        names=_names(path, train),
        test_names=_names(path, test) if tables else None,  # Folders go on saying theirs.
    )
    return replace(data, notes=(*data.notes, *_of_content(data, train, test)))


def _table_files(path: Path, labels: str | None) -> list[Path]:
    """The files of labels: the one asked for, or those that lie in the folder."""
    if labels is not None:
        return [Path(labels).expanduser()]
    places = (path, *(path / name for name in ("train", *TEST)))
    return [place / OF_THE_FOLDER for place in places if (place / OF_THE_FOLDER).is_file()]


def _names(path: Path, files: Sequence[Path]) -> tuple[str, ...]:
    return tuple(file.relative_to(path).as_posix() for file in files)


def _class_names(path: Path, given: GivenLabels) -> tuple[str, ...]:
    """The classes, sorted: those of the training pictures, which those of the test pictures must be.

    Where no training picture is labelled they are those of the test pictures.
    """
    train, test = (set(labels.values()) - {""} for labels in (given.train, given.test))
    if train and test and train != test:
        only = [
            f"only {where} {', '.join(map(repr, sorted(names)))}"
            for where, names in (("to train on", train - test), ("to test on", test - train))
            if names
        ]
        raise InputError(
            f"{str(path)!r}: the classes to train on and to test on differ: {'; '.join(only)}; add pictures "
            "of these, or remove them"
        )
    return tuple(sorted(train or test))


# --------------------------------------------------------------------------------- decoding


def _source(train: Sequence[Path], test: Sequence[Path], look: Look) -> Source:
    """What the cache is made of: images only, whose labels may change."""
    headers = list(each([*train, *test], read_header, "sizes of the pictures"))
    shape, said = _shape(headers, look)

    def decode_one(path: Path) -> np.ndarray:
        picture = read_picture(path, background=look.background)
        return fitted(picture, shape, look.fit, look.background)

    return Source(
        image_shape=shape,
        labels=np.full(len(train), UNLABELLED, np.int32),
        chunks=lambda: decode(train, len(train), decode_one, "training images"),
        test_labels=np.zeros(len(test), np.int32),
        test_chunks=lambda: decode(test, len(test), decode_one, "test images"),
        class_names=("",),
        note="".join(f"; {line}" for line in said),
    )


def _shape(headers: Sequence[Header], look: Look) -> tuple[tuple[int, int, int], list[str]]:
    """The shape that all images get, and what is to be said of it."""
    sizes = {(header.height, header.width) for header in headers}
    said = []
    low, high = min(map(min, sizes)), max(map(max, sizes))
    if len(sizes) == 1 and not look.image_size and low >= LEAST_SIDE and high <= LARGEST_SIDE:
        height, width = next(iter(sizes))
    else:
        shorter = int(np.median([min(header.height, header.width) for header in headers]))
        height = width = look.image_size or min(max(shorter, LEAST_SIDE), LARGEST_SIDE)
        if sizes != {(height, width)}:
            said.append(_resizing(sizes, height, look))
    grey = sum(header.channels == 1 for header in headers)
    channels = 1 if grey == len(headers) else 3
    if 0 < grey < len(headers):
        said.append(f"{grey} grey pictures among {len(headers)} become colour")
    transparent = sum(header.alpha for header in headers)
    if transparent:
        said.append(
            f"{transparent} pictures may be transparent, and are laid on {look.background} (--background)"
        )
    return (height, width, channels), said


def _resizing(sizes: set[tuple[int, int]], side: int, look: Look) -> str:
    low, high = (f"{f(sizes)[1]}x{f(sizes)[0]}" for f in (min, max))
    were = f"all {low}" if len(sizes) == 1 else f"of {len(sizes)} sizes, {low} to {high}"
    how = {"crop": "their middle", "pad": "with margins", "stretch": "in other proportions"}
    chosen = "" if look.image_size else ", --image_size for another"
    return f"pictures {were} wide and high, made {side}x{side}, {how[look.fit]} (--fit {look.fit}{chosen})"


# --------------------------------------------------------------------------------- saying


def _found(found: Sequence[str], tables: Sequence[LabelTable], given: GivenLabels) -> str:
    """The layout and its counts."""
    parts = [*found, *(f"labels of {table.file.name}" for table in tables)]
    said = counted(given.train.values(), len(given.test), "pictures")
    return f"found {', '.join(parts)}: {said}"


def _left_out(given: GivenLabels) -> list[str]:
    return [f"left out: {', '.join(given.left_out)}"] if given.left_out else []


def _of_content(data: ImageData, train: Sequence[Path], test: Sequence[Path]) -> list[str]:
    """What equal images tell: of pictures that stand where they should not."""
    hashes = digests(data.images)
    if data.cache is not None:
        hashes = stored_digests(data.images, "", data.cache / "digests.bin")
    labelled: dict[bytes, int] = {}
    torn: list[tuple[int, int]] = []
    for i in np.flatnonzero(data.labels != UNLABELLED).tolist():
        first = labelled.setdefault(hashes[i], i)
        if data.labels[first] != data.labels[i]:
            torn.append((first, i))
    unlabelled = np.flatnonzero(data.labels == UNLABELLED).tolist()
    again = [i for i in unlabelled if hashes[i] in labelled]
    said = []
    if torn:
        pair = " and ".join(
            f"{str(train[i])!r} ({data.class_names[data.labels[i]]})" for i in torn[0]
        )
        said.append(
            f"{len(torn)} labelled pictures look the same as one of another class, such as {pair}"
        )
    if again:
        said.append(
            f"{len(again)} pictures without a label look the same as labelled ones, such as "
            f"{str(train[again[0]])!r}"
        )
    known = set(hashes)
    seen = [i for i, digest in enumerate(digests(data.test_images)) if digest in known]
    if seen:
        said.append(
            f"{len(seen)} pictures to test on look the same as ones to train on, such as "
            f"{str(test[seen[0]])!r}: the error will be too low"
        )
    return said
