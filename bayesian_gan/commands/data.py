"""`data list`, `data describe NAME` and `data example FOLDER`: which data sets there are, and one to try."""

import argparse
from pathlib import Path

import numpy as np

from bayesian_gan.data import catalogue, example, tfds_reader
from bayesian_gan.data.catalogue import Entry
from bayesian_gan.data.image_data import UNLABELLED
from bayesian_gan.data.numbered_labels import label_numbered
from bayesian_gan.errors import InputError
from bayesian_gan.options.own_data import is_folder
from bayesian_gan.options.reading import ReadingOptions

ROW = "{:16} {:20} {:>8} {:>18}  {:15} {}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="list|describe|example")
    lister = commands.add_parser("list", help="all data sets, and which of them are in DATA_PATH")
    describer = commands.add_parser(
        "describe", help="one data set: read it, and show its numbers; nothing is downloaded"
    )
    describer.add_argument("name", metavar="NAME", help="as for --dataset")
    writer = commands.add_parser(
        "example", help="scikit-learn's digits as a folder of pictures, 40 of them labelled"
    )
    writer.add_argument("folder", type=Path, metavar="FOLDER", help="does not exist yet")
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
    describer.add_argument("--labels", metavar="FILE.csv", help="as of a run")
    for name in ("--label_column", "--category_columns", "--ignore_columns"):
        describer.add_argument(name, metavar="COLUMN", help="as of a run")
    describer.add_argument(
        "--fit", choices=("crop", "pad", "stretch"), default=ReadingOptions.fit, help="as of a run"
    )
    describer.add_argument(
        "--background", metavar="COLOUR", default=ReadingOptions.background, help="as of a run"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the table, or the description."""
    if arguments.what == "list":
        _list(arguments.data_path)
    elif arguments.what == "example":
        counts = example.write_example(arguments.folder)
        said = ", ".join(f"{count:,} in {name}/" for name, count in counts.items())
        print(f"{arguments.folder}: digits as pictures, {said}")
    else:
        options = ReadingOptions(
            image_size=arguments.image_size,
            resize=arguments.resize,
            celeb_train=arguments.celeb_train,
            cache_dir=arguments.cache_dir,
            labels=arguments.labels,
            fit=arguments.fit,
            background=arguments.background,
            label_column=arguments.label_column,
            category_columns=arguments.category_columns,
            ignore_columns=arguments.ignore_columns,
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
    if options.labels is not None and not is_folder(name):
        data = label_numbered(data, options.labels)
    for line in (data.provenance, *data.notes):
        print(line)
    shape = "x".join(map(str, data.image_shape)) + " numbers" * (data.features is not None)
    held = "mapped from the cache" if isinstance(data.images, np.memmap) else "in memory"
    print(
        f"{len(data.images)} training and {len(data.test_images)} test {data.noun} of {shape}, "
        f"{data.images.nbytes + data.test_images.nbytes} bytes, training {data.noun} {held}"
    )
    train = np.bincount(data.labels[data.labels != UNLABELLED], minlength=data.num_classes)
    test = np.bincount(data.test_labels, minlength=data.num_classes)
    width = max((len(class_name) for class_name in data.class_names), default=0)
    print(f"{'class':>5}  {'name':{width}}  {'train':>8} {'test':>8}")
    for k, class_name in enumerate(data.class_names):
        print(f"{k:5}  {class_name:{width}}  {train[k]:8} {test[k]:8}")
    if not data.all_labelled:
        print(f"{len(data.images) - data.num_labelled} training {data.noun} without a label")
