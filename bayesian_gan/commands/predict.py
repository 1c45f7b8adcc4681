"""`predict RUN_DIR PATH...`: what a run's posterior says of pictures, or of rows of a table, a row for each."""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from bayesian_gan.commands.asking import Asked, Count, looked_at, note
from bayesian_gan.commands.prediction_rows import Row, encoded, in_order
from bayesian_gan.data import given_rows
from bayesian_gan.data.class_links import ClassLinks
from bayesian_gan.data.features import Features
from bayesian_gan.data.given_pictures import Batch, batches, check_given
from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import write_atomically, written

NOT_READ_STATUS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="folders of pictures, also of folders; pictures (PNG, JPEG, BMP, GIF, PPM, TIFF, WebP); .npz "
        "files with arrays uint8 [N, H, W] or [N, H, W, C]. Of a run on a table: tables, and .npz files with "
        "arrays [N, D]",
    )
    output = parser.add_mutually_exclusive_group()
    output.add_argument(
        "--csv", metavar="FILE", help="write a CSV, entropies in bits; otherwise a table is printed"
    )
    output.add_argument(
        "--json", action="store_true", help="print JSON: all probabilities, in nats all entropies"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the CSV if it is there")
    parser.add_argument(
        "--sort",
        metavar="COLUMN",
        help="sort by a column of the CSV; --sort=-entropy for descending order, the least sure first",
    )
    parser.add_argument(
        "--sort_into",
        metavar="DIR",
        help="link the pictures into DIR/CLASS/; nothing is overwritten",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--hard", action="store_true", help="hard links in the place of symbolic ones")
    how.add_argument("--copy", action="store_true", help="copies in the place of links")
    parser.add_argument(
        "--confidence",
        type=float,
        metavar="C",
        help="pictures whose class has a probability below C, in [0, 1], go into DIR/unsure/",
    )
    parser.add_argument(
        "--coverage",
        type=float,
        metavar="C",
        help="a set of classes for each picture, which holds the true one with probability C, in (0, 1), "
        "for example 0.95; needs the run's data set",
    )
    parser.add_argument(
        "--data_path",
        help="folder of the data set, for --coverage; by default where the run had it",
    )
    parser.set_defaults(strict=False, resize=True)


def run(arguments: argparse.Namespace) -> int:
    """Predicts; all arguments, and the first pictures, are looked at before TensorFlow is loaded."""
    opened = FinishedRun(arguments.run_dir)
    semi = opened.config.semi
    if arguments.strict and not semi:
        raise InputError(
            f"{opened.path}: a run without labels, which cannot classify; give one of run_bgan_semi.py"
        )
    opened.check_collected()
    paths = [Path(path) for path in arguments.paths]
    if opened.features is None:
        check_given(paths)
    _check(arguments, opened, paths)
    links = _links(arguments, opened, paths)
    count = Count("pictures" if opened.features is None else "rows")
    asked = Asked(arguments, opened, links, count)
    read = _pictures(opened, paths) if opened.features is None else _rows(opened.features, paths)
    stream = asked.rows(looked_at(read, arguments, opened, count))
    if arguments.csv:
        _write_csv(Path(arguments.csv), asked, stream, arguments.sort)
    elif arguments.json:
        _print_json(asked, stream, arguments.sort)
    else:
        _print_table(asked, stream, arguments.sort)
    _conclude(arguments, asked, count)
    return NOT_READ_STATUS if count.failed else 0


def _pictures(opened: FinishedRun, paths: list[Path]) -> Iterator[Batch]:
    shape, background = opened.picture_shape, opened.config.background
    return batches(paths, shape, fit=opened.fit, background=background)


def _rows(features: Features, paths: list[Path]) -> Iterator[Batch]:
    """The rows of tables; says which of their columns the run does not know."""
    given = [rows for path in paths for rows in given_rows.read_given(path, features)]
    extra = list(dict.fromkeys(name for rows in given for name in rows.extra))
    if extra:
        note(f"columns that the run does not know are passed over: {', '.join(extra)}")
    return given_rows.batches(given, features)


# ------------------------------------------------------------------------------- arguments


def _check(arguments: argparse.Namespace, opened: FinishedRun, paths: list[Path]) -> None:
    """Raises InputError for options out of range, or that this run cannot serve."""
    if opened.features is None and opened.picture_shape[2] not in (1, 3):
        raise InputError(
            f"{opened.path}: its images have {opened.image_shape[2]} channels, and pictures have 1 or 3; give "
            "another run"
        )
    for name in ("sort_into", "coverage"):
        if getattr(arguments, name) is not None and not opened.config.semi:
            raise InputError(f"--{name}: {opened.path} is a run without labels; leave it out")
    if arguments.sort_into and opened.features is not None:
        raise InputError(
            f"--sort_into is for pictures, and {opened.path} is a run on rows; leave it out, and give --csv"
        )
    confidence, coverage = arguments.confidence, arguments.coverage
    if confidence is not None and not 0.0 <= confidence <= 1.0:
        raise InputError(f"--confidence {confidence:g}: give a probability in [0, 1]")
    if coverage is not None and not 0.0 < coverage < 1.0:
        raise InputError(f"--coverage {coverage:g}: give a probability in (0, 1), such as 0.95")
    for name in ("confidence", "hard", "copy"):
        if getattr(arguments, name) not in (None, False) and not arguments.sort_into:
            raise InputError(f"--{name} is for --sort_into DIR; give that, or leave --{name} out")
    if arguments.overwrite and not arguments.csv:
        raise InputError("--overwrite is for --csv FILE; give that, or leave --overwrite out")
    if arguments.csv:
        _check_csv(Path(arguments.csv), arguments.overwrite)
    if arguments.sort_into:
        _check_apart(Path(arguments.sort_into), paths)


def _check_csv(path: Path, overwrite: bool) -> None:
    if not path.parent.is_dir():
        raise InputError(f"--csv {path}: no such folder {path.parent}; make it first")
    if path.is_dir():
        raise InputError(f"--csv {path}: is a folder; give a file in it")
    if path.exists() and not overwrite:
        raise InputError(f"--csv {path}: is there already; give --overwrite, or another name")


def _check_apart(folder: Path, paths: list[Path]) -> None:
    """What is put into the folder must not be met as a picture again."""
    for path in paths:
        if path.suffix.lower() == ".npz":
            raise InputError(
                f"--sort_into: the pictures of {path} are no files of their own; leave one of them out"
            )
        if path.is_dir() and folder.resolve().is_relative_to(path.resolve()):
            raise InputError(
                f"--sort_into {folder}: lies in {path}, whose pictures are read; give a folder elsewhere"
            )


def _links(
    arguments: argparse.Namespace, opened: FinishedRun, paths: list[Path]
) -> ClassLinks | None:
    if not arguments.sort_into:
        return None
    how = "hard" if arguments.hard else "copy" if arguments.copy else "symbolic"
    folder, confidence = Path(arguments.sort_into), arguments.confidence or 0.0
    return ClassLinks(folder, opened.class_names, how, confidence)


# ------------------------------------------------------------------------------- output


def _texts(rows: Iterable[Row], text: Callable[[Row], str], bar: bool) -> Iterator[tuple[Row, str]]:
    # A bar is seen on a terminal only, and not between the lines of a table.
    for row in tqdm(rows, disable=None if bar else True, leave=False):
        yield row, text(row)


def _sorted(
    asked: Asked,
    rows: Iterator[Row],
    text: Callable[[Row], str],
    sort: str | None,
    bar: bool = False,
) -> Iterator[str]:
    """The rows as texts, in the order that is asked for."""
    first = next(rows)  # Opens the posterior, and with it the columns.
    if sort is not None:
        asked.columns.check(sort.removeprefix("-"))
    return in_order(_texts(chain([first], rows), text, bar), asked.columns, sort)


def _write_csv(path: Path, asked: Asked, rows: Iterator[Row], sort: str | None) -> None:
    def write(file: BinaryIO) -> None:
        lines = _sorted(
            asked,
            rows,
            lambda row: asked.columns.csv_line(asked.columns.cells(row)),
            sort,
            bar=True,
        )
        file.write(encoded(asked.columns.csv_line(asked.columns.names)))
        for line in lines:
            file.write(encoded(line))

    with written(f"--csv {path}", "make room, or give another file"):
        write_atomically(path, write)


def _print_json(asked: Asked, rows: Iterator[Row], sort: str | None) -> None:
    texts = _sorted(asked, rows, lambda row: json.dumps(asked.columns.json(row), indent=2), sort)
    print(f'{{\n"num_samples": {asked.posterior.num_samples},\n"images": [')
    for k, text in enumerate(texts):
        print(",\n" * (k > 0) + text, end="")
    print("\n]\n}")


def _print_table(asked: Asked, rows: Iterator[Row], sort: str | None) -> None:
    texts = _sorted(asked, rows, lambda row: asked.columns.line(row), sort)
    note(asked.columns.heading)
    for text in texts:
        print(text)


def _conclude(arguments: argparse.Namespace, asked: Asked, count: Count) -> None:
    if arguments.csv:
        print(f"{arguments.csv}: {count.pictures} {count.noun}")
    if count.failed:
        note(f"{count.failed} of {count.pictures} {count.noun} failed; their rows say why")
    if count.sets:
        percent = f"{100 * arguments.coverage:g}%"
        what = count.noun
        note(
            f"sets hold {count.members / count.sets:.2f} classes on average, by {asked.calibrated} test "
            f"{what} of the run: of {what} that are exchangeable with those, taken in the same way, at least "
            f"{percent} have their class in their set, on average over {what} and over such tests; not of "
            f"each class, nor of each of the {what}"
        )
