"""The pictures of the synthetic experiment: points on the PCA plane, and divergence against iterations."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bayesian_gan.storage import write_atomically
from bayesian_gan.synthetic.measure import Measurement
from bayesian_gan.synthetic.options import SYSTEMS
from bayesian_gan.synthetic.shown import REAL, Shown

BESIDE: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": "small"}
REAL_COLOUR, COLOURS = "0.6", ("tab:blue", "tab:red", "tab:green", "tab:purple")


def points_picture(shown: Shown) -> Figure:
    """A panel for each row and iteration: generated points on the real ones."""
    columns = sorted(shown.rows[0].points)
    of_system = dict(
        zip(dict.fromkeys(row.system for row in shown.rows[1:]), COLOURS, strict=False)
    )
    size = (2.2 * len(columns) + 0.6, 2.0 * len(shown.rows))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(shown.rows), len(columns), squeeze=False, sharex=True, sharey=True)
    for line, row in zip(panels, shown.rows, strict=True):
        line[0].set_ylabel(row.label)
        for panel, iteration in zip(line, columns, strict=True):
            _scatter(panel, shown.rows[0].points[iteration], REAL_COLOUR)
            if row.system != REAL and iteration in row.points:
                _scatter(panel, row.points[iteration], of_system[row.system])
            panel.set(xticks=[], yticks=[], xlim=shown.limits[0], ylim=shown.limits[1])
    for panel, iteration in zip(panels[0], columns, strict=True):
        panel.set_title(f"iteration {iteration}")
    figure.suptitle("Generated points (coloured) on real ones (grey)")
    figure.supxlabel("first principal component of the real points; upwards the second")
    return figure


def _scatter(panel: object, points: np.ndarray, colour: str) -> None:
    panel.plot(*points.T, ".", markersize=1.0, color=colour, rasterized=True)  # type: ignore[attr-defined]


def divergence_picture(measurements: Sequence[Measurement], floor: float) -> Figure:
    """Divergence against iterations: for each system the mean over runs, and its range where there are several.

    Args:
        measurements: of one run or of several; those of "ml_equal_cost" are drawn at a step's equal cost.
        floor: divergence of a second sample of the truth.
    """
    figure = Figure(figsize=(6.0, 3.6), layout="constrained")
    panel = figure.subplots()
    names = list(dict.fromkeys(m.system for m in measurements))
    ends = {n: max(m.iteration for m in measurements if m.system == n) for n in names}
    last = min(ends.values())
    for name, colour in zip(names, COLOURS, strict=False):
        own = [m for m in measurements if m.system == name]
        iterations = sorted({m.iteration for m in own})
        values = [[m.divergence for m in own if m.iteration == i] for i in iterations]
        axis = np.array(iterations) * last / ends[name]
        means = [np.mean(v) for v in values]
        panel.plot(axis, means, color=colour)
        panel.annotate(SYSTEMS[name], (axis[-1], means[-1]), (4, 0), color=colour, **BESIDE)
        low, high = [min(v) for v in values], [max(v) for v in values]
        panel.fill_between(axis, low, high, color=colour, alpha=0.2, linewidth=0)
    panel.axhline(floor, color="0.4", linestyle=":")
    panel.annotate("second real sample", (0, floor), (4, 6), color="0.4", **BESIDE)
    panel.set(xlabel="iterations", ylabel="Jensen-Shannon divergence (nats)")
    panel.set(xlim=(0, last), ylim=(0, None))
    runs = len(measurements) / len({(m.system, m.iteration) for m in measurements})
    over = f", mean and range of {runs:g} runs" if runs > 1 else ""
    panel.set_title(f"How far generated points are from real ones{over}", fontsize="medium")
    return figure


def save_picture(path: Path, figure: Figure) -> None:
    """Writes a figure as a PNG, atomically.

    Raises:
        OSError: the file could not be written.
    """
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    write_atomically(path, lambda file: file.write(buffer.getvalue()))
