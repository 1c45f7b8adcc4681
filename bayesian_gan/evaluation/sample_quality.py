"""Distances between generated and real images in a feature space, in float64.

An activation array is [n, d], n images by d features; where the features come from is
`features.py`. Every number here depends on n, in its own way; see each docstring, and compare only
numbers of equal n.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors


@dataclass(frozen=True, eq=False)
class Gaussian:
    """Mean and covariance of activations.

    Attributes:
        mean: float64 [d].
        covariance: float64 [d, d].
    """

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, activations: np.ndarray) -> "Gaussian":
        """Of activations [n, d]; the covariance is the unbiased one, over n - 1.

        Raises:
            ValueError: fewer than two images.
        """
        x = np.asarray(activations, np.float64)
        if len(x) < 2:
            raise ValueError(f"a covariance needs at least 2 images, not {len(x)}")
        return cls(x.mean(axis=0), np.atleast_2d(np.cov(x, rowvar=False)))

    @cached_property
    def root(self) -> np.ndarray:
        """The symmetric square root of the covariance.

        Eigenvalues that are 0 but for rounding (fewer images than features) are taken as 0: their
        square roots would be of the order of 1e-8 and add up.
        """
        values, vectors = linalg.eigh(self.covariance)
        smallest = values.max(initial=0.0) * len(values) * np.finfo(np.float64).eps
        return (vectors * np.sqrt(np.where(values > smallest, values, 0.0))) @ vectors.T


def frechet_distance(first: Gaussian, second: Gaussian) -> float:
    """Squared Frechet (2-Wasserstein) distance of two Gaussians (Dowson & Landau 1982).

        |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2)

    The last trace is the sum of the singular values of S1^(1/2) S2^(1/2), which is defined for any
    covariances, singular ones too. Of activations it is the FID (Heusel et al. 2017), biased
    upwards by about 1/n for n images: compare at equal n only.
    """
    shift = first.mean - second.mean
    cross = linalg.svdvals(first.root @ second.root).sum()
    traces = np.trace(first.covariance) + np.trace(second.covariance)
    # Not negative but for rounding.
    return float(max(shift @ shift + traces - 2.0 * cross, 0.0))


def frechet_matrix(gaussians: list[Gaussian]) -> np.ndarray:
    """All `frechet_distance`s of J Gaussians, float64 [J, J]: how different generators are."""
    J = len(gaussians)
    distances = np.zeros((J, J))
    for i in range(J):
        for j in range(i):
            distances[i, j] = distances[j, i] = frechet_distance(gaussians[i], gaussians[j])
    return distances


KID_BLOCK = 1000
MIN_KID_BLOCKS = 10


@dataclass(frozen=True)
class KernelDistance:
    """An estimate with its error.

    Attributes:
        value: the estimate; unbiased, so it may be negative.
        standard_error: of that value.
        blocks: independent estimates that it is the mean of.
        block_size: images in each, of each kind.
    """

    value: float
    standard_error: float
    blocks: int
    block_size: int


def kernel_distance(real: np.ndarray, fake: np.ndarray) -> KernelDistance:
    """Kernel inception distance (Binkowski et al. 2018): squared MMD, kernel (x . y / d + 1)^3.

    The mean of the unbiased estimates of disjoint blocks of 1,000 images of each kind, smaller ones
    where there are fewer than 10 such blocks. They share no image, so the standard error of their
    mean is that of independent numbers. Unbiased for any n; only the error depends on it.

    Args:
        real: [n, d]; the order should be random.
        fake: [m, d].

    Raises:
        ValueError: fewer than 20 images of a kind.
    """
    n = min(len(real), len(fake))
    blocks = max(MIN_KID_BLOCKS, n // KID_BLOCK)
    size = n // blocks
    if size < 2:
        raise ValueError(f"{n} images of a kind are too few for KID; give at least 20")
    estimates = [
        _squared_mmd(
            np.asarray(real[k * size : (k + 1) * size], np.float64),
            np.asarray(fake[k * size : (k + 1) * size], np.float64),
        )
        for k in range(blocks)
    ]
    error = np.std(estimates, ddof=1) / np.sqrt(blocks)
    return KernelDistance(float(np.mean(estimates)), float(error), blocks, size)


def _squared_mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The unbiased estimate: pairs of an image with itself are left out."""
    n, d = x.shape
    within = 0.0
    for a in (x, y):
        kernel = (a @ a.T / d + 1.0) ** 3
        within += (kernel.sum() - np.trace(kernel)) / (n * (n - 1))
    return float(within - 2.0 * ((x @ y.T / d + 1.0) ** 3).mean())


