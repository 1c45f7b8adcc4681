"""Have chains mixed, and how many independent draws are they worth? R-hat and ESS.

Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021, "Rank-normalization, folding, and localization:
an improved R-hat for assessing convergence of MCMC". ArviZ has the same numbers, one functional at
a time; here thousands are computed together.

All functions take draws of chosen functionals: log posterior, predicted probabilities, norms. Raw
weights of a neural network are not identified: their chains differ where the functions do not.
"""

from collections.abc import Callable

import numpy as np
from scipy import fft
from scipy.special import ndtri
from scipy.stats import rankdata

MIN_DRAWS = 4
# Functionals are worked on in batches of about this many numbers: 32 MB an array.
_BATCH = 2**22


def rhat(draws: np.ndarray) -> np.ndarray:
    """Rank-normalised split R-hat: the larger of bulk and folded (section 4 of the paper).

    Each chain is cut in halves, so that a chain is compared with itself, too: a single one has an
    R-hat. Folding, |x - median|, shows chains that differ in width.

    Args:
        draws: [draws, chains, ...], numbers.

    Returns:
        Float64 [...]: near 1 where the chains agree; above 1.01 they have not mixed. NaN where a
        draw is NaN, where all draws are equal, and for fewer than `MIN_DRAWS` draws.

    Raises:
        ValueError: `draws` has fewer than two axes.
    """
    return _per_functional(_rhat, draws)


def ess_bulk(draws: np.ndarray) -> np.ndarray:
    """Effective sample size of rank-normalised draws of split chains: for means and medians.

    Args:
        draws: [draws, chains, ...], numbers; a single chain will do.

    Returns:
        Float64 [...], at most S log10(S) for S draws over all chains. S where all draws are equal;
        NaN where one is NaN, and for fewer than `MIN_DRAWS` draws of a chain.

    Raises:
        ValueError: `draws` has fewer than two axes.
    """
    return _per_functional(lambda values: _ess(_z_scale(values)), draws)


def ess_tail(draws: np.ndarray) -> np.ndarray:
    """The smaller effective sample size of the 5% and the 95% quantile, of split chains.

    Args:
        draws: see `ess_bulk`.

    Returns:
        Float64 [...]; see `ess_bulk`.

    Raises:
        ValueError: `draws` has fewer than two axes.
    """
    return _per_functional(lambda values: np.minimum(*_ess_quantiles(values)), draws, split=False)


def ess_mean(draws: np.ndarray) -> np.ndarray:
    """Effective sample size of the draws as they are: for the standard error of their mean.

    Args:
        draws: see `ess_bulk`.

    Returns:
        Float64 [...]; see `ess_bulk`. NaN where a draw is infinite, too.

    Raises:
        ValueError: `draws` has fewer than two axes.
    """
    return _per_functional(_ess, draws)


