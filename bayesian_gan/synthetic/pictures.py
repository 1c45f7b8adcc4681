"""The pictures of the synthetic experiment: points on the PCA plane, and divergence against iterations."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bayesian_gan.storage import write_atomically
from bayesian_gan.synthetic.measure import Measurement, Watched
from bayesian_gan.synthetic.options import SYSTEMS

MAX_GENERATOR_ROWS = 3
MAX_POINTS = 2000
BESIDE: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": "small"}
REAL_COLOUR, COLOURS = "0.6", ("tab:blue", "tab:red", "tab:green", "tab:purple")


def points_picture(
    real: np.ndarray, edges: Sequence[np.ndarray], watched: Mapping[str, Watched]
) -> Figure:
    """Rows: the real data, up to three of several generators, the union of every system; columns: iterations.

    Args:
        real: the real points on the plane, [N, 2].
        edges: of the divergence's grid on each axis, the limits of every panel.
        watched: of each system, with points at the same iterations.
    """
    columns = sorted({i for seen in watched.values() for i in seen.points})
    rows: list[tuple[str, dict[int, np.ndarray], str]] = [
        ("real", dict.fromkeys(columns, real), REAL_COLOUR)
    ]
    for (name, seen), colour in zip(watched.items(), COLOURS, strict=False):
        generators = min(map(len, seen.points.values()), default=0)
        if generators > 1:
            for g in range(min(MAX_GENERATOR_ROWS, generators)):
                each = {i: points[g] for i, points in seen.points.items()}
                rows.append((f"{SYSTEMS[name]}\ngenerator {g + 1} of {generators}", each, colour))
        union = {i: np.concatenate(points) for i, points in seen.points.items()}
        rows.append((SYSTEMS[name] + ("\nunion" if generators > 1 else ""), union, colour))
    figure = Figure(figsize=(2.2 * len(columns) + 0.6, 2.0 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), len(columns), squeeze=False, sharex=True, sharey=True)
    for row, (label, each, colour) in zip(panels, rows, strict=True):
        row[0].set_ylabel(label)
        for panel, iteration in zip(row, columns, strict=True):
            _scatter(panel, real, REAL_COLOUR)
            if colour != REAL_COLOUR:
                _scatter(panel, each.get(iteration, np.zeros((0, 2))), colour)
            panel.set(xticks=[], yticks=[], xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]])
    for panel, iteration in zip(panels[0], columns, strict=True):
        panel.set_title(f"iteration {iteration}")
    figure.suptitle("Generated points (coloured) on real ones (grey)")
    figure.supxlabel("first principal component of the real points; upwards the second")
    return figure


def _scatter(panel: object, points: np.ndarray, colour: str) -> None:
    # Every n-th point, so that generators of a union stay equally represented.
    shown = points[:: max(1, len(points) // MAX_POINTS)]
    panel.plot(*shown.T, ".", markersize=1.0, color=colour, rasterized=True)  # type: ignore[attr-defined]


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
