"""The data sets by name. A new one is a file beside this one, and an entry in the table below."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from bayesian_gan.data import (
    arrays,
    celeb,
    cifar,
    digits,
    idx_sets,
    imagenet,
    own_folder,
    own_table,
    svhn,
    tfds_reader,
)
from bayesian_gan.data.cache import slug
from bayesian_gan.data.download import download
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.paths import data_folder
from bayesian_gan.data.resizing import of_size
from bayesian_gan.errors import InputError
from bayesian_gan.options.own_data import KINDS
from bayesian_gan.options.reading import NO_DOWNLOAD, ReadingOptions

NOT_KNOWN = "not known"
NON_COMMERCIAL = "for research that is not commercial only, as its authors' page says"

__all__ = ["Entry", "ImageData", "entries", "find", "load", "names", "run_name"]


@dataclass(frozen=True)
class Entry:
    """One data set of the catalogue.

    Attributes:
        name: the canonical name.
        image: the size of an image, such as 28x28x1.
        classes: K as text.
        sizes: numbers of training and test images as published.
        layout: the files in the authors' layout, below the data path; "" where no path is needed.
        tfds_name: TFDS's name, "" where it has none.
        read: reads the authors' layout; None where it is not there.
        read_tfds: reads what TFDS has prepared in a folder.
        aliases: other names.
        sized: whether `read` itself gives images of `--image_size`.
        pattern: of files of the authors' layout.
        licence: what is known of the terms on which the data may be used.
        hub_id: its name at https://huggingface.co/datasets; "" where none is known.
    """

    name: str
    image: str
    classes: str
    sizes: str
    layout: str
    tfds_name: str
    read: Callable[[Path, ReadingOptions], ImageData | None]
    read_tfds: Callable[[Path, ReadingOptions], ImageData]
    aliases: tuple[str, ...] = ()
    sized: bool = False
    pattern: str = ""
    licence: str = NOT_KNOWN
    hub_id: str = ""

    @property
    def layouts(self) -> str:
        """Both layouts, for messages."""
        prepared = f"{self.tfds_name}/VERSION/ as TensorFlow Datasets prepares it"
        return ", or ".join(filter(None, (self.layout, prepared if self.tfds_name else "")))

    def present(self, data_path: Path) -> bool:
        """Whether something of the authors' layout is there."""
        return bool(self.pattern) and any(data_path.glob(self.pattern))


def _idx_entry(
    data: idx_sets.IdxSet, sizes: str, tfds_name: str, licence: str = NOT_KNOWN, hub_id: str = ""
) -> Entry:
    train, test = data.stems[0]
    return Entry(
        name=data.name,
        image="28x28x1",
        classes=str(len(data.class_names)),
        sizes=sizes,
        layout=f"the four IDX files {data.folder}/{{{train},{test}}}-{{images-idx3,labels-idx1}}-ubyte, "
        "each with or without .gz",
        tfds_name=tfds_name,
        read=data.read,
        read_tfds=partial(_idx_from_tfds, data),
        pattern=f"{data.folder}/{train}-*-ubyte*",
        licence=licence,
        hub_id=hub_id,
    )


def _idx_from_tfds(data: idx_sets.IdxSet, folder: Path, options: ReadingOptions) -> ImageData:
    # TFDS's EMNIST is as it is in the files: rows and columns exchanged, letters from 1.
    found = tfds_reader.read(folder, data.name, options)
    images, labels = data.canonical(found.images, found.labels)
    test_images, test_labels = data.canonical(found.test_images, found.test_labels)
    return replace(
        found,
        images=images,
        labels=labels,
        test_images=test_images,
        test_labels=test_labels,
        class_names=data.class_names,
        cache=None,
    )


def _tfds(
    name: str, class_names: tuple[str, ...] | None = None
) -> Callable[[Path, ReadingOptions], ImageData]:
    return lambda folder, options: tfds_reader.read(folder, name, options, class_names)


_EMNIST_SIZES = ("697,932 / 116,323", "112,800 / 18,800", "124,800 / 20,800", "240,000 / 40,000")

