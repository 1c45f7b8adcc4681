"""A run's posterior asked of pictures, batch by batch, a row for each."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bayesian_gan.commands.prediction_rows import Columns, Row
from bayesian_gan.data.class_links import ClassLinks
from bayesian_gan.data.given_pictures import Batch, Entry, Shape
from bayesian_gan.errors import InputError, reason
from bayesian_gan.runs.finished import FinishedRun

if TYPE_CHECKING:
    from bayesian_gan.evaluation.answers import Answers
    from bayesian_gan.posterior import Posterior


@dataclass
class Count:
    """What has been seen of the pictures, or rows of a table.

    Attributes:
        noun: what is asked about, in the plural.
        pictures: rows of the answer.
        failed: those that could not be read or placed.
        sets: prediction sets.
        members: classes in them, all together.
        told: whether it was said that pictures are resized.
    """

    noun: str = "pictures"
    pictures: int = 0
    failed: int = 0
    sets: int = 0
    members: int = 0
    told: bool = field(default=False, repr=False)


def looked_at(
    stream: Iterable[Batch], arguments: argparse.Namespace, opened: FinishedRun, count: Count
) -> Iterator[Batch]:
    """The batches; says once that pictures are resized, and refuses some where it has to be strict."""
    for batch in stream:
        for entry in batch.entries:
            if arguments.strict and entry.reason:
                raise InputError(entry.reason)
            if entry.found not in (None, opened.image_shape):
                _other_size(entry, opened.picture_shape, arguments.resize, count)
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
        note(
            f"{entry.name} is {found} (height, width, channels): pictures of another size than the run's "
            f"{wanted} are resized and converted"
        )


class Asked:
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
        self._tempering = self._opened.tempering
        if self._tempering is not None:
            note(f"probabilities are calibrated: {self._tempering.text}")
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
            raise InputError(
                f"the {self._count.noun} have vanished since they were listed; put them back"
            )

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
        said = self._say(batch.images)
        return answers(said, config["num_mcmc"], config["num_disc"], self._tempering)

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
            held = (
                f"holds {n} {self._count.noun} out"
                if n
                else "has no test set and holds nothing out"
            )
            raise InputError(
                f"--coverage {coverage:g}: needs at least {least} labelled {self._count.noun} that the run did "
                f"not learn from, and {self._opened.path} {held}; leave it out"
            )
        p = self.posterior.predict(data.test_images)
        if self._tempering is not None:
            from bayesian_gan.evaluation.calibrated import calibrated, chain_averages

            p = calibrated(chain_averages(self.posterior, data.test_images), self._tempering)
        self.calibrated = n
        return quantile(scores(p, data.test_labels), coverage)


def note(text: str) -> None:
    """Says something that is no row."""
    print(text, file=sys.stderr, flush=True)
