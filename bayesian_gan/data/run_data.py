"""The data set that a run's flags mean."""

from typing import TYPE_CHECKING

from bayesian_gan.data.catalogue import load
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.data.validation import hold_out

if TYPE_CHECKING:
    from bayesian_gan.options.config import Config


def load_run_data(config: "Config", data_path: str | None = None) -> ImageData:
    """The data of `--dataset`, with `--validation` images, if any, in the place of the test set.

    Args:
        config: of the run.
        data_path: where the data lie; by default `config.data_path`.

    Raises:
        InputError: they are not there, are damaged, or cannot be divided so.
    """
    data = load(config.dataset, data_path or config.data_path, config)
    return hold_out(data, config.validation) if config.validation else data
