"""Sample quality on activations, against SciPy, loops and closed forms."""

import numpy as np
import pytest
from scipy import linalg
from sklearn.metrics.pairwise import polynomial_kernel

from bayesian_gan.evaluation import (
    Gaussian,
    frechet_distance,
    frechet_matrix,
    kernel_distance,
    manifold,
    mode_coverage,
    nearest_neighbours,
    sample_quality,
)


@pytest.fixture(scope="module")
def activations() -> tuple[np.ndarray, np.ndarray]:
    """Two overlapping clouds, [60, 7] and [45, 7]."""
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(7, 7))
    return rng.normal(size=(60, 7)) @ mix, 0.8 * rng.normal(size=(45, 7)) @ mix + 0.5


def test_frechet_distance_of_known_gaussians() -> None:
    # Commuting covariances: |m1 - m2|^2 + sum (s1 - s2)^2, rotated by any orthogonal matrix.
    rotation = linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    s1, s2 = np.array([0.0, 0.5, 1.0, 2.0, 3.0]), np.array([1.0, 0.5, 0.0, 4.0, 2.5])
    shift = np.array([1.0, -2.0, 0.0, 0.5, 0.0])
    first = Gaussian(np.zeros(5), rotation @ np.diag(s1**2) @ rotation.T)
    second = Gaussian(shift, rotation @ np.diag(s2**2) @ rotation.T)
    expected = shift @ shift + np.sum((s1 - s2) ** 2)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(first, first) == pytest.approx(0.0, abs=1e-9)
    # In one dimension, (m1 - m2)^2 + (s1 - s2)^2.
    one, other = (Gaussian(np.array([m]), np.array([[s**2]])) for m, s in ((0.0, 1.0), (3.0, 5.0)))
    assert frechet_distance(one, other) == pytest.approx(9.0 + 16.0)


def test_frechet_distance_is_scipy_s(activations: tuple[np.ndarray, np.ndarray]) -> None:
    real, fake = activations
    a, b = Gaussian.of(real), Gaussian.of(fake)
    root = linalg.sqrtm(np.cov(real.T) @ np.cov(fake.T)).real
    expected = np.sum((real.mean(0) - fake.mean(0)) ** 2) + np.trace(
        np.cov(real.T) + np.cov(fake.T) - 2 * root
    )
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    matrix = frechet_matrix([a, b, a])
    np.testing.assert_allclose(matrix[:2, :2], [[0, expected], [expected, 0]], rtol=1e-9)
    assert matrix[0, 2] == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(ValueError, match="at least 2"):
        Gaussian.of(real[:1])


def test_frechet_distance_with_fewer_images_than_features() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(12, 300)), 2.0 * rng.normal(size=(9, 300)) + 1.0
    # With X, Y the centred rows over sqrt(n - 1), tr (S1 S2)^(1/2) is the nuclear norm of X Y^T.
    X, Y = (v - v.mean(0) for v in (x, y))
    X, Y = X / np.sqrt(11), Y / np.sqrt(8)
    cross = linalg.svdvals(X @ Y.T).sum()
    expected = np.sum((x.mean(0) - y.mean(0)) ** 2) + np.sum(X**2) + np.sum(Y**2) - 2 * cross
    found = frechet_distance(Gaussian.of(x), Gaussian.of(y))
    assert found == pytest.approx(expected, rel=1e-9)


def test_kernel_distance_is_the_mean_of_blocks(activations: tuple[np.ndarray, np.ndarray]) -> None:
    real, fake = activations
    estimates = []
    for k in range(10):  # 45 // 10 = 4 images in each block.
        x, y = real[4 * k : 4 * k + 4], fake[4 * k : 4 * k + 4]
        xx, yy, xy = (
            polynomial_kernel(a, b, degree=3, gamma=1 / 7, coef0=1)
            for a, b in ((x, x), (y, y), (x, y))
        )
        off = ~np.eye(4, dtype=bool)
        estimates.append(xx[off].mean() + yy[off].mean() - 2 * xy.mean())
    found = kernel_distance(real, fake)
    assert (found.blocks, found.block_size) == (10, 4)
    assert found.value == pytest.approx(np.mean(estimates), rel=1e-9)
    assert found.standard_error == pytest.approx(np.std(estimates, ddof=1) / np.sqrt(10), rel=1e-9)
    with pytest.raises(ValueError, match="at least 20"):
        kernel_distance(real[:19], fake)


def test_kernel_distance_is_unbiased_and_knows_its_error() -> None:
    rng = np.random.default_rng(3)
    found = [
        kernel_distance(rng.normal(size=(200, 3)), rng.normal(size=(200, 3))) for _ in range(200)
    ]
    values = np.array([f.value for f in found])
    errors = np.array([f.standard_error for f in found])
    # The mean over 200 repetitions is 0 within four standard errors of it.
    assert abs(values.mean()) < 4 * values.std(ddof=1) / np.sqrt(200)
    # A standard deviation from 200 values is right to 1 / sqrt(2 * 199) = 5%, with normal tails;
    # these are heavier: within 20%.
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(values.std(ddof=1), rel=0.2)


