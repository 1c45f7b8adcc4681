"""The temperature of velocities and of positions: what it is and how well it is known.

Both are those of Wenzel et al. 2020 ("How good is the Bayes posterior in deep neural networks
really?", appendix I). Of velocities, the factor of this package's discretisation is divided out; of
positions, a constant is taken off each weight, which changes no mean and most of the scatter.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from bayesian_gan.samplers.convergence import ess_mean


class Temperature(NamedTuple):
    """An estimated temperature and where it should lie.

    Attributes:
        value: the estimate.
        low: lower end of the region that holds it with the chosen probability if the chain samples
            at T.
        high: upper end.
    """

    value: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether the estimate lies in its region."""
        return self.low <= self.value <= self.high


def kinetic_temperature(
    velocities: Sequence[np.ndarray],
    learning_rate: float,
    num_data: float,
    *,
    friction: float,
    inverse_mass: float | Sequence[np.ndarray | float] = 1.0,
    temperature: float = 1.0,
    probability: float = 0.99,
) -> Temperature:
    """Temperature of the velocities: mean(v^2 m) / eta * (2 - alpha) / 2.

    SGHMC's velocities have variance 2 T eta / (2 - alpha) / m at small steps (docs/explanation/samplers.md);
    the factor is divided out. The step itself inflates them by 1 / (1 - eta k / (2 (2 - alpha))) in
    a direction of curvature k.

    Args:
        velocities: one array for each variable, or several states of them; all elements count as
            independent.
        learning_rate: at that time.
        num_data: N.
        friction: alpha.
        inverse_mass: 1 / m, a number or one (number or array) for each element of `velocities`.
        temperature: T that the chain should have.
        probability: that the region holds the estimate.

    Returns:
        The estimate and its region T chi^2_n / n, n the number of elements.
    """
    inverse = each(inverse_mass, len(velocities))
    squares = [
        np.square(np.asarray(v, np.float64)) / m for v, m in zip(velocities, inverse, strict=True)
    ]
    count = sum(s.size for s in squares)
    eta = learning_rate / num_data
    value = sum(s.sum() for s in squares) / count / eta * (2.0 - friction) / 2.0
    tail = (1.0 - probability) / 2.0
    low, high = stats.chi2.ppf([tail, 1.0 - tail], count) * temperature / count
    return Temperature(float(value), float(low), float(high))


def each(
    inverse_mass: float | Sequence[np.ndarray | float], count: int
) -> list[np.ndarray | float]:
    """1 / m for each of `count` variables."""
    if isinstance(inverse_mass, (int, float)):
        return [inverse_mass] * count
    return list(inverse_mass)


def configurational_products(
    positions: np.ndarray, gradients: np.ndarray, num_data: float
) -> np.ndarray:
    """(theta - c) dU/dtheta for every draw, chain and weight: its mean is T, for any constant c.

    The mean is T because E[dU/dtheta] = 0 (integrate by parts). c is the median of the other half
    of the same chain. So c is all but independent of what it is taken off, and nothing biases the
    mean; the mean of all draws would make it T (1 - 1 / ESS). With c = 0 it is right, too, but
    scatters with the weight's distance from 0.

    Args:
        positions: [draws, chains, ...], at least 2 draws.
        gradients: of U/N at these positions, over *all* data: the same shape.
        num_data: N.

    Returns:
        Float64 of the same shape.
    """
    theta = np.asarray(positions, np.float64)
    half = len(theta) // 2
    first, last = (np.median(part, axis=0) for part in (theta[:half], theta[half:]))
    centred = np.concatenate([theta[:half] - last, theta[half:] - first])
    return centred * np.asarray(gradients, np.float64) * num_data


class Means(NamedTuple):
    """Means of products over draws and chains, and how well they are known: arrays [...].

    Attributes:
        value: the mean.
        error: its standard error, from the effective sample size of the products themselves.
        size: that effective sample size, at most the number of draws.
        skewness: of the products.
        freedom: degrees of freedom of the error: few where a few products make up the spread.
    """

    value: np.ndarray
    error: np.ndarray
    size: np.ndarray
    skewness: np.ndarray
    freedom: np.ndarray

    def excess(self, limit: float) -> np.ndarray:
        """How far the mean lies above `limit`, as a normal number; negative below.

        Student's t, mended for skewness by Hall 1992 ("On the removal of skewness by
        transformation") and made normal. Products of a Gaussian posterior are chi^2_1, whose
        skewness of 2.8 would give too many low means.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (self.value - limit) / self.error
        t = np.clip(np.where(np.isnan(t), 0.0, t), -1e3, 1e3)
        bend = self.skewness / np.sqrt(self.size)
        t = t + bend * t**2 / 3.0 + bend**2 * t**3 / 27.0 + bend / 6.0
        tail = stats.t.logsf(np.abs(t), self.freedom)
        return np.sign(t) * _normal_quantile(tail)


def means(products: np.ndarray, weights: np.ndarray | int = 1) -> Means:
    """Means over draws and chains, with standard errors for draws that depend on each other.

    One weight's products count as spread by 1 at least: a Gaussian posterior's are by 1.4, those of
    Student's t with three degrees of freedom by 1, but few draws may miss the large ones.

    Args:
        products: [draws, chains, ...], in units of T.
        weights: over how many weights each is a mean: a number or an array [...].

    Returns:
        Arrays [...].
    """
    products = np.asarray(products, np.float64)
    value = products.mean((0, 1))
    deviation = products.std((0, 1))
    count = products.shape[0] * products.shape[1]
    size = np.clip(np.nan_to_num(ess_mean(products), nan=1.0), 1.0, count)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.nan_to_num((products - value) / deviation)
    squares = scaled**2
    skewness = (squares * scaled).mean((0, 1))
    kurtosis = np.maximum((squares**2).mean((0, 1)), 1.0 + 1e-9)
    # The variance of an estimated variance is (kurtosis - 1) / n, of chi^2 2 / freedom.
    freedom = np.maximum(np.minimum(size - 1.0, 2.0 * size / (kurtosis - 1.0)), 1.0)
    error = np.maximum(deviation, 1.0 / np.sqrt(weights)) / np.sqrt(size)
    return Means(value, error, size, skewness, freedom)


def _normal_quantile(log_tail: np.ndarray) -> np.ndarray:
    """The z with log P(N(0, 1) > z) = log_tail, as far as numbers reach (z of about 37)."""
    return stats.norm.isf(np.exp(np.maximum(log_tail, -700.0)))