def _per_functional(
    function: Callable[[np.ndarray], np.ndarray], draws: np.ndarray, split: bool = True
) -> np.ndarray:
    """`function` of [functionals, chains, draws] for all of `draws`, NaN where one is NaN."""
    draws = np.asarray(draws)
    if draws.ndim < 2:
        raise ValueError(
            f"`draws` must have the axes [draws, chains, ...], and its shape is {draws.shape}"
        )
    shape = draws.shape[2:]
    values = draws.reshape(*draws.shape[:2], -1)
    result = np.full(values.shape[2], np.nan)
    if len(draws) < MIN_DRAWS:
        return result.reshape(shape)
    size = max(1, _BATCH // (values.shape[0] * values.shape[1]))
    for start in range(0, len(result), size):
        batch = np.ascontiguousarray(values[:, :, start : start + size].T, np.float64)
        known = ~np.isnan(batch).any((1, 2))
        if not known.any():
            continue
        batch = batch[known]
        with np.errstate(invalid="ignore", divide="ignore"):
            found = function(_split(batch) if split else batch)
        result[start : start + size][known] = found
    return result.reshape(shape)


def _split(values: np.ndarray) -> np.ndarray:
    """Each chain's first and last half as chains; the middle one of an odd number is left out."""
    half = values.shape[2] // 2
    return np.concatenate([values[:, :, :half], values[:, :, -half:]], axis=1)


def _z_scale(values: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks over all chains; 3/8 is Blom's offset (equation 14)."""
    flat = values.reshape(len(values), -1)
    ranks = rankdata(flat, axis=1)
    return ndtri((ranks - 0.375) / (flat.shape[1] + 0.25)).reshape(values.shape)


def _rhat(values: np.ndarray) -> np.ndarray:
    median = np.median(values, axis=(1, 2), keepdims=True)
    bulk = _plain_rhat(_z_scale(values))
    folded = _plain_rhat(_z_scale(np.abs(values - median)))
    # Of two values the folded ones are equal: then their R-hat is NaN, and bulk's stands.
    return np.where(np.isnan(folded), bulk, np.maximum(bulk, folded))


def _plain_rhat(values: np.ndarray) -> np.ndarray:
    """The root of total over within variance (equations 1 to 4)."""
    n = values.shape[2]
    between = values.mean(2).var(1, ddof=1)
    within = values.var(2, ddof=1).mean(1)
    return np.sqrt((n - 1) / n + between / within)


def _ess_quantiles(values: np.ndarray) -> list[np.ndarray]:
    quantiles = np.quantile(values, (0.05, 0.95), axis=(1, 2), keepdims=True)
    return [_ess(_split((values <= q).astype(np.float64))) for q in quantiles]


def _ess(values: np.ndarray) -> np.ndarray:
    """Effective sample size over chains [functionals, chains, draws] (section 3 of the paper)."""
    _, chains, n = values.shape
    covariance = _mean_autocovariance(values)
    within = covariance[:, :1] * n / (n - 1)
    total = covariance[:, :1]
    if chains > 1:
        total = total + values.mean(2).var(1, ddof=1)[:, None]
    rho = 1.0 - (within - covariance) / total
    rho[:, 0] = 1.0
    tau = np.maximum(_geyer(rho), 1.0 / np.log10(chains * n))
    constant = np.ptp(values, axis=(1, 2)) < np.finfo(np.float64).resolution
    size = np.where(np.isfinite(total[:, 0]), chains * n / tau, np.nan)
    return np.where(constant, chains * n, size)


def _mean_autocovariance(values: np.ndarray) -> np.ndarray:
    """[functionals, lags]: divided by the number of draws at every lag, mean over the chains."""
    n = values.shape[2]
    size = fft.next_fast_len(2 * n, real=True)
    spectrum = fft.rfft(values - values.mean(2, keepdims=True), size, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).mean(1)
    return fft.irfft(power, size, axis=1)[:, :n] / n


def _geyer(rho: np.ndarray) -> np.ndarray:
    """The integrated autocorrelation time -1 + 2 sum rho (Geyer 1992).

    Lags 2 k and 2 k + 1 are summed in pairs. Pairs count as long as they are positive, each for no
    more than the one before it; of the last pair's lags the even one counts once if that is
    positive, which lowers the variance for antithetic chains.

    Args:
        rho: autocorrelations, [functionals, lags].
    """
    rows = np.arange(len(rho))
    pairs = max(1, (rho.shape[1] - 1) // 2)
    even, odd = rho[:, 0 : 2 * pairs : 2], rho[:, 1 : 2 * pairs : 2]
    sums = even + odd
    ends = ~(sums > 0.0)
    last = np.where(ends.any(1), ends.argmax(1), pairs - 1)
    monotone = np.minimum.accumulate(sums, axis=1)
    whole = np.concatenate([np.zeros((len(rho), 1)), np.cumsum(monotone, axis=1)], axis=1)
    tail = even[rows, last]
    tail = np.where(sums[rows, last] >= 0.0, tail, np.maximum(tail, 0.0))
    return -1.0 + 2.0 * whole[rows, last] + tail
