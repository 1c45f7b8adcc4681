"""What benchmarks share that do one thing with several label sets: command line and loop."""

import argparse
from collections.abc import Callable, Iterator
from typing import TypeVar

from bayesian_gan.data.catalogue import ImageData, load
from bayesian_gan.options.reading import ReadingOptions
from benchmarks.command_line import parser_of

Score = TypeVar("Score")


def label_set_parser(description: str | None, label_sets: int) -> argparse.ArgumentParser:
    """A command line with data set, N and label sets, by default the first `label_sets`."""
    parser = parser_of(description)
    parser.add_argument("--dataset", default="digits")
    parser.add_argument("--data_path")
    parser.add_argument("--N", type=int, default=100, help="labelled images")
    parser.add_argument("--label_seeds", type=int, nargs="+", default=list(range(label_sets)))
    return parser


def over_label_sets(
    known: argparse.Namespace, score: Callable[[ImageData, int], Score]
) -> Iterator[tuple[int, Score, int]]:
    """Each label seed, its score, and the number of test images.

    Args:
        known: what was parsed.
        score: of the data and a label seed.

    Raises:
        InputError: the data cannot be read, or do not suffice.
    """
    data = load(known.dataset, known.data_path, ReadingOptions(download=False))
    for seed in known.label_seeds:
        yield seed, score(data, seed), len(data.test_labels)
