"""Classes against each other: which are confused, how well each one's probability is known."""

from collections.abc import Sequence
from html import escape

import numpy as np
from matplotlib.axes import Axes

from bayesian_gan.evaluation.calibration import CalibrationBins, class_bins
from bayesian_gan.report import charts, html
from bayesian_gan.report.findings import Predictions

MOST_CLASSES = 20
MOST_PANELS = 12
MOST_PAIRS = 10
PANEL = 1.9
# Letters of a class in a panel's title.
TITLE = 18


def class_parts(p: Predictions, names: Sequence[str]) -> list[str]:
    """The confusion matrix, of many classes the pairs that are confused most; each class's calibration.

    Args:
        p: of test images.
        names: of the K classes.
    """
    counts = confusions(p.labels, p.average.argmax(axis=1), len(names))
    parts = [html.heading(3, "Which classes are taken for which")]
    if len(names) <= MOST_CLASSES:
        parts.append(_matrix(counts, names))
    else:
        parts.append(_pairs(counts, confused(counts), names))
    return [*parts, *_calibrations(p, names)]


def confusions(labels: np.ndarray, predicted: np.ndarray, num_classes: int) -> np.ndarray:
    """How many of each class are taken for each, int64 [K, K]; the rows are the true classes."""
    pairs = np.asarray(labels, np.int64) * num_classes + predicted
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def confused(counts: np.ndarray, most: int = MOST_PAIRS) -> list[tuple[int, int]]:
    """The pairs (true, predicted) of different classes that occur, the most frequent first."""
    off = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    order = np.argsort(-off, axis=None, kind="stable")[:most]
    places = zip(*np.unravel_index(order, off.shape), strict=True)
    return [(int(i), int(j)) for i, j in places if off[i, j]]


def _matrix(counts: np.ndarray, names: Sequence[str]) -> str:
    right, n = int(np.trace(counts)), int(counts.sum())
    said = (
        f"Rows are the true classes, columns what the average takes them for; {right:,} of {n:,} are on "
        "the diagonal. The darker a cell, the larger its share of the row."
    )
    drawn = charts.matrix(counts, [escape(name[:10]) for name in names])
    return html.figure(drawn, f"Confusion matrix: {right:,} of {n:,} test images are right.", said)


def _pairs(counts: np.ndarray, pairs: Sequence[tuple[int, int]], names: Sequence[str]) -> str:
    rows = [
        (names[i], names[j], f"{counts[i, j]:,}", f"{100 * counts[i, j] / counts[i].sum():.1f}")
        for i, j in pairs
    ]
    header = ("true class", "taken for", "images", "% of the class")
    return html.table(header, rows, "Pairs of classes that are confused most")


def _calibrations(p: Predictions, names: Sequence[str]) -> list[str]:
    found = class_bins(p.average, p.labels)
    errors = np.array([bins.error for bins in found])
    worst = np.argsort(-errors, kind="stable")
    chosen = sorted(worst[:MOST_PANELS].tolist()) if len(names) > 2 else [len(names) - 1]
    panels = [_panel(f"{names[k][:TITLE]}, {100 * errors[k]:.1f}%", found[k]) for k in chosen]
    which = "each class" if len(chosen) == len(names) else f"the {len(chosen)} worst"
    if len(names) == 2:
        which = f"{names[1]} (the other class mirrors it)"
    said = (
        f"One class against the rest, of {which}: how often an image that gets some probability of the "
        "class is of it, with 95% intervals. Points on the dotted line are calibrated; larger ones stand for "
        "more images. "
        f"Beside each name its calibration error, {100 * errors.mean():.2f}% in the mean over classes."
    )
    spoken = f"Largest for {names[worst[0]]}, {100 * errors[worst[0]]:.1f}%."
    return [
        html.heading(3, "Is each class's probability right?"),
        html.panels(panels, f"Calibration of one class against the rest. {spoken}", said),
    ]


def _panel(title: str, bins: CalibrationBins) -> str:
    """Frequency against probability of a class, with 95% intervals; the area grows with the images."""
    low, high = wilson(bins.accuracy, bins.count)

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color="#444444", linestyle=":", linewidth=1.0)
        axes.vlines(bins.confidence, low, high, color=charts.COLOURS[5], linewidth=1.0)
        # Most images have next to no probability of a class: roots keep the others in sight.
        area = 4.0 + 40.0 * np.sqrt(bins.count / bins.count.max())
        axes.scatter(bins.confidence, bins.accuracy, s=area, color=charts.COLOURS[0])
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_xticks([0, 1])
        axes.set_yticks([0, 1])
        axes.set_xlabel("probability")
        axes.set_ylabel("frequency")
        axes.set_title(title, fontsize=9.5)

    return charts.chart(draw, (PANEL, PANEL))


def wilson(share: np.ndarray, count: np.ndarray, z: float = 1.96) -> tuple[np.ndarray, np.ndarray]:
    """The interval of Wilson (1927) of a frequency.

    Args:
        share: what was seen, float [bins].
        count: of how many, [bins].
        z: standard deviations; 1.96 for 95%.

    Returns:
        Its lower and its upper ends.
    """
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return middle - half, middle + half
