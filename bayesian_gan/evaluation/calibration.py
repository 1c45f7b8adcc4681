"""Whether a predicted probability is the frequency of being right."""

from dataclasses import dataclass

import numpy as np

NUM_BINS = 15


@dataclass(frozen=True, eq=False)
class CalibrationBins:
    """Test examples by confidence, the probability of the predicted class (but see `class_bins`).

    Bins without examples are left out.

    Attributes:
        count: examples in each bin, int64 [bins].
        confidence: their mean confidence, float64 [bins].
        accuracy: the share of them that is right, float64 [bins].
    """

    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @property
    def error(self) -> float:
        """The expected calibration error of the top class (Naeini et al. 2015, Guo et al. 2017).

        The mean over examples of |accuracy - confidence| of their bin, in [0, 1]. Biased upwards:
        of a perfectly calibrated classifier, a bin of m examples with accuracy a shows a gap of
        about sqrt(2 a (1 - a) / (pi m)). It does not see what is cancelled inside of a bin, nor the
        other classes.
        """
        gaps = np.abs(self.accuracy - self.confidence)
        return float(np.sum(self.count * gaps) / np.sum(self.count))


def calibration_bins(
    probabilities: np.ndarray,
    labels: np.ndarray,
    num_bins: int = NUM_BINS,
    adaptive: bool = False,
) -> CalibrationBins:
    """Sorts predictions into bins by confidence.

    Args:
        probabilities: [n, K].
        labels: integers [n] in [0, K).
        num_bins: at least 1.
        adaptive: bins of as many examples each (Nguyen & O'Connor 2015; a remainder goes to the
            first bins, examples of equal confidence may be parted); otherwise of equal width, (i /
            num_bins, (i + 1) / num_bins].
    """
    p = np.asarray(probabilities, np.float64)
    right = p.argmax(axis=1) == labels
    return _bins(p.max(axis=1), right, num_bins, adaptive)


def class_bins(
    probabilities: np.ndarray, labels: np.ndarray, num_bins: int = NUM_BINS
) -> list[CalibrationBins]:
    """One class against the rest, for each: how often its probability comes true.

    `confidence` is then the probability of the class in the place of that of the predicted class,
    and `accuracy` the share of the bin's examples that are of it. The mean of the classes' `error`
    is the classwise calibration error (Kull et al. 2019).

    Args:
        probabilities: [n, K].
        labels: integers [n] in [0, K).
        num_bins: at least 1, of equal width.

    Returns:
        K of them.
    """
    p = np.asarray(probabilities, np.float64)
    return [_bins(p[:, k], labels == k, num_bins, adaptive=False) for k in range(p.shape[1])]


def _bins(
    confidence: np.ndarray, right: np.ndarray, num_bins: int, adaptive: bool
) -> CalibrationBins:
    """Of probabilities [n], and whether what they are of came true, bool [n]."""
    if adaptive:
        groups = np.array_split(np.argsort(confidence, kind="stable"), num_bins)
    else:
        edges = np.arange(1, num_bins) / num_bins
        places = np.searchsorted(edges, confidence, side="left")
        groups = [np.flatnonzero(places == i) for i in range(num_bins)]
    groups = [group for group in groups if len(group)]
    return CalibrationBins(
        np.array([len(group) for group in groups]),
        np.array([confidence[group].mean() for group in groups]),
        np.array([right[group].mean() for group in groups]),
    )