_ENTRIES = (
    Entry(
        "digits",
        "8x8x1",
        "10",
        "1,297 / 500",
        "",
        "",
        lambda _path, _options: digits.load(),
        _tfds("digits"),
        licence="CC BY 4.0 (UCI's Optical Recognition of Handwritten Digits)",
    ),
    _idx_entry(idx_sets.MNIST, "60,000 / 10,000", "mnist", "CC BY-SA 3.0", hub_id="ylecun/mnist"),
    _idx_entry(
        idx_sets.FASHION_MNIST,
        "60,000 / 10,000",
        "fashion_mnist",
        "MIT",
        hub_id="zalando-datasets/fashion_mnist",
    ),
    _idx_entry(idx_sets.KMNIST, "60,000 / 10,000", "kmnist", "CC BY-SA 4.0"),
    _idx_entry(idx_sets.EMNIST, _EMNIST_SIZES[0], "emnist/byclass"),
    *(
        _idx_entry(data, sizes, f"emnist/{data.name.removeprefix('emnist_')}")
        for data, sizes in zip(
            idx_sets.EMNIST_VARIANTS, (*_EMNIST_SIZES, "60,000 / 10,000"), strict=True
        )
    ),
    Entry(
        "cifar",
        "32x32x3",
        "10",
        "50,000 / 10,000",
        f"{cifar.CIFAR10.folder}/ (data_batch_1..5, test_batch)",
        "cifar10",
        cifar.CIFAR10.read,
        _tfds("cifar", cifar.CIFAR10.class_names),
        ("cifar10",),
        pattern=f"{cifar.CIFAR10.folder}/*",
        hub_id="uoft-cs/cifar10",
    ),
    Entry(
        "cifar100",
        "32x32x3",
        "100",
        "50,000 / 10,000",
        f"{cifar.CIFAR100.folder}/ (train, test, meta)",
        "cifar100",
        cifar.CIFAR100.read,
        _tfds("cifar100"),
        pattern=f"{cifar.CIFAR100.folder}/*",
        hub_id="uoft-cs/cifar100",
    ),
    Entry(
        "svhn",
        "32x32x3",
        "10",
        "73,257 / 26,032",
        f"{svhn.FOLDER}/{{train,test}}_32x32.mat",
        "svhn_cropped",
        svhn.read,
        _tfds("svhn", svhn.CLASSES),
        pattern=f"{svhn.FOLDER}/*.mat",
        licence=NON_COMMERCIAL,
        hub_id="ufldl-stanford/svhn",
    ),
    Entry(
        "celeb",
        "32x32x3 (or 50, 64)",
        "16",
        "75,000 / 10,000",
        f"{celeb.FOLDER}/{celeb.ATTRIBUTES} and {celeb.FOLDER}/{celeb.IMAGES}/",
        "celeb_a",
        celeb.read,
        tfds_reader.read_celeb,
        ("celeba",),
        sized=True,
        pattern=f"{celeb.FOLDER}/*",
        licence=NON_COMMERCIAL,
    ),
)

PATTERNS = {
    "imagenet_K": "DATA_PATH/imagenet_K/{train_256,val_256}/nXXXXXXXX/*.JPEG, K classes, every 4th pixel",
    "folder:PATH": f"a folder of your own, {own_folder.LAYOUT}",
    "npz:PATH": f"an .npz file of your own, {arrays.LAYOUT}",
    "table:PATH": f"a table of your own, {own_table.LAYOUT}",
    "tfds:NAME": "any data set with image and label that TensorFlow Datasets prepared in --data_path",
}


def entries() -> tuple[Entry, ...]:
    """The data sets with names of their own."""
    return _ENTRIES


def names() -> tuple[str, ...]:
    """The names, and patterns of names, that `load` serves."""
    return (*(entry.name for entry in _ENTRIES), *PATTERNS)


def find(name: str) -> Entry:
    """The entry of a name, an alias or a pattern of names.

    Raises:
        InputError: the name is not served.
    """
    for entry in _ENTRIES:
        if name in (entry.name, *entry.aliases):
            return entry
    if match := re.fullmatch(r"imagenet_([1-9]\d{0,4})", name):
        return _imagenet_entry(name, int(match[1]))
    kind, _, rest = name.partition(":")
    if rest and kind == "tfds":
        return _tfds_entry(rest)
    if rest and kind in KINDS:
        return _own_entry(kind, Path(rest).expanduser())
    raise InputError(f"data set {name!r} is not served; give --dataset one of {', '.join(names())}")


