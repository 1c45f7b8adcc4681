"""The data set that a run's flags mean."""

from typing import TYPE_CHECKING

from bayesian_gan.data.catalogue import load
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.validation import hold_out, hold_out_labelled
from bayesian_gan.errors import InputError

if TYPE_CHECKING:
    from bayesian_gan.options.config import Config


def load_run_data(config: "Config", data_path: str | None = None) -> ImageData:
    """The data of `--dataset`, divided as `--validation` and `--test_fraction` ask.

    Args:
        config: of the run.
        data_path: where the data lie; by default `config.data_path`.

    Raises:
        InputError: they are not there, are damaged, or cannot be divided so.
    """
    data = load(config.dataset, data_path or config.data_path, config)
    if config.validation and config.test_fraction:
        raise InputError(
            "--validation and --test_fraction both make a test set of training images; leave one of them out"
        )
    if config.test_fraction:
        return hold_out_labelled(data, config.test_fraction)
    return hold_out(data, config.validation) if config.validation else data