NEAREST = 5


@dataclass(frozen=True)
class Manifold:
    """How far two sets of images lie among each other.

    Attributes:
        precision: share of fakes within the k-nearest-neighbour ball of some real image.
        recall: share of reals within the ball of some fake (both Kynkaanniemi et al. 2019).
        density: fakes' mean number of reals' balls that they lie in, over k; can exceed 1.
        coverage: share of reals in whose ball lies some fake (both Naeem et al. 2020).
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold(real: np.ndarray, fake: np.ndarray, k: int = NEAREST) -> Manifold:
    """Precision, recall, density and coverage.

    An image's ball reaches to its k-th nearest neighbour of the same set, boundary included. All
    four depend on the numbers of images and on k; two samples of one distribution, n each, have
    density 1 and coverage 1 - 2^-k in expectation. Distances are those of float64, in blocks, so
    memory stays small.

    Args:
        real: [n, d].
        fake: [m, d].
        k: neighbours, less than n and m.

    Raises:
        ValueError: too few images.
    """
    real, fake = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    if k >= min(len(real), len(fake)):
        raise ValueError(f"{len(real)} and {len(fake)} images: there must be more than k = {k}")
    real_radius, fake_radius = _radii(real, k), _radii(fake, k)
    covered, recalled = np.zeros(len(real), bool), np.zeros(len(real), bool)
    precise = balls = start = 0
    for distances in pairwise_distances_chunked(fake, real, working_memory=64):
        inside = distances <= real_radius
        precise += int(inside.any(axis=1).sum())
        balls += int(inside.sum())
        covered |= inside.any(axis=0)
        radius = fake_radius[start : start + len(distances), None]
        recalled |= (distances <= radius).any(axis=0)
        start += len(distances)
    return Manifold(
        precise / len(fake),
        float(recalled.mean()),
        balls / (k * len(fake)),
        float(covered.mean()),
    )


def _radii(x: np.ndarray, k: int) -> np.ndarray:
    """The distance of each image to its k-th nearest neighbour among the others."""
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x).kneighbors()[0][:, -1]


def nearest_neighbours(
    queries: np.ndarray, references: np.ndarray, k: int = NEAREST
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest references of each query, to see whether generators repeat training images.

    Args:
        queries: activations [m, d].
        references: activations [n, d] of the training images, n at least k.
        k: at least 1.

    Returns:
        Distances, float64 [m, k], ascending, and indices, int64 [m, k].
    """
    search = NearestNeighbors(n_neighbors=k, algorithm="brute")
    return search.fit(np.asarray(references, np.float64)).kneighbors(
        np.asarray(queries, np.float64)
    )


@dataclass(frozen=True)
class SampleQuality:
    """All of the above for one set of images.

    Attributes:
        n: images of the set.
        n_real: real images that FID and KID are computed with; precision, recall, density and
            coverage use as many as there are in the smaller set.
        fid: see `frechet_distance`.
        kid: see `kernel_distance`.
        kid_standard_error: of `kid`.
        precision: see `Manifold`, as the rest.
        recall: likewise.
        density: likewise.
        coverage: likewise.
    """

    n: int
    n_real: int
    fid: float
    kid: float
    kid_standard_error: float
    precision: float
    recall: float
    density: float
    coverage: float


def sample_quality(
    real: np.ndarray, fake: np.ndarray, real_gaussian: Gaussian | None = None
) -> SampleQuality:
    """Compares a set of images with real ones.

    Args:
        real: activations [n, d], in random order.
        fake: activations [m, d], in random order.
        real_gaussian: of `real`, if it is known already.

    Raises:
        ValueError: fewer than 20 images of a kind.
    """
    kernel = kernel_distance(real, fake)
    equal = min(len(real), len(fake))
    found = manifold(real[:equal], fake[:equal])
    return SampleQuality(
        len(fake),
        len(real),
        frechet_distance(real_gaussian or Gaussian.of(real), Gaussian.of(fake)),
        kernel.value,
        kernel.standard_error,
        found.precision,
        found.recall,
        found.density,
        found.coverage,
    )
