"""The supervised CNN of a finished run, from its last checkpoint, as its summary scored it."""

from typing import TYPE_CHECKING

import numpy as np

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.errors import InputError
from bayesian_gan.reliability.checkpoint import Checkpoints
from bayesian_gan.reliability.state import assign_state, supervised_arrays, supervised_variables
from bayesian_gan.runs.build import build_supervised
from bayesian_gan.runs.finished import FinishedRun

if TYPE_CHECKING:
    from bayesian_gan.networks.supervised import SupervisedBaseline


def kept_supervised(opened: FinishedRun, data: ImageData) -> tuple["SupervisedBaseline", str]:
    """The baseline that a run's last checkpoint holds, brought to that checkpoint's iteration.

    A checkpoint is written before what is due at its iteration is done, so the baseline in it has
    stopped at the save before. It goes on from there as a run that resumes lets it, by the same
    minibatches: on the same machine to the same bits.

    Args:
        opened: a run with labels and a test set.
        data: its data.

    Returns:
        The baseline, and where it comes from, in words.

    Raises:
        InputError: there is no checkpoint, or none that this version reads, or it holds no such
            network.
    """
    opened.check_saved()
    checkpoints = Checkpoints(opened.path / "checkpoints")
    checkpoint = checkpoints.load(checkpoints.iterations[-1])
    supervised = build_supervised(opened.config, data, _split(opened, data))
    if supervised is None:
        raise InputError(f"{opened.path}: trained no supervised CNN beside it")
    assign_state(
        supervised_variables(supervised), supervised_arrays(checkpoint.arrays), str(checkpoint.path)
    )
    begun = supervised.iteration = int(checkpoint.manifest["supervised_iteration"])
    supervised.train_to(checkpoint.iteration)
    made = supervised.iteration - begun
    again = f", its last {made} iterations made again" if made else ""
    return supervised, f"{checkpoint.path.name}, iteration {supervised.iteration}{again}"


def _split(opened: FinishedRun, data: ImageData) -> LabelSplit | None:
    """The labelled examples as the run noted them."""
    split = opened.split
    if split is None:
        return None
    indices = np.array(split["indices"], np.int64)
    labels = np.array(split["labels"], np.int32)
    return LabelSplit(split["name"], split["label_seed"], indices, data.images[indices], labels)
