"""Charts as inline SVG: no file, no font and no address outside of the page."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from bayesian_gan.report.line_names import Named, name_lines
from bayesian_gan.storage import write_atomically

# Okabe & Ito 2008: told apart by colour-blind readers; lines differ in their dashes too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LEVEL_COLOUR = "#444444"
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
SIZE = (4.6, 2.9)
COLUMNS = 4
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bayesian-gan",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    # A class may be called $x_{, which is no formula.
    "text.parse_math": False,
}

Points = tuple[np.ndarray, np.ndarray]


def chart(draw: Callable[[Axes], object], size: tuple[float, float] = SIZE) -> str:
    """One chart as an `<svg>` element that scales with the page.

    Args:
        draw: draws on empty axes.
        size: width and height in inches, which set how large the letters are.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        file = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", metadata=nothing, transparent=True)
    return _inline(file.getvalue())


def lines(series: Mapping[str, Points], x_label: str, y_label: str, **options: Any) -> str:
    """`draw_lines` as a chart of its own."""
    return chart(draw_lines(series, x_label, y_label, **options))


def draw_lines(
    series: Mapping[str, Points],
    x_label: str,
    y_label: str,
    *,
    log: bool = False,
    powers: bool = False,
    level: tuple[float, str] | None = None,
) -> Callable[[Axes], None]:
    """Curves by name; those beyond seven share one colour and have no name.

    Args:
        series: x and y by name; points that are not finite are left out.
        x_label: of the axis.
        y_label: of the axis.
        log: whether y is logarithmic.
        powers: whether x counts 1, 2, 4, ..., all at equal distances.
        level: a horizontal line to compare with, and its name.
    """

    def draw(axes: Axes) -> None:
        many = len(series) > len(COLOURS)
        named = []
        for k, (name, (x, y)) in enumerate(series.items()):
            known = np.isfinite(y)
            x, y = _thin(x[known], y[known])
            marker = "o" if len(x) <= 12 else ""
            fine = many or len(x) > 200
            axes.plot(
                x,
                y,
                color="#0072B2" if many else COLOURS[k],
                linestyle="-" if many else DASHES[k % len(DASHES)],
                linewidth=0.8 if fine else 1.5,
                alpha=0.6 if many else 1.0,
                marker=marker,
                markersize=3,
            )
            if len(x) and not many:
                named.append(Named(name, (x[-1], y[-1]), COLOURS[k]))
        if level is not None:
            axes.axhline(level[0], color=LEVEL_COLOUR, linewidth=1.0, linestyle=":")
            named.append(Named(level[1], (None, level[0]), LEVEL_COLOUR))
        if log:
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
        if powers:
            ticks = sorted({float(v) for x, _ in series.values() for v in x})
            axes.set_xscale("log", base=2)
            axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
            axes.minorticks_off()
        _finish(axes, x_label, y_label, named)

    return draw


def save_panels(
    path: Path, panels: Sequence[tuple[str, Callable[[Axes], object]]], most: int = COLUMNS
) -> None:
    """Writes charts with titles into one PNG, whole or not at all.

    Args:
        path: of the PNG.
        panels: title, and what draws into the axes.
        most: charts in a row.

    Raises:
        OSError: it cannot be written.
    """
    columns = min(most, len(panels))
    rows = -(-len(panels) // columns)
    with rc_context(STYLE):
        figure = Figure(figsize=(SIZE[0] * columns, SIZE[1] * rows), layout="constrained")
        for k, (title, draw) in enumerate(panels):
            axes = figure.add_subplot(rows, columns, k + 1)
            axes.set_title(title)
            draw(axes)
        write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=100))


