"""The data set that a run's flags mean."""

from dataclasses import replace
from typing import TYPE_CHECKING

from bayesian_gan.data.catalogue import load, own_name
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.numbered_labels import label_numbered
from bayesian_gan.data.validation import hold_out, hold_out_labelled
from bayesian_gan.errors import InputError
from bayesian_gan.options.own_data import is_folder, is_own, moved

if TYPE_CHECKING:
    from bayesian_gan.options.config import Config


def load_run_data(config: "Config", data_path: str | None = None) -> ImageData:
    """The data of `--dataset`, divided and labelled as the flags ask.

    Args:
        config: of the run.
        data_path: where the data lie now; by default where the run had them. Of the user's own data it
            is the folder or the file itself, which keeps the name that it had.

    Raises:
        InputError: they are not there, are damaged, or cannot be divided so.
    """
    place = data_path or config.data_path
    if place is not None and is_own(config.dataset):
        there = moved(config, place)
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
    return hold_out_labelled(data, config.test_fraction) if config.test_fraction else data