def load(
    name: str, data_path: str | None = None, options: ReadingOptions = NO_DOWNLOAD
) -> ImageData:
    """Reads a data set; what it returns says in `provenance` which reader served.

    Args:
        name: one of `names()`, or an alias.
        data_path: the folder that holds the data, for those data sets that need one: in the
            authors' layout, which is looked for first, or a TFDS data_dir.
        options: see `ReadingOptions`.

    Raises:
        InputError: the name is not served, or the data are missing or damaged.
    """
    entry = find(name)
    if not entry.layouts:
        data = entry.read(Path(), options)
        assert data is not None
        return data if entry.sized else of_size(data, options.image_size, options.resize)
    folder = data_folder(entry.name, data_path, entry.layouts)
    data = entry.read(folder, options)
    if data is None:
        data = entry.read_tfds(_prepared(entry, folder, options), options)
    return data if entry.sized else of_size(data, options.image_size, options.resize)


def run_name(name: str) -> str:
    """A data set's name in the name of a folder: the user's own data without their path."""
    kind, _, rest = name.partition(":")
    return slug(Path(rest).name or kind) if kind in KINDS else slug(name)


def own_name(dataset: str) -> str:
    """The name of the user's own data, such as `folder:PATH`, in the names of label splits."""
    kind, _, rest = dataset.partition(":")
    path = Path(rest).expanduser().absolute()
    return (path.name if kind == "folder" else path.stem) or kind


def _prepared(entry: Entry, folder: Path, options: ReadingOptions) -> Path:
    """What TFDS has prepared, downloaded now where that is asked for and possible."""
    prepared = tfds_reader.prepared_folder(entry.tfds_name, folder) if entry.tfds_name else None
    if prepared is None and options.download and entry.tfds_name:
        download(entry.tfds_name, folder, options.download_seconds, entry.layouts)
        prepared = tfds_reader.prepared_folder(entry.tfds_name, folder)
    if prepared is None:
        raise InputError(
            f"no {entry.name} in --data_path {str(folder)!r}: looked for {entry.layouts}; put one there"
        )
    return prepared


def _imagenet_entry(name: str, num_classes: int) -> Entry:
    def read(data_path: Path, options: ReadingOptions) -> ImageData | None:
        return imagenet.read(data_path, name, num_classes, options)

    layout = f"{name}/{{train_256,val_256}}/nXXXXXXXX/*.JPEG, {num_classes} classes"
    return Entry(
        name,
        "64x64x3",
        str(num_classes),
        "as there are",
        layout,
        "",
        read,
        _tfds(name),
        sized=True,
        licence=NON_COMMERCIAL,
    )


def _tfds_entry(tfds_name: str) -> Entry:
    if not re.fullmatch(r"[A-Za-z]\w*(/[\w.+-]*\w[\w.+-]*)?", tfds_name, re.ASCII):
        raise InputError(
            f"--dataset tfds:{tfds_name}: {tfds_name!r} is no name of TensorFlow Datasets; "
            "give NAME or NAME/CONFIG"
        )
    for entry in _ENTRIES:
        if entry.tfds_name == tfds_name:
            return replace(entry, layout="", read=lambda _path, _options: None)
    name = slug(tfds_name)
    return Entry(
        name,
        "its own",
        "its own",
        "its own",
        "",
        tfds_name,
        lambda _path, _options: None,
        _tfds(name),
    )


def _own_entry(kind: str, path: Path) -> Entry:
    def read(_: Path, options: ReadingOptions) -> ImageData:
        if kind == "folder":
            return own_folder.read(path, options)
        if kind == "table":
            return own_table.read(path, options)
        return arrays.read_npz(path, options.resize)

    sized = kind != "npz"
    return Entry(kind, "its own", "its own", "its own", "", "", read, _tfds(kind), sized=sized)
