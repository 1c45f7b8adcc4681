"""Draws as ArviZ's object, for ArviZ 0.2x and 1.x."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def inference_data(draws: Mapping[str, np.ndarray]) -> Any:
    """The draws in the group `posterior` of ArviZ's object.

    Args:
        draws: for each name an array [chains, draws, ...]; chains and draws are the same for all.
            A "/" in a name becomes ".": ArviZ 1.x has none, for it parts groups.

    Returns:
        `arviz.InferenceData` of ArviZ 0.x, `xarray.DataTree` of 1.x; `result.posterior[name]` is
        the variable of either.

    Raises:
        ImportError: ArviZ is not installed.
        ValueError: two names are the same after the "/" have gone, or arrays differ in chains or
            draws.
    """
    try:
        import arviz
    except ImportError as error:
        raise ImportError("ArviZ is not installed: pip install arviz") from error
    posterior = {name.replace("/", "."): np.asarray(values) for name, values in draws.items()}
    if len(posterior) < len(draws):
        raise ValueError('names of `draws` must differ where "/" reads as "."')
    sizes = {values.shape[:2] for values in posterior.values()}
    if len(sizes) > 1:
        raise ValueError(f"all of `draws` must have the same [chains, draws], not {sorted(sizes)}")
    if int(arviz.__version__.split(".")[0]) >= 1:
        return arviz.from_dict({"posterior": posterior})
    return arviz.from_dict(posterior=posterior)
