#!/usr/bin/env python
"""scikit-learn's LabelSpreading on the label sets of the table: a graph of neighbours.

    python benchmarks/label_spreading.py --dataset digits --N 100

The graph joins every training image with its k nearest in pixel space, labelled or not; test images
are then classified by their neighbours (Zhou et al. 2004, "Learning with local and global
consistency"). Nothing is chosen by test images: k and alpha are scikit-learn's defaults, 7 and 0.2.
Errors alone are printed, for an image that no label reaches has no probabilities; it counts as an
error.
"""

import argparse
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from sklearn.semi_supervised import LabelSpreading  # noqa: E402

from bayesian_gan.data.catalogue import ImageData  # noqa: E402
from bayesian_gan.data.splits import label_split  # noqa: E402
from bayesian_gan.errors import InputError  # noqa: E402
from benchmarks.command_line import status_of  # noqa: E402
from benchmarks.label_sets import label_set_parser, over_label_sets  # noqa: E402

UNLABELLED = -1
# The graph's nearest neighbours take memory with the square of the images.
MAX_IMAGES = 20_000


def errors_of(data: ImageData, N: int, label_seed: int, neighbors: int) -> int:
    """Errors on the test set after the labels have spread over the training images."""
    if len(data.images) > MAX_IMAGES:
        raise InputError(f"{data.name} has {len(data.images)} images; {MAX_IMAGES} at most")
    split = label_split(data, N, label_seed)
    labels = np.full(len(data.images), UNLABELLED)
    labels[split.indices] = split.labels
    model = LabelSpreading(kernel="knn", n_neighbors=neighbors, max_iter=200)
    model.fit(_rows(data.images), labels)
    with np.errstate(invalid="ignore"):
        probabilities = model.predict_proba(_rows(data.test_images))
    right = model.classes_[probabilities.argmax(axis=1)] == data.test_labels
    return int(np.sum(~(right & np.isfinite(probabilities).all(axis=1))))


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1) / 255.0


def main() -> int:
    """Prints the table; returns the exit status."""
    parser = label_set_parser(__doc__, 10)
    parser.add_argument("--neighbors", type=int, default=7, help="k")
    known = parser.parse_args()
    return status_of(__file__, lambda: _print_errors(known))


def _print_errors(known: argparse.Namespace) -> None:
    def score(data: ImageData, seed: int) -> int:
        return errors_of(data, known.N, seed, known.neighbors)

    errors = []
    for seed, found, n in over_label_sets(known, score):
        print(f"label set {seed}: {found} of {n}", flush=True)
        errors.append(found)
    deviation = 2 * statistics.stdev(errors) if len(errors) > 1 else 0.0
    print(f"mean {statistics.mean(errors):.1f} +- {deviation:.1f}")


if __name__ == "__main__":
    sys.exit(main())
