"""The cells that need no run: a label set is all that a baseline learns from."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import bayesian_gan
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.splits import label_split
from bayesian_gan.evaluation.baselines import BASELINES, points
from bayesian_gan.evaluation.classification import classification
from benchmarks.table.cells import Cell

# Of what is drawn beside the labels, as `bayesian-gan evaluate` has it by default.
SEED = 0


def baseline_results(cells: Sequence[Cell], data: ImageData) -> Iterator[dict[str, Any]]:
    """The line of each of some baselines of one label set, as soon as it is there.

    Args:
        cells: of one data set, N and label seed.
        data: the data set.

    Raises:
        InputError: there is no such label set.
    """
    split = label_split(data, cells[0].N, cells[0].label_seed)
    given = points(
        data.images, split.indices, split.labels, data.test_images, data.num_classes, SEED
    )
    for cell in cells:
        began = time.perf_counter()
        said = BASELINES[cell.system](given, SEED)
        yield {
            "dataset": cell.dataset,
            "N": cell.N,
            "system": cell.system,
            "label_seed": cell.label_seed,
            "preset": None,
            **classification(said.probabilities, data.test_labels).to_json(),
            **said.how,
            "seconds": round(time.perf_counter() - began, 3),
            "version": bayesian_gan.__version__,
        }
