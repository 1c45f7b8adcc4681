"""The data sets by name. A new one is a file beside this one, and a line in the table below."""

from collections.abc import Callable

from bayesian_gan.data import digits, mnist
from bayesian_gan.data.image_data import ImageData
from bayesian_gan.errors import InputError

__all__ = ["ImageData", "load", "names"]

_LOADERS: dict[str, Callable[[str | None], ImageData]] = {
    "digits": digits.load,
    "mnist": mnist.load,
}


def names() -> tuple[str, ...]:
    """The names that `load` serves."""
    return tuple(_LOADERS)


def load(name: str, data_path: str | None = None) -> ImageData:
    """Reads a data set into memory.

    Args:
        name: one of `names()`.
        data_path: the folder that holds the data, for those data sets that need one.

    Raises:
        InputError: the name is not served, or the data are missing or damaged.
    """
    if name not in _LOADERS:
        raise InputError(
            f"data set {name!r} is not served; --dataset is one of {', '.join(names())}"
        )
    return _LOADERS[name](data_path)
