"""A run's temperature: fitted to what its chains say of the labels that they have not seen."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bayesian_gan.data.label_folds import label_folds, left_out
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.storage import read_json

# Elsewhere inside of functions: the room loads scikit-learn, and a command's help need not wait for it.
if TYPE_CHECKING:
    from bayesian_gan.evaluation.classification import Classification
    from bayesian_gan.evaluation.temperature import Tempering
    from bayesian_gan.posterior import Posterior

TEMPERATURE_FILE = "temperature.json"


class HeldOut(NamedTuple):
    """What the chains say of labelled examples that they did not learn from.

    Attributes:
        probabilities: the average over the draws of the one chain, float64 [n, K].
        labels: integers [n].
    """

    probabilities: np.ndarray
    labels: np.ndarray


def held_out(config: Config, split: LabelSplit, posterior: "Posterior") -> HeldOut:
    """Asks the draws of every chain of its fold.

    Args:
        config: of the run, with folds of labels.
        split: its labelled examples.
        posterior: with a draw at least.
    """
    from bayesian_gan.evaluation.calibrated import chain_averages

    # In the order in which training has them, that of the data.
    order = np.argsort(split.indices, kind="stable")
    images, labels = split.images[order], split.labels[order]
    folds = label_folds(labels, config.label_folds, config.random_seed)
    first = config.chain_offset or 0
    of_chains = chain_averages(posterior, images)
    own = [left_out(folds, first + m, config.label_folds) for m in range(len(of_chains))]
    return HeldOut(
        np.concatenate([p[fold] for p, fold in zip(of_chains, own, strict=True)]),
        np.concatenate([labels[fold] for fold in own]),
    )


@dataclass(frozen=True, eq=False)
class Calibration:
    """A temperature, and what it was fitted to.

    Attributes:
        tempering: what the labels say of T.
        before: scores of the chains on the labels that they have not seen, as they are.
        confidence: their mean confidence there, in [0, 1].
        num_samples: discriminator samples behind it.
    """

    tempering: "Tempering"
    before: "Classification"
    confidence: float
    num_samples: int

    def to_json(self) -> dict[str, Any]:
        """The file's contents."""
        return self.tempering.to_json() | {
            "num_samples": self.num_samples,
            "held_out": self.before.to_json() | {"confidence": self.confidence},
        }


def calibrate(
    config: Config, split: LabelSplit | None, posterior: "Posterior"
) -> Calibration | None:
    """Fits the temperature of what was collected; None of a run without folds or draws."""
    if split is None or config.label_folds == 1 or not posterior.num_samples:
        return None
    from bayesian_gan.evaluation.classification import classification
    from bayesian_gan.evaluation.temperature import fit_temperature

    found = held_out(config, split, posterior)
    return Calibration(
        fit_temperature(*found),
        classification(*found),
        float(found.probabilities.max(axis=1).mean()),
        posterior.num_samples,
    )


def read_tempering(folder: Path) -> "Tempering | None":
    """The temperature of a run; None where it has none.

    Raises:
        InputError: its file is damaged.
    """
    file = folder / TEMPERATURE_FILE
    if not file.exists():
        return None
    from bayesian_gan.evaluation.temperature import Tempering

    try:
        return Tempering.from_json(read_json(file))
    except ValueError as error:
        raise InputError(f"{file}: damaged ({error}); put it back, or delete it") from error
