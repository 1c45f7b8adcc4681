"""Directions in which a chain is hot or cold, where no single weight shows it."""

from collections.abc import Mapping

import numpy as np

# More weights than this make too large a matrix; fewer draws than this times the weights, a search
# that finds noise.
MOST_WEIGHTS = 1000
DRAWS_PER_WEIGHT = 5


def extreme_directions(
    positions: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray], num_data: float
) -> np.ndarray | None:
    """Products along the hottest and the coldest direction: their means are T.

    E[(theta - c) (dU/dtheta)'] is T times the unit matrix. The first half of each chain gives the
    covariance, which makes the weights alike, and the directions, eigenvectors of the matrix's
    symmetric part. The second half is what is judged, so that the search biases nothing.

    Args:
        positions: for each variable [draws, chains, ...].
        gradients: of U/N over all data, the same names and shapes.
        num_data: N.

    Returns:
        Float64 [draws / 2, chains, 2], or None for a single weight, for more than `MOST_WEIGHTS`,
        and for fewer than `DRAWS_PER_WEIGHT` draws for each weight in the first half.
    """
    first = next(iter(positions.values()))
    half, chains = len(first) // 2, first.shape[1]
    weights = sum(int(np.prod(theta.shape[2:])) for theta in positions.values())
    if not 2 <= weights <= min(MOST_WEIGHTS, half * chains // DRAWS_PER_WEIGHT):
        return None
    theta, force = _flat(positions), _flat({n: gradients[n] for n in positions}) * num_data
    theta = theta - np.median(theta[:half], axis=0)
    q, g = (values[:half].reshape(-1, weights) for values in (theta, force))
    scales, axes = np.linalg.eigh(q.T @ q / len(q))
    moving = scales > scales[-1] * 1e-12
    if moving.sum() < 2:
        return None
    narrow = axes[:, moving] / np.sqrt(scales[moving])
    wide = axes[:, moving] * np.sqrt(scales[moving])
    matrix = (q @ narrow).T @ (g @ wide) / len(q)
    vectors = np.linalg.eigh(matrix + matrix.T)[1][:, [-1, 0]]
    return (theta[half:] @ narrow @ vectors) * (force[half:] @ wide @ vectors)


def _flat(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """All variables side by side: float64 [draws, chains, weights]."""
    parts = [np.asarray(v, np.float64).reshape(*v.shape[:2], -1) for v in values.values()]
    return np.concatenate(parts, axis=2)
