"""The points that the synthetic experiment's picture shows, and the file that keeps them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bayesian_gan.storage import read_arrays, write_arrays
from bayesian_gan.synthetic.measure import Watched
from bayesian_gan.synthetic.options import SYSTEMS

MAX_GENERATOR_ROWS = 3
MAX_POINTS = 2000
REAL = "real"


class Row(NamedTuple):
    """A row of the picture.

    Attributes:
        label: what stands beside it.
        system: a key of `SYSTEMS`, or "real".
        points: iteration to points on the plane, [n, 2], at most 2,000.
    """

    label: str
    system: str
    points: dict[int, np.ndarray]


class Shown(NamedTuple):
    """The picture's contents.

    Attributes:
        rows: the real data first.
        limits: of both axes in every panel, float64 [2, 2]: low and high of the first, of the second.
    """

    rows: list[Row]
    limits: np.ndarray


def shown_points(
    real: np.ndarray, edges: Sequence[np.ndarray], watched: Mapping[str, Watched]
) -> Shown:
    """Real points, up to three of several generators, and the union of every system.

    Args:
        real: the real points on the plane, [N, 2].
        edges: of the divergence's grid on each axis, the limits of every panel.
        watched: of each system, with points at the same iterations.
    """
    columns = sorted({i for seen in watched.values() for i in seen.points})
    rows = [Row("real", REAL, dict.fromkeys(columns, _thinned(real)))]
    for name, seen in watched.items():
        generators = min(map(len, seen.points.values()), default=0)
        if generators > 1:
            for g in range(min(MAX_GENERATOR_ROWS, generators)):
                each = {i: _thinned(points[g]) for i, points in seen.points.items()}
                label = f"{SYSTEMS[name]}\ngenerator {g + 1} of {generators}"
                rows.append(Row(label, name, each))
        union = {i: _thinned(np.concatenate(points)) for i, points in seen.points.items()}
        rows.append(Row(SYSTEMS[name] + ("\nunion" if generators > 1 else ""), name, union))
    return Shown(rows, np.array([[each[0], each[-1]] for each in edges]))


def write_shown(path: Path, shown: Shown) -> None:
    """Writes the contents as an `.npz` file of float16: finer than the picture's pixels.

    Raises:
        OSError: it could not be written.
    """
    columns = sorted(shown.rows[0].points)
    arrays = {
        f"{k}/{i}": points.astype(np.float16)
        for k, row in enumerate(shown.rows)
        for i, points in row.points.items()
        if k or i == columns[0]  # The real ones are the same in every column.
    }
    named = [[row.label, row.system] for row in shown.rows]
    manifest = {"rows": named, "iterations": columns, "limits": shown.limits.tolist()}
    write_arrays(path, arrays, manifest)


def read_shown(path: Path) -> Shown:
    """What `write_shown` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        InputError: it is damaged.
    """
    arrays, manifest = read_arrays(path)
    columns = manifest["iterations"]
    rows = []
    for k, (label, system) in enumerate(manifest["rows"]):
        held = {i: arrays[name] for i in columns if (name := f"{k}/{i}") in arrays}
        points = held if k else dict.fromkeys(columns, held[columns[0]])
        rows.append(Row(label, system, {i: each.astype(float) for i, each in points.items()}))
    return Shown(rows, np.array(manifest["limits"]))


def _thinned(points: np.ndarray) -> np.ndarray:
    # Every n-th point, so that generators of a union stay equally represented.
    return points[:: -(-len(points) // MAX_POINTS)]
