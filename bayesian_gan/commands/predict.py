"""`predict RUN_DIR PATH...`: what a run's posterior says of pictures, a row for each."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tqdm import tqdm

from bayesian_gan.commands.prediction_rows import Columns, Row, encoded, in_order
from bayesian_gan.data.class_links import ClassLinks
from bayesian_gan.data.given_pictures import Batch, Entry, Shape, batches, check_given
from bayesian_gan.data.paths import reason
from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import write_atomically

if TYPE_CHECKING:
    from bayesian_gan.evaluation.answers import Answers
    from bayesian_gan.posterior import Posterior

NOT_READ_STATUS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        help="folders of pictures, also of folders; pictures (PNG, JPEG, BMP, GIF, PPM, TIFF, WebP); .npz "
        "files with arrays uint8 [N, H, W] or [N, H, W, C]",
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


@dataclass
class Count:
    """What has been seen of the pictures.

    Attributes:
        pictures: rows.
        failed: pictures that could not be read or placed.
        sets: prediction sets.
        members: classes in them, all together.
        told: whether it was said that pictures are resized.
    """

    pictures: int = 0
    failed: int = 0
    sets: int = 0
    members: int = 0
    told: bool = field(default=False, repr=False)


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
    check_given(paths)
    _check(arguments, opened, paths)
    links = _links(arguments, opened, paths)
    count = Count()
    asked = _Asked(arguments, opened, links, count)
    stream = asked.rows(_looked_at(batches(paths, opened.image_shape), arguments, opened, count))
    if arguments.csv:
        _write_csv(Path(arguments.csv), asked, stream, arguments.sort)
    elif arguments.json:
        _print_json(asked, stream, arguments.sort)
    else:
        _print_table(asked, stream, arguments.sort)
    _conclude(arguments, asked, count)
    return NOT_READ_STATUS if count.failed else 0


# ------------------------------------------------------------------------------- arguments


def _check(arguments: argparse.Namespace, opened: FinishedRun, paths: list[Path]) -> None:
    """Raises InputError for options out of range, or that this run cannot serve."""
    if opened.image_shape[2] not in (1, 3):
        raise InputError(
            f"{opened.path}: its images have {opened.image_shape[2]} channels, and pictures have 1 or 3; give "
            "another run"
        )
    for name in ("sort_into", "coverage"):
        if getattr(arguments, name) is not None and not opened.config.semi:
            raise InputError(f"--{name}: {opened.path} is a run without labels; leave it out")
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


# ------------------------------------------------------------------------------- pictures


def _looked_at(
    stream: Iterable[Batch], arguments: argparse.Namespace, opened: FinishedRun, count: Count
) -> Iterator[Batch]:
    """The batches; says once that pictures are resized, and refuses some where it has to be strict."""
    shape = opened.image_shape
    for batch in stream:
        for entry in batch.entries:
            if arguments.strict and entry.reason:
                raise InputError(entry.reason)
            if entry.found not in (None, shape):
                _other_size(entry, shape, arguments.resize, count)
        yield batch


def _other_size(entry: Entry, shape: Shape, resize: bool, count: Count) -> None:
    found, wanted = ("x".join(map(str, s)) for s in (entry.found or (), shape))
    if not resize:
        raise InputError(
            f"{entry.name!r} is {found} (height, width, channels), and the run's images are {wanted}; give "
            "--resize to have it resized and converted, or a picture of that size"
        )
    if not count.told:
        count.told = True
        _note(
            f"{entry.name} is {found} (height, width, channels): pictures of another size than the run's "
            f"{wanted} are resized and converted"
        )


class _Asked:
    """The run's posterior, opened when the first pictures have been read.

    Attributes:
        columns: of the rows; made with the first of them.
    """

    columns: Columns
    posterior: "Posterior"

    def __init__(
        self,
        arguments: argparse.Namespace,
        opened: FinishedRun,
        links: ClassLinks | None,
        count: Count,
    ) -> None:
        self._opened, self._links, self._count = opened, links, count
        self._coverage, self._data_path = arguments.coverage, arguments.data_path
        self._names = opened.class_names if opened.config.semi else ()
        self.calibrated = 0

    def open(self) -> None:
        """Loads TensorFlow and the posterior; calibrates the sets on the run's test part."""
        self.posterior = self._opened.require_samples()
        self._say = self.posterior.all_samples()
        self._q = None if self._coverage is None else self._quantile(self._coverage)
        chains = self.posterior.config["chains"]
        self.columns = Columns(self._names, chains, sets=self._q is not None)

    def rows(self, stream: Iterator[Batch]) -> Iterator[Row]:
        """A row for each picture; the posterior is opened before the first."""
        for k, batch in enumerate(stream):
            if not k:
                self.open()
            yield from self._rows_of(batch)
        if not self._count.pictures:
            raise InputError("the pictures have vanished since they were listed; put them back")

    def _rows_of(self, batch: Batch) -> Iterator[Row]:
        found = self._answers(batch) if len(batch.images) else None
        k = 0
        for entry in batch.entries:
            self._count.pictures += 1
            row = Row(entry.name, reason=entry.reason or "")
            if entry.reason is None:
                assert found is not None
                self._fill(row, found, k)
                self._place(row, entry)
                k += 1
            self._count.failed += bool(row.reason)
            yield row

    def _answers(self, batch: Batch) -> "Answers":
        from bayesian_gan.evaluation.answers import answers

        config = self.posterior.config
        return answers(self._say(batch.images), config["num_mcmc"], config["num_disc"])

    def _fill(self, row: Row, found: "Answers", k: int) -> None:
        row.read, row.p_real = True, float(found.p_real[k])
        if not self._names:
            return
        label = int(found.labels[k])
        row.label = self._names[label]
        row.probabilities = found.probabilities[k].tolist()
        row.probability = row.probabilities[label]
        row.entropy = float(found.entropy[k])
        row.mutual_information = float(found.mutual_information[k])
        row.votes = [self._names[vote] for vote in found.votes[k]]
        if self._q is not None:
            inside = self._sets(found.probabilities[k], self._q)
            row.members = [name for name, held in zip(self._names, inside, strict=True) if held]
            self._count.sets += 1
            self._count.members += len(row.members)

    def _place(self, row: Row, entry: Entry) -> None:
        if self._links is None:
            return
        assert entry.file is not None
        assert row.label is not None
        try:
            self._links.put(entry.file, row.label, row.probability)
        except FileNotFoundError as error:
            row.reason = f"it was predicted, and was gone before it was linked ({reason(error)})"

    def _quantile(self, coverage: float) -> float:
        """Of the scores of the run's test part; see `evaluation.conformal`."""
        from bayesian_gan.evaluation.conformal import (
            least_pictures,
            prediction_sets,
            quantile,
            scores,
        )

        self._sets = prediction_sets
        data = self._opened.load_data(self._data_path)
        n, least = len(data.test_images), least_pictures(coverage)
        if n < least:
            held = f"holds {n} pictures out" if n else "has no test set and holds nothing out"
            raise InputError(
                f"--coverage {coverage:g}: needs at least {least} labelled pictures that the run did not learn "
                f"from, and {self._opened.path} {held}; leave it out"
            )
        p = self.posterior.predict(data.test_images)
        self.calibrated = n
        return quantile(scores(p, data.test_labels), coverage)


