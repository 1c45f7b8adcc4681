"""Names beside lines: where they stand, that none lies on another, and that nothing lies on the lines."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation, Text

from bayesian_gan.report.charts import COLOURS, SIZE, chart, draw_lines
from bayesian_gan.report.line_names import spread

X = np.arange(50.0)
CLOSE = {f"chain {c}": (X, np.sin(X) + 1e-3 * c) for c in range(6)}


def _drawn(axes_draw: object) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes_draw(axes)  # type: ignore[operator]
    FigureCanvasAgg(figure).draw()
    return figure, axes


def test_names_stand_beside_the_axes_and_on_nothing() -> None:
    figure, axes = _drawn(
        draw_lines(CLOSE, "x", "y", level=(0.0, "as many as seven words, in rows"))
    )
    assert axes.get_legend() is None
    # Of the words alone: an annotation's own box has the stroke to the line's end in it.
    boxes = [Text.get_window_extent(text) for text in axes.texts]
    assert [text.get_text() for text in axes.texts[:6]] == list(CLOSE)
    assert axes.texts[6].get_text().count("\n") >= 1
    right = axes.get_window_extent().x1
    width = figure.get_window_extent().x1
    for k, box in enumerate(boxes):
        assert box.x0 > right
        assert box.x1 <= width
        # Boxes have a pixel of air; they touch, at most.
        assert not any(box.y0 < other.y1 - 1 and other.y0 < box.y1 - 1 for other in boxes[k + 1 :])


def test_a_name_has_the_colour_and_the_height_of_its_line() -> None:
    series = {name: (X, X * 0.0 + y) for name, y in (("high", 9.0), ("low", 1.0), ("middle", 5.0))}
    _, axes = _drawn(draw_lines(series, "x", "y", log=True))
    for text, (name, (_, y)), colour in zip(axes.texts, series.items(), COLOURS, strict=False):
        assert text.get_text() == name
        assert text.get_color() == colour
        assert isinstance(text, Annotation)
        assert text.xy == (49.0, y[-1])
    assert np.argsort([text.get_position()[1] for text in axes.texts]).tolist() == [1, 2, 0]


def test_no_names_where_they_would_say_nothing() -> None:
    def names(count: int) -> list[str]:
        series = {f"name {k}": (X, X + k) for k in range(count)}
        return [
            f"name {k}"
            for k in range(count)
            if f">name {k}<" in chart(draw_lines(series, "x", "y"))
        ]

    assert names(1) == []
    assert names(2) == ["name 0", "name 1"]
    assert names(8) == []
    # A series without a finite number has no end.
    nothing = {"there": (X, X), "not there": (X, X * np.nan)}
    assert "not there" not in chart(draw_lines(nothing, "x", "y", level=(1.0, "level")))


@pytest.mark.parametrize("seed", range(5))
def test_spread_moves_what_overlaps_and_nothing_else(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = rng.uniform(0.02, 0.15, 6)
    wanted = rng.uniform(-0.2, 1.2, 6)
    found = spread(wanted.tolist(), sizes.tolist())
    assert np.all(found - sizes / 2 >= -1e-9)
    assert np.all(found + sizes / 2 <= 1 + 1e-9)
    order = np.argsort(found)
    assert order.tolist() == np.argsort(wanted, kind="stable").tolist()
    apart = (sizes[order][1:] + sizes[order][:-1]) / 2
    assert np.all(np.diff(found[order]) >= apart - 1e-9)
    np.testing.assert_allclose(spread([0.1, 0.9, 0.5], [0.1] * 3), [0.1, 0.9, 0.5])
