"""Vectors whose distribution is known: Gaussians on planes in a space of many dimensions."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from bayesian_gan.errors import InputError

DataName = Literal["clusters", "slides"]
DATA_NAMES: tuple[str, ...] = get_args(DataName)
NUM_DATA = 10_000


@dataclass(frozen=True)
class SyntheticData:
    """A sample of a mixture of equally likely Gaussians.

    Attributes:
        x: float32 [N, D].
        cluster: int64 [N], the Gaussian that a row comes from.
        centres: float64 [K, D], the means of the Gaussians in the coordinates of `x`.
        fresh: float32 [N, D], a second sample of the same distribution: what a perfect generator would give.
    """

    x: np.ndarray
    cluster: np.ndarray
    centres: np.ndarray
    fresh: np.ndarray


def synthetic_data(
    name: DataName, x_dim: int = 100, seed: int = 0, num_data: int = NUM_DATA
) -> SyntheticData:
    """One of the two data sets of the synthetic experiment, with latent dimension d = 2.

    "slides", as on the authors' slides: x = A z + e with z ~ N(0, 10 I_d), A ~ N(0, I) and
    e ~ N(0, 0.001 I_D). "clusters", as in the authors' program: ten clusters of equal size, each with its own
    A_k = 5 N(0, I) and mean c_k = 5 N(0, I_d), x = A_k (z + c_k) with z ~ N(0, I_d), without e. Then, as in the
    program, every column is standardised: raw columns differ in scale, and networks whose weights start alike
    learn such data badly.

    Args:
        name: of the data set.
        x_dim: D, at least 2.
        seed: of everything drawn, at least 0.
        num_data: N, a positive multiple of 10.

    Raises:
        InputError: an argument is out of its range.
    """
    if x_dim < 2:
        raise InputError(f"x_dim must be at least 2, the dimension of the plane, not {x_dim}")
    if num_data < 10 or num_data % 10:
        raise InputError(f"num_data must be a positive multiple of 10, not {num_data}")
    numbers = np.random.default_rng(np.random.SeedSequence((seed, 10)))
    if name == "slides":
        means, planes = np.zeros((1, 2)), numbers.normal(size=(1, x_dim, 2))
        z_std, noise_std = 10.0**0.5, 0.001**0.5
    elif name == "clusters":
        means = 5.0 * numbers.normal(size=(10, 2))
        planes = 5.0 * numbers.normal(size=(10, x_dim, 2))
        z_std, noise_std = 1.0, 0.0
    else:
        raise InputError(f"the data must be one of {DATA_NAMES}, not {name!r}")
    cluster = np.repeat(np.arange(len(means)), num_data // len(means))

    def sample() -> np.ndarray:
        z = means[cluster] + z_std * numbers.normal(size=(num_data, 2))
        x = np.einsum("nij,nj->ni", planes[cluster], z)
        return x + noise_std * numbers.normal(size=x.shape)

    x, fresh = sample(), sample()
    centres = np.einsum("kij,kj->ki", planes, means)
    mean, std = x.mean(0), x.std(0)
    x, fresh, centres = ((values - mean) / std for values in (x, fresh, centres))
    return SyntheticData(x.astype(np.float32), cluster, centres, fresh.astype(np.float32))