# ------------------------------------------------------------------------------- output


def _texts(rows: Iterable[Row], text: Callable[[Row], str], bar: bool) -> Iterator[tuple[Row, str]]:
    # A bar is seen on a terminal only, and not between the lines of a table.
    for row in tqdm(rows, unit="picture", disable=None if bar else True, leave=False):
        yield row, text(row)


def _sorted(
    asked: _Asked,
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


def _write_csv(path: Path, asked: _Asked, rows: Iterator[Row], sort: str | None) -> None:
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

    try:
        write_atomically(path, write)
    except OSError as error:
        raise InputError(
            f"--csv {path}: cannot be written ({reason(error)}); make room, or give another file"
        ) from error


def _print_json(asked: _Asked, rows: Iterator[Row], sort: str | None) -> None:
    texts = _sorted(asked, rows, lambda row: json.dumps(asked.columns.json(row), indent=2), sort)
    print(f'{{\n"num_samples": {asked.posterior.num_samples},\n"images": [')
    for k, text in enumerate(texts):
        print(",\n" * (k > 0) + text, end="")
    print("\n]\n}")


def _print_table(asked: _Asked, rows: Iterator[Row], sort: str | None) -> None:
    texts = _sorted(asked, rows, lambda row: asked.columns.line(row), sort)
    _note(asked.columns.heading)
    for text in texts:
        print(text)


def _conclude(arguments: argparse.Namespace, asked: _Asked, count: Count) -> None:
    if arguments.csv:
        print(f"{arguments.csv}: {count.pictures} pictures")
    if count.failed:
        _note(f"{count.failed} of {count.pictures} pictures failed; their rows say why")
    if count.sets:
        percent = f"{100 * arguments.coverage:g}%"
        _note(
            f"sets hold {count.members / count.sets:.2f} classes on average, by {asked.calibrated} test "
            f"pictures of the run: of pictures that are exchangeable with those, taken in the same way, "
            f"at least {percent} have their class in their set, on average over pictures and over such "
            "tests; not of each class, nor of each picture"
        )


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
