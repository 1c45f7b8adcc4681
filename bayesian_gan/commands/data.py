"""`python -m bayesian_gan.data list` and `... describe NAME`: what is there, and where it is looked for."""

import argparse
import signal
import sys
from pathlib import Path

import numpy as np

from bayesian_gan.data import catalogue, tfds_reader
from bayesian_gan.data.catalogue import Entry
from bayesian_gan.errors import InputError
from bayesian_gan.options.reading import ReadingOptions
from bayesian_gan.runs.devices import set_environment

USAGE_ERROR = 2
ROW = "{:16} {:20} {:>8} {:>18}  {:15} {}"


def main(arguments: list[str]) -> int:
    """Runs one of the commands; returns the exit status, 2 for a user's mistake."""
    set_environment()
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.command == "list":
            _list(parsed.data_path)
        else:
            options = ReadingOptions(
                image_size=parsed.image_size,
                resize=parsed.resize,
                celeb_train=parsed.celeb_train,
                cache_dir=parsed.cache_dir,
                download=False,
            )
            _describe(parsed.name, parsed.data_path, options)
    except InputError as error:
        print(f"bayesian_gan.data: error: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE_ERROR
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bayesian_gan.data",
        description="Data sets: what there is, and what is here.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    lister = commands.add_parser("list", help="all data sets, and which of them are in DATA_PATH")
    describer = commands.add_parser(
        "describe", help="one data set: read it, and show its numbers; nothing is downloaded"
    )
    describer.add_argument("name", help="as for --dataset")
    for command in (lister, describer):
        command.add_argument("--data_path", help="folder of the data sets")
    describer.add_argument("--image_size", type=int)
    describer.add_argument("--resize", action="store_true")
    describer.add_argument("--celeb_train", type=int, default=ReadingOptions.celeb_train)
    describer.add_argument("--cache_dir")
    return parser


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


if __name__ == "__main__":
    # `... list | head` is no error.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