def test_manifold_by_loops(
    activations: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, fake = activations

    def radius(x: np.ndarray, i: int) -> float:
        return float(sorted(np.linalg.norm(x - x[i], axis=1))[3])  # Itself is at 0.

    balls_real = np.array(
        [[np.linalg.norm(f - r) <= radius(real, i) for i, r in enumerate(real)] for f in fake]
    )
    balls_fake = np.array(
        [[np.linalg.norm(f - r) <= radius(fake, j) for r in real] for j, f in enumerate(fake)]
    )
    found = manifold(real, fake, k=3)
    assert found.precision == pytest.approx(balls_real.any(1).mean())
    assert found.recall == pytest.approx(balls_fake.any(0).mean())
    assert found.density == pytest.approx(balls_real.sum() / (3 * 45))
    assert found.coverage == pytest.approx(balls_real.any(0).mean())
    assert 0 < found.recall < 1
    assert found.precision != found.coverage
    with pytest.raises(ValueError, match="more than k = 45"):
        manifold(real, fake, k=45)


def test_manifold_does_not_depend_on_its_blocks() -> None:
    rng = np.random.default_rng(4)
    # 3,000 x 4,000 distances of 8 bytes are more than the 64 MiB of one block.
    real, fake = rng.normal(size=(4000, 2)), rng.normal(size=(3000, 2))
    found = manifold(real, fake, k=5)
    distances = np.linalg.norm(fake[:, None] - real, axis=-1)
    own = [np.sort(np.linalg.norm(x[:, None] - x, axis=-1), axis=1)[:, 5] for x in (real, fake)]
    assert found.precision == (distances <= own[0]).any(1).mean()
    assert found.recall == (distances <= own[1][:, None]).any(0).mean()
    assert found.coverage == (distances <= own[0]).any(0).mean()


def test_manifold_of_one_distribution() -> None:
    rng = np.random.default_rng(5)
    found = manifold(rng.normal(size=(2000, 4)), rng.normal(size=(2000, 4)), k=5)
    # Coverage is 1 - 2^-5 but for its binomial error, 0.0039, and dependence between balls: four of
    # them, doubled.
    assert found.coverage == pytest.approx(1 - 2**-5, abs=0.03)
    # Each fake lies in 5 balls on average, and its count deviates by less than 10 from that: over
    # sqrt(2000) fakes, and over 5, four deviations.
    assert found.density == pytest.approx(1.0, abs=4 * 2 / np.sqrt(2000))


def test_nearest_neighbours_are_the_nearest(activations: tuple[np.ndarray, np.ndarray]) -> None:
    real, fake = activations
    distances, indices = nearest_neighbours(fake, real, k=4)
    every = np.linalg.norm(fake[:, None] - real, axis=-1)
    np.testing.assert_array_equal(indices, np.argsort(every, axis=1)[:, :4])
    np.testing.assert_allclose(distances, np.sort(every, axis=1)[:, :4], rtol=1e-9)


def test_sample_quality_pairs_equal_numbers(activations: tuple[np.ndarray, np.ndarray]) -> None:
    real, fake = activations
    found = sample_quality(real, fake)
    assert (found.n, found.n_real) == (45, 60)
    assert found.fid == frechet_distance(Gaussian.of(real), Gaussian.of(fake))
    assert found.recall == manifold(real[:45], fake).recall
    assert found.kid == kernel_distance(real, fake).value


def test_collapsed_generators_are_counted() -> None:
    rng = np.random.default_rng(6)
    real = np.repeat(np.arange(4), 100)
    features = rng.normal(size=(400, 3))
    one_class = np.zeros(50, int)
    three = np.repeat(np.arange(3), 20)
    one_image = np.repeat(np.arange(4), 25)
    found = mode_coverage(
        [three, one_class, one_image],
        [features[:60], features[:50], np.full((100, 3), 0.5)],
        real,
        features,
        num_classes=4,
    )
    np.testing.assert_allclose(found.shares[0], [1 / 3, 1 / 3, 1 / 3, 0])
    np.testing.assert_allclose(found.union, np.array([95, 45, 45, 25]) / 210)
    np.testing.assert_array_equal(found.covered, [3, 1, 4])
    assert found.covered_by_union == 4
    np.testing.assert_allclose(found.effective_classes, [3, 1, 4])
    np.testing.assert_array_equal(found.collapsed, [False, True, True])
    assert found.to_json()["num_collapsed"] == 2
    # 2% of a class whose real share is 25% is not that class.
    little = np.array([1] + [0] * 49)
    assert mode_coverage([little], [features[:50]], real, features, 4).covered[0] == 1
