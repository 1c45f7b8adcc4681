"""The data set that a run's flags mean."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bayesian_gan.data import arrays, own_table
from bayesian_gan.data.catalogue import load, own_name
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.numbered_labels import label_numbered
from bayesian_gan.data.validation import hold_out, hold_out_labelled
from bayesian_gan.errors import InputError
from bayesian_gan.options.own_data import is_folder, is_own, moved

if TYPE_CHECKING:
    from bayesian_gan.options.config import Config


def load_run_data(config: "Config", data_path: str | None = None) -> ImageData:
    """The data of `--dataset`, divided and labelled as the flags ask; vectors scaled.

    Args:
        config: of the run.
        data_path: where the data lie now; by default where the run had them. Of the user's own data it
            is the folder or the file itself, which keeps the name that it had.

    Raises:
        InputError: they are not there, are damaged, or cannot be divided so.
    """
    place = data_path or config.data_path
    there = config if place is None or not is_own(config.dataset) else moved(config, place)
    kind, _, path = there.dataset.partition(":")
    if kind == "table" and config.semi and config.label_column is None:
        raise own_table.unnamed_labels(Path(path))
    if there is not config:
        data = replace(load(there.dataset, None, there), name=own_name(config.dataset))
    else:
        data = load(config.dataset, place, config)
    if config.validation and config.test_fraction:
        raise InputError(
            "--validation and --test_fraction both make a test set of training images; leave one of them out"
        )
    if config.validation:  # Before labels leave: what is held out is scored by its own.
        data = hold_out(data, config.validation)
    if config.labels is not None and not is_folder(config.dataset):
        data = label_numbered(data, config.labels)
    if config.test_fraction:
        data = hold_out_labelled(data, config.test_fraction)
    return standardised(data)


def standardised(data: ImageData) -> ImageData:
    """The data with vectors as the networks take them, by what is left to train on; images as they are.

    Raises:
        InputError: numbers so large that they cannot be scaled.
    """
    if data.features is None or data.features.scaling is not None:
        return data
    features = data.features.fitted(data.images)
    return replace(
        data,
        features=features,
        images=features.to_networks(data.images),
        test_images=features.to_networks(data.test_images),
    )


def holds_vectors(dataset: str) -> bool:
    """Whether a value of `--dataset` means vectors, a table or such an .npz, by the head of its file."""
    kind, _, path = dataset.partition(":")
    return kind == "table" or (kind == "npz" and arrays.holds_vectors(Path(path).expanduser()))
