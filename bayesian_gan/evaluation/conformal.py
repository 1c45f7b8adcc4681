"""Prediction sets that hold the true class as often as asked for, by split conformal prediction.

With pictures set aside whose classes are known, n of them, and the score s(x, y) = 1 - p(y | x), the
set of a new picture x is

    C(x) = {y : s(x, y) <= q},    q = the k-th smallest calibration score, k = ceil((n + 1) coverage)

(Vovk, Gammerman & Shafer 2005, "Algorithmic learning in a random world"; Papadopoulos et al. 2002;
this score: Sadinle, Lei & Wasserman 2019, "Least ambiguous set-valued classifiers with bounded error
levels"). If the new picture and the n are exchangeable,

    coverage <= P(y in C(x)) < coverage + 1 / (n + 1),

the right side where no scores are equal, whatever the model and however wrong its probabilities. The
probability is over the calibration pictures, too, and over all new pictures: it is not that of one
class, or of one picture, whose sets may hold the truth more or less often. Among sets of equal
coverage these are the smallest on average if p is right; adaptive sets (Romano, Sesia & Candes 2020)
are larger, and nearer to equal coverage of easy and hard pictures. A set may be empty: no class fits
the picture as well as their own classes fit that share of the calibration pictures.
"""

import math

import numpy as np


def scores(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """1 - p(y | x) of each picture's class.

    Args:
        probabilities: [n, K].
        labels: integers [n] in [0, K).

    Returns:
        Float64 [n].
    """
    p = np.asarray(probabilities, np.float64)
    return 1.0 - p[np.arange(len(labels)), labels]


def least_pictures(coverage: float) -> int:
    """The smallest n for which q is a score, so that not every set holds all classes.

    Args:
        coverage: in (0, 1).

    Raises:
        ValueError: it is not.
    """
    _check(coverage)
    n = max(1, math.ceil(coverage / (1.0 - coverage) - 1e-9))
    while _rank(n, coverage) > n:
        n += 1
    return n


def quantile(calibration: np.ndarray, coverage: float) -> float:
    """q, the ceil((n + 1) coverage)-th smallest of n scores; infinite where there are too few.

    Args:
        calibration: scores [n], n >= 1.
        coverage: in (0, 1).

    Raises:
        ValueError: the coverage is not, there is no score, or one is NaN.
    """
    _check(coverage)
    s = np.asarray(calibration, np.float64)
    if s.ndim != 1 or not s.size or np.isnan(s).any():
        raise ValueError("the calibration scores must be one or more numbers in a row")
    k = _rank(len(s), coverage)
    return float(np.partition(s, k - 1)[k - 1]) if k <= len(s) else math.inf


def prediction_sets(probabilities: np.ndarray, q: float) -> np.ndarray:
    """Which classes are in each picture's set: bool [..., K], 1 - p(y | x) <= q.

    Args:
        probabilities: [..., K].
        q: of `quantile`.
    """
    return 1.0 - np.asarray(probabilities, np.float64) <= q


def _rank(n: int, coverage: float) -> int:
    # (n + 1) 0.95 may be a rounding above a whole number, which would take one score more.
    return math.ceil((n + 1) * coverage - 1e-9)


def _check(coverage: float) -> None:
    if not 0.0 < coverage < 1.0:
        raise ValueError(f"coverage must lie in (0, 1), not {coverage}")
