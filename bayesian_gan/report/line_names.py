"""Names at the right ends of lines, in the lines' colours: a legend would lie over some of them."""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

FONT_SIZE = 8.5
# Letters in a row of a name, and what a row and a gap take of axes some two inches tall.
LETTERS, ROW, GAP = 16, 0.075, 0.02
# Where names begin, in widths of the axes.
LEFT = 1.04


class Named(NamedTuple):
    """A line that has a name.

    Attributes:
        name: of any length; it is wrapped.
        end: x and y of its last point; an x of None is the right edge of the axes.
        colour: of the line and of its name.
    """

    name: str
    end: tuple[float | None, float]
    colour: str


def name_lines(axes: Axes, lines: Sequence[Named]) -> None:
    """Writes each name beside the axes, as near to its line's end as others leave room.

    Limits and scales of the axes must be set.
    """
    axes.autoscale_view()
    right = max(axes.get_xlim())
    ends = [(right if line.end[0] is None else line.end[0], line.end[1]) for line in lines]
    wrapped = [textwrap.wrap(line.name, LETTERS, break_long_words=False) for line in lines]
    wanted = [_height(axes, end) for end in ends]
    middles = spread(wanted, [ROW * len(rows) + GAP for rows in wrapped])
    for line, end, rows, middle in zip(lines, ends, wrapped, middles, strict=True):
        axes.annotate(
            "\n".join(rows),
            xy=end,
            xytext=(LEFT, middle),
            textcoords="axes fraction",
            color=line.colour,
            fontsize=FONT_SIZE,
            linespacing=1.0,
            va="center",
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": line.colour,
                "linewidth": 0.7,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0.0, 0.5),
            },
        )


def spread(wanted: Sequence[float], sizes: Sequence[float]) -> np.ndarray:
    """Middles of intervals that do not overlap, in the order of those that are wanted.

    Args:
        wanted: middles, any order; 0 is the lower edge and 1 the upper.
        sizes: lengths of the intervals, in the same order. Where they fit they lie between the edges.

    Returns:
        Float64, in the order of the arguments.
    """
    order = np.argsort(wanted, kind="stable")
    size = np.asarray(sizes, float)[order]
    found = np.clip(np.asarray(wanted, float)[order], size / 2, 1.0 - size / 2)
    apart = (size[1:] + size[:-1]) / 2
    for k, least in enumerate(apart):
        found[k + 1] = max(found[k + 1], found[k] + least)
    if len(found):
        found[-1] = min(found[-1], 1.0 - size[-1] / 2)
    for k in range(len(apart) - 1, -1, -1):
        found[k] = min(found[k], found[k + 1] - apart[k])
    middles = np.empty(len(found))
    middles[order] = found
    return middles


def _height(axes: Axes, point: tuple[float, float]) -> float:
    """Of a point of the data, in heights of the axes."""
    return float(axes.transAxes.inverted().transform(axes.transData.transform(point))[1])
