"""`data list` and `data describe NAME`: which data sets there are, and where they are looked for."""

import argparse
from pathlib import Path

import numpy as np

from bayesian_gan.data import catalogue, tfds_reader
from bayesian_gan.data.catalogue import Entry
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions

ROW = "{:16} {:20} {:>8} {:>18}  {:15} {}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="list|describe")
    lister = commands.add_parser("list", help="all data sets, and which of them are in DATA_PATH")
    describer = commands.add_parser(
        "describe", help="one data set: read it, and show its numbers; nothing is downloaded"
    )
    describer.add_argument("name", metavar="NAME", help="as for --dataset")
    for command in (lister, describer):
        command.add_argument("--data_path", help="folder of the data sets")
    describer.add_argument("--image_size", type=int, metavar="PIXELS", help="as of a run")
    describer.add_argument("--resize", action="store_true", help="as of a run")
    describer.add_argument(
        "--celeb_train",
        type=int,
        default=ReadingOptions.celeb_train,
        metavar="IMAGES",
        help="as of a run (default: %(default)s)",
    )
    describer.add_argument("--cache_dir", help="as of a run")


def run(arguments: argparse.Namespace) -> int:
    """Prints the table, or the description."""
    if arguments.what == "list":
        _list(arguments.data_path)
    else:
        options = ReadingOptions(
            image_size=arguments.image_size,
            resize=arguments.resize,
            celeb_train=arguments.celeb_train,
            cache_dir=arguments.cache_dir,
            download=False,
        )
        _describe(arguments.name, arguments.data_path, options)
    return 0


def _list(data_path: str | None) -> None:
    rows = [("name", "image", "classes", "train / test", "TFDS name", "found")]
    for entry in catalogue.entries():
        name = "/".join((entry.name, *entry.aliases))
        tfds_name = entry.tfds_name or "-"
        found = _found(entry, data_path)
        rows.append((name, entry.image, entry.classes, entry.sizes, tfds_name, found))
    for row in rows:
        print(ROW.format(*row).rstrip())
    print()
    for pattern, text in catalogue.PATTERNS.items():
        print(f"{pattern:16} {text}")


def _found(entry: Entry, data_path: str | None) -> str:
    """Which layouts of a data set lie in a folder, without reading the data."""
    if not entry.layouts:
        return "with scikit-learn"
    if data_path is None:
        return "(give --data_path)"
    folder = Path(data_path).expanduser()
    if not folder.is_dir():
        raise InputError(
            f"--data_path {data_path!r} is no folder; give the folder of the data sets"
        )
    found = []
    if entry.present(folder):
        found.append("authors' layout")
    if tfds_reader.prepared_folder(entry.tfds_name, folder):
        found.append("TFDS")
    return ", ".join(found) or "no"


def _describe(name: str, data_path: str | None, options: ReadingOptions) -> None:
    entry = catalogue.find(name)
    if entry.layouts:
        print(
            f"{entry.name}: {entry.image}, {entry.classes} classes, {entry.sizes} images as published"
        )
        print(f"looked for in --data_path: {entry.layouts}")
        if data_path is None:
            return
    data = catalogue.load(name, data_path, options)
    print(data.provenance)
    shape = "x".join(map(str, data.image_shape))
    held = "mapped from the cache" if isinstance(data.images, np.memmap) else "in memory"
    print(
        f"{len(data.images)} training and {len(data.test_images)} test images of {shape}, "
        f"{data.images.nbytes + data.test_images.nbytes} bytes, training images {held}"
    )
    train = np.bincount(data.labels, minlength=data.num_classes)
    test = np.bincount(data.test_labels, minlength=data.num_classes)
    width = max(len(class_name) for class_name in data.class_names)
    print(f"{'class':>5}  {'name':{width}}  {'train':>8} {'test':>8}")
    for k, class_name in enumerate(data.class_names):
        print(f"{k:5}  {class_name:{width}}  {train[k]:8} {test[k]:8}")
