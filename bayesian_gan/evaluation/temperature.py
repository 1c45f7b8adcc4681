"""A temperature of predicted probabilities, from labels that training did not see.

    p_T(y | x) = p(y | x)^(1 / T) / sum_k p(k | x)^(1 / T)

(Guo et al. 2017, "On calibration of modern neural networks"). T > 1 makes predictions less sure, T < 1
surer; the class that comes first stays the first. n held-out labels y_i tell T:

    p(log T | y) ~ N(log T; mu, s^2) prod_i p_T(y_i | x_i)

Few labels leave T uncertain, so predictions average over it rather than take the likeliest one:

    p(y | x, y_1 ... y_n) = sum_g w_g p_{T_g}(y | x),    w_g ~ p(log T_g | y), sum_g w_g = 1

on a grid of log T. This T has nothing to do with the temperature of a sampler, which changes what is
sampled.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import logsumexp, softmax

# Of log T: what is thought before a label is seen. Twice the deviation reaches from 0.4 to 6.
PRIOR_MEAN, PRIOR_STD = 0.4, 0.7
# The grid begins with this many points five deviations around, and draws in to where the weight is.
POINTS, DEVIATIONS, REFINEMENTS = 41, 5.0, 3
# A point with less than this share of the largest weight counts for nothing.
NEGLIGIBLE = 1e-5


@dataclass(frozen=True, eq=False)
class Tempering:
    """What held-out labels say of T.

    Attributes:
        log_t: points of the grid, float64 [G].
        weights: w_g, float64 [G], of sum 1.
        n: held-out labels.
    """

    log_t: np.ndarray
    weights: np.ndarray
    n: int

    @cached_property
    def T(self) -> float:
        """The exponential of the mean of log T."""
        return float(np.exp(self.weights @ self.log_t))

    def interval(self, share: float = 0.9) -> tuple[float, float]:
        """T between whose bounds lies this share of the posterior, as much on each side without."""
        below = np.cumsum(self.weights) - self.weights / 2.0
        tail = (1.0 - share) / 2.0
        low, high = np.interp((tail, 1.0 - tail), below, self.log_t)
        return float(np.exp(low)), float(np.exp(high))

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """sum_g w_g p_{T_g}(y | x).

        Args:
            probabilities: p(y | x), [..., K].

        Returns:
            Float64 [..., K].
        """
        log_p = _logarithms(probabilities)
        some = np.flatnonzero(self.weights >= NEGLIGIBLE * self.weights.max())
        total = np.zeros(log_p.shape)
        for g in some:
            total += self.weights[g] * softmax(log_p * np.exp(-self.log_t[g]), axis=-1)
        return total / self.weights[some].sum()

    @property
    def text(self) -> str:
        """For who reads probabilities."""
        low, high = self.interval()
        return (
            f"temperature of the predictions {self.T:.2f} ({low:.2f} to {high:.2f}), by {self.n} labels that "
            "the chains asked did not learn from"
        )

    def to_json(self) -> dict[str, Any]:
        """What `from_json` takes, and T with its interval of 90% for the eye."""
        return {
            "T": self.T,
            "interval_90": list(self.interval()),
            "n": self.n,
            "log_t": self.log_t.tolist(),
            "weights": self.weights.tolist(),
        }

    @classmethod
    def from_json(cls, contents: dict[str, Any]) -> "Tempering":
        """Of a file.

        Raises:
            ValueError: the contents are not such.
        """
        try:
            log_t = np.asarray(contents["log_t"], np.float64)
            weights = np.asarray(contents["weights"], np.float64)
            n = int(contents["n"])
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"no temperature: {error}") from error
        right = log_t.ndim == 1 and log_t.shape == weights.shape and log_t.size > 0 and n >= 0
        right = right and bool(np.isfinite(log_t).all())
        if not right or not np.all(weights >= 0.0) or not np.isclose(weights.sum(), 1.0):
            raise ValueError("no temperature: its weights are no distribution")
        return cls(log_t, weights, n)


def fit_temperature(
    probabilities: np.ndarray,
    labels: np.ndarray,
    prior_mean: float = PRIOR_MEAN,
    prior_std: float = PRIOR_STD,
) -> Tempering:
    """p(log T | y) on the grid.

    Args:
        probabilities: p(y | x) of examples whose labels training did not see, [n, K]; n may be 0.
        labels: theirs, integers [n] in [0, K).
        prior_mean: mu, of log T.
        prior_std: s, > 0.
    """
    log_p, y = _logarithms(probabilities), np.asarray(labels)
    low, high = (prior_mean + sign * DEVIATIONS * prior_std for sign in (-1.0, 1.0))
    for _ in range(REFINEMENTS):
        log_t = np.linspace(low, high, POINTS)
        log_w = -0.5 * ((log_t - prior_mean) / prior_std) ** 2
        for g, t in enumerate(log_t):
            tempered = log_p * np.exp(-t)
            log_w[g] += np.sum(tempered[np.arange(len(y)), y] - logsumexp(tempered, axis=-1))
        weights = softmax(log_w)
        some = np.flatnonzero(weights >= NEGLIGIBLE * weights.max())
        step = log_t[1] - log_t[0]
        low, high = log_t[some[0]] - step, log_t[some[-1]] + step
    return Tempering(log_t, weights, len(y))


def _logarithms(probabilities: np.ndarray) -> np.ndarray:
    # A probability of 0 counts as the smallest number there is, as in `classification`.
    return np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float64).tiny))
