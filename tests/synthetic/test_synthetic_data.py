"""The synthetic data, their plane, and the clusters found, against independent computations."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import gaussian_kde, multivariate_normal

from bayesian_gan.errors import InputError
from bayesian_gan.synthetic.clusters import cluster_radii, count_clusters
from bayesian_gan.synthetic.data import synthetic_data
from bayesian_gan.synthetic.divergence import Plane


def test_slides_have_one_plane_and_the_noise_of_their_formula() -> None:
    data = synthetic_data("slides", 100, seed=3)
    x = data.x.astype(np.float64)
    np.testing.assert_allclose(x.mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose(x.std(0), 1.0, atol=1e-5)
    ratios = np.ones(100)
    # Columns of little noise say where a point lies on the plane; the others follow from that.
    for _ in range(2):
        z = np.linalg.svd(x * np.sqrt(ratios), full_matrices=False)[0][:, :2]
        ratios = 1.0 / (x - z @ (z.T @ x)).var(0)
    # Signal over noise in column i is 10 |A_i|^2 / 0.001, with |A_i|^2 exponential of mean 2. Standard errors
    # from 100 columns: a tenth of the mean, and sqrt(8 / 400) of the standard deviation; 4 of each.
    assert ratios.mean() == pytest.approx(20_000, rel=0.4)
    assert ratios.std() == pytest.approx(20_000, rel=0.57)


def test_clusters_are_planes_about_their_centres() -> None:
    data = synthetic_data("clusters", 100, seed=1)
    np.testing.assert_allclose(data.x.mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose(data.x.std(0), 1.0, atol=1e-5)
    assert np.all(np.bincount(data.cluster) == 1000)
    for k, centre in enumerate(data.centres):
        offsets = (data.x[data.cluster == k] - centre).astype(np.float64)
        values = np.linalg.svd(offsets, compute_uv=False)
        assert values[2] < 1e-3 * values[1]  # rank 2, in float32
        # The mean of 1,000 points: 4 standard errors of sqrt(variance / 1000), in both directions.
        assert np.linalg.norm(offsets.mean(0)) < 4 * 2**0.5 * values[0] / 1000


def test_the_fresh_sample_shares_the_distribution_and_no_point() -> None:
    data = synthetic_data("clusters", 20, seed=2)
    assert not np.any(np.all(data.fresh == data.x, axis=1))
    for k in range(10):
        here = data.cluster == k
        gap = data.x[here].mean(0) - data.fresh[here].mean(0)
        # Means of 1,000 points each; 4.5 standard errors, for 200 comparisons.
        assert np.all(np.abs(gap) < 4.5 * 2**0.5 * data.x[here].std(0) / 1000**0.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "slides", "x_dim": 1}, "x_dim must be at least 2"),
        ({"name": "rings"}, "must be one of"),
        ({"name": "slides", "num_data": 15}, "multiple of 10"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        synthetic_data(**arguments)


def test_density_on_the_grid_is_the_kernel_density_estimate() -> None:
    numbers = np.random.default_rng(0)
    real = numbers.normal(size=(400, 2)) * [2.0, 1.0]
    plane = Plane(real)
    x = numbers.normal(size=(50, 2))
    cells = plane.masses(x)[:-1].reshape(256, 256)
    centres = [(e[1:] + e[:-1]) / 2 for e in plane.edges]
    grid = np.stack(np.meshgrid(*centres, indexing="ij"), -1)
    kernels = [multivariate_normal(p, plane.bandwidth**2).pdf(grid) for p in plane.project(x)]
    area = np.prod([e[1] - e[0] for e in plane.edges])
    # Points are moved to the centres of their cells, by at most a tenth of the bandwidth here.
    assert np.abs(cells - np.mean(kernels, 0) * area).sum() < 0.02
    # Scott's rule, as scipy has it.
    spread = np.sqrt(np.mean(plane.project(real).var(0)))
    assert plane.bandwidth == pytest.approx(gaussian_kde(real.T).scotts_factor() * spread)


def test_divergence_of_two_normals_is_that_of_the_smoothed_ones() -> None:
    numbers = np.random.default_rng(1)
    real = numbers.normal(size=(100_000, 2))
    plane = Plane(real)
    shift = 1.5 * plane.pca.components_[0]
    found = plane.divergence(numbers.normal(size=(100_000, 2)) + shift)
    # Both smoothed by the same kernel: N(0, 1 + h^2), and the same shifted by 1.5 along one axis.
    axis = np.linspace(-10, 12, 20_001)
    std = np.sqrt(1 + plane.bandwidth**2)
    p, q = (np.exp(-0.5 * ((axis - m) / std) ** 2) for m in (0.0, 1.5))
    p, q = p / p.sum(), q / q.sum()
    m = (p + q) / 2
    exact = 0.5 * np.sum(p * np.log(p / m)) + 0.5 * np.sum(q * np.log(q / m))
    # The shift between two means of 100,000 points is 1.5 +- 0.0045; the divergence goes with its square.
    assert found == pytest.approx(exact, rel=0.025)


def test_divergence_of_points_beyond_the_grid_is_log_2() -> None:
    data = synthetic_data("clusters", 10, seed=0)
    plane = Plane(data.x)
    assert plane.divergence(data.x) == pytest.approx(0.0, abs=1e-12)
    assert plane.divergence(data.x + 1e4) == pytest.approx(np.log(2.0), rel=1e-3)


def test_clusters_are_found_where_their_points_are_and_nowhere_else() -> None:
    data = synthetic_data("clusters", 100, seed=0)
    full = count_clusters(data.fresh, data)
    # Radii hold 99.9%. Centres 4 and 6 are near each other here: a tenth of one lies nearer to the other.
    assert full.found == 10
    assert full.outside < 0.005
    np.testing.assert_allclose(np.delete(full.shares, [4, 6]), 0.1, atol=0.001)
    assert full.shares[[4, 6]].sum() == pytest.approx(0.2, abs=0.002)
    without = count_clusters(data.fresh[data.cluster >= 3], data)
    assert without.found == 7
    assert without.shares[:3].max() < 0.01
    # The midpoint of two centres that are far apart lies in neither.
    middle = (data.centres[:1] + data.centres[1:2]) / 2 + 10.0 * np.eye(100)[:1]
    assert count_clusters(middle, data).outside == 1.0
    # Just beyond the radius, and still nearest to this centre.
    far = data.centres[:1] + 1.01 * cluster_radii(data)[0] * np.eye(100)[:1]
    assert count_clusters(far, data).outside == 1.0