def reliability(confidence: np.ndarray, accuracy: np.ndarray, count: np.ndarray) -> str:
    """Accuracy against confidence; the area of a point grows with the examples in its bin."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=LEVEL_COLOUR, linestyle=":")
        axes.plot(confidence, accuracy, color=COLOURS[0], linewidth=1.0)
        area = 12.0 + 140.0 * count / count.max()
        axes.scatter(confidence, accuracy, s=area, color=COLOURS[0])
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        named = [
            Named("calibrated", (1.0, 1.0), LEVEL_COLOUR),
            Named("posterior average", (confidence[-1], accuracy[-1]), COLOURS[0]),
        ]
        _finish(axes, "confidence", "share that is right", named)

    return chart(draw)


def _finish(axes: Axes, x_label: str, y_label: str, named: Sequence[Named]) -> None:
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.margins(x=0.02)
    # A single line needs no name: the axes say what it is.
    if len(named) > 1:
        name_lines(axes, named)


def _thin(x: np.ndarray, y: np.ndarray, most: int = 400) -> Points:
    """At most `most` points, evenly spaced: more make the page large and show nothing."""
    if len(x) <= most:
        return x, y
    chosen = np.linspace(0, len(x) - 1, most).astype(int)
    return x[chosen], y[chosen]


def _inline(svg: str) -> str:
    """Matplotlib's SVG without prologue, metadata, namespaces and fixed size."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    head, rest = svg.split(">", 1)
    head = re.sub(r'\s(width|height|version)="[^"]*"', "", head)
    return f'{head} aria-hidden="true">{rest}'


def bars(
    average: np.ndarray, low: np.ndarray, high: np.ndarray, names: Sequence[str], true: int
) -> str:
    """Predictive probabilities as bars, and the spread of the samples as lines.

    Args:
        average: probabilities [k] of the classes shown.
        low: of the samples, 5% quantile, [k].
        high: 95% quantile, [k].
        names: of the classes, already fit for the page.
        true: index of the true class among those shown; -1 if it is not among them.
    """
    width, base, top = 13, 62, 4
    height = base - top
    parts = [
        f'<svg class="bars" viewBox="0 0 {width * len(average) + 2} 76" aria-hidden="true">',
        f'<line x1="0" y1="{base}" x2="{width * len(average) + 2}" y2="{base}" stroke="#888"/>',
    ]
    for k, p in enumerate(average):
        x, tall = 2 + k * width, height * float(p)
        colour = COLOURS[2] if k == true else COLOURS[0]
        parts.append(
            f'<rect x="{x}" y="{base - tall:.1f}" width="9" height="{tall:.1f}" fill="{colour}"/>'
        )
        parts.append(
            f'<line x1="{x + 4.5}" x2="{x + 4.5}" y1="{base - height * float(low[k]):.1f}" '
            f'y2="{base - height * float(high[k]):.1f}" stroke="#000" stroke-width="1.5"/>'
        )
        weight = ' font-weight="bold" text-decoration="underline"' if k == true else ""
        parts.append(
            f'<text x="{x + 4.5}" y="73" font-size="10" text-anchor="middle"{weight}>{names[k]}</text>'
        )
    return "".join([*parts, "</svg>"])


def matrix(counts: np.ndarray, names: Sequence[str]) -> str:
    """Counts in cells, darker the larger the share of their row.

    Args:
        counts: non-negative integers [K, K].
        names: of rows and columns, already fit for the page.
    """
    side, longest = 30, max(map(len, names))
    left, top = 14 + 7 * longest, 22 + 5 * (longest if longest > 2 else 0)
    width, height = left + side * len(names) + 4, top + side * len(names) + 4
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    parts = [
        f'<svg class="matrix" viewBox="0 0 {width} {height}" style="width:{width}px" aria-hidden="true">'
    ]
    for k, name in enumerate(names):
        middle = k * side + side / 2
        parts.append(
            f'<text x="{left - 6}" y="{top + middle + 4}" font-size="11" text-anchor="end">{name}</text>'
        )
        place = f'x="{left + middle}" y="{top - 6}" font-size="11"'
        turned = f'transform="rotate(-50 {left + middle} {top - 6})"'
        how = turned if longest > 2 else 'text-anchor="middle"'
        parts.append(f"<text {place} {how}>{name}</text>")
    for i, row in enumerate(counts):
        for j, count in enumerate(row):
            x, y = left + j * side, top + i * side
            colour = COLOURS[2] if i == j else COLOURS[1]
            ink = "#fff" if shares[i, j] > 0.6 else "#222"
            parts.append(
                f'<rect x="{x}" y="{y}" width="{side - 1}" height="{side - 1}" fill="{colour}" '
                f'fill-opacity="{shares[i, j] ** 0.5:.2f}" stroke="#e4e4e4"/>'
            )
            if count:
                parts.append(
                    f'<text x="{x + side / 2 - 0.5}" y="{y + side / 2 + 4}" font-size="10" fill="{ink}" '
                    f'text-anchor="middle">{count}</text>'
                )
    return "".join([*parts, "</svg>"])
