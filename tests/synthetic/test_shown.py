"""What the picture of points shows: which rows, which points, and the file that keeps them."""

from pathlib import Path

import numpy as np
import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.synthetic.measure import Watched
from bayesian_gan.synthetic.pictures import points_picture
from bayesian_gan.synthetic.shown import Shown, read_shown, shown_points, write_shown

RNG = np.random.default_rng(0)
REAL = RNG.standard_normal((6000, 2))
EACH = {i: [RNG.standard_normal((1250, 2)) + g for g in range(4)] for i in (100, 500)}
ONE = {i: [RNG.standard_normal((5000, 2))] for i in (100, 500)}


def _shown() -> Shown:
    edges = [np.linspace(-4.0, 5.0, 10), np.linspace(-6.0, 7.0, 10)]
    watched = {"bayesgan": Watched(points=EACH), "ml": Watched(points=ONE)}
    return shown_points(REAL, edges, watched)


def test_three_generators_and_a_union_in_which_all_are_equally_many() -> None:
    shown = _shown()
    labels = [row.label for row in shown.rows]
    assert labels == [
        "real",
        *(f"BayesGAN\ngenerator {g} of 4" for g in (1, 2, 3)),
        "BayesGAN\nunion",
        "ML GAN",
    ]
    assert shown.limits.tolist() == [[-4.0, 5.0], [-6.0, 7.0]]
    np.testing.assert_array_equal(shown.rows[0].points[500], REAL[::3])
    np.testing.assert_array_equal(shown.rows[2].points[100], EACH[100][1])
    union = shown.rows[4].points[500]
    np.testing.assert_array_equal(union, np.concatenate(EACH[500])[::3])
    np.testing.assert_array_equal(shown.rows[5].points[100], ONE[100][0][::3])


def test_what_is_kept_is_what_is_shown(tmp_path: Path) -> None:
    shown = _shown()
    write_shown(tmp_path / "points.npz", shown)
    kept = read_shown(tmp_path / "points.npz")
    assert [row[:2] for row in kept.rows] == [row[:2] for row in shown.rows]
    np.testing.assert_array_equal(kept.limits, shown.limits)
    for held, row in zip(kept.rows, shown.rows, strict=True):
        assert held.points.keys() == row.points.keys()
        for i, points in row.points.items():
            # Float16 has 11 bits: half of the last one of numbers below 8.
            np.testing.assert_allclose(held.points[i], points, atol=8 * 2.0**-12)
    path = tmp_path / "points.npz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="cut short"):
        read_shown(path)


def test_the_picture_has_a_panel_for_each_row_and_iteration() -> None:
    figure = points_picture(_shown())
    panels = figure.get_axes()
    assert len(panels) == 6 * 2
    assert [panel.get_title() for panel in panels[:2]] == ["iteration 100", "iteration 500"]
    drawn = [line.get_xydata() for line in panels[-1].get_lines()]
    np.testing.assert_array_equal(drawn[0], REAL[::3])
    np.testing.assert_array_equal(drawn[1], ONE[500][0][::3])
    assert len(panels[0].get_lines()) == 1
    colours = [panel.get_lines()[-1].get_color() for panel in panels[::2]]
    assert len(set(colours[1:5])) == 1  # One colour for a system.
    assert len(set(colours)) == 3
