"""The call of `model.fit` that every process of a training makes alike."""

import keras
import numpy as np

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.labels import UNLABELLED
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.options.config import Config


def fit(
    model: BayesianGAN,
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Trains a compiled model to the last iteration, `config.train_iter`, which it must not have reached.

    Args:
        model: at the iteration where training goes on.
        config: resolved flags.
        data: the training images, of which all are used.
        split: the labelled ones among them; None without labels.
        callbacks: in the order in which they are called; one of them may stop the training.
    """
    model.fit(
        data.images,
        partial_labels(data, split),
        batch_size=config.batch_size,
        labelled_batch_size=config.labelled_batch_size,
        steps_per_epoch=config.train_iter - int(model.iteration.numpy()),
        callbacks=callbacks,
        verbose=0,
    )


def partial_labels(data: ImageData, split: LabelSplit | None) -> np.ndarray | None:
    """Labels of the split's examples, -1 elsewhere."""
    if split is None:
        return None
    labels = np.full(len(data.images), UNLABELLED, np.int32)
    labels[split.indices] = split.labels
    return labels
