"""How good a posterior's generators are: each, all together, and over all that was collected."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bayesian_gan.data.batches import to_uint8
from bayesian_gan.evaluation.features import ClassifierFeatures, FeatureExtractor
from bayesian_gan.evaluation.mode_coverage import mode_coverage
from bayesian_gan.evaluation.sample_quality import (
    Gaussian,
    frechet_distance,
    frechet_matrix,
    nearest_neighbours,
    sample_quality,
)

if TYPE_CHECKING:
    from bayesian_gan.data.image_data import ImageData
    from bayesian_gan.posterior import Posterior


@dataclass(frozen=True, eq=False)
class Generated:
    """Images of a posterior.

    Attributes:
        last: uint8 [n, height, width, channels] of the last draw's generators, in random order.
        owners: which generator made each, int64 [n].
        every: uint8 [n, ...] of the generators of all draws, in random order.
        again: uint8 [n / J, ...] of generator 0, with other z.
    """

    last: np.ndarray
    owners: np.ndarray
    every: np.ndarray
    again: np.ndarray


def generated(posterior: "Posterior", num: int, seed: int = 0) -> Generated:
    """Draws images to be measured.

    Args:
        posterior: with at least one draw.
        num: n, images of each of the two mixtures.
        seed: of z.
    """
    last, owners = posterior.generate_mixture(num, seed)
    every, _ = posterior.generate_mixture(num, seed + 1, posterior.iterations)
    again = posterior.generate(max(1, int((owners == 0).sum())), 0, seed + 2)
    return Generated(_pictures(last), owners, _pictures(every), _pictures(again))


def _pictures(images: np.ndarray) -> np.ndarray:
    """Images as uint8; vectors as they are."""
    return images if images.ndim == 2 else to_uint8(images).numpy()


@dataclass(frozen=True, eq=False)
class Suspects:
    """The generated images that are nearest to training images, and these.

    Attributes:
        images: uint8 [m, height, width, channels].
        neighbours: indices of the nearest training images, int64 [m, k].
        distances: in feature space, float64 [m, k].
    """

    images: np.ndarray
    neighbours: np.ndarray
    distances: np.ndarray


def sample_report(
    made: Generated,
    data: "ImageData",
    extractor: FeatureExtractor,
    seed: int = 0,
    memorisation: bool = True,
) -> tuple[dict[str, Any], Suspects | None]:
    """The part of `evaluation.json` on generated images, by one feature extractor.

    Real images are training images, n of them drawn at random. Beside the generators, the test set,
    if there is one, stands as one more row: what images as good as real ones would have.

    Args:
        made: images.
        data: real ones.
        extractor: of features; a classifier of the data also tells which classes are made.
        seed: of the real images.
        memorisation: whether the nearest neighbours among all training images are looked for.

    Returns:
        What goes into the file, and the pairs to look at for memorisation, if asked for.
    """
    # The order of the generated images is drawn by `seed` and `seed + 1` alone.
    order = np.random.default_rng((seed, 1)).permutation(len(data.images))
    chosen = np.sort(order[: len(made.last)])  # In this order a mapped file is read fastest.
    shuffle = np.random.default_rng((seed, 2)).permutation(len(chosen))
    train = extractor(data.images) if memorisation else None
    real = (extractor(data.images[chosen]) if train is None else train[chosen])[shuffle]
    gaussian = Gaussian.of(real)
    test = extractor(data.test_images[: len(made.last)]) if data.has_test else None
    last, every, again = (extractor(images) for images in (made.last, made.every, made.again))
    each = [last[made.owners == j] for j in range(made.owners.max() + 1)]
    gaussians = [Gaussian.of(a) for a in each]
    rows = {
        **{f"generator {j}": sample_quality(real, a, gaussian) for j, a in enumerate(each)},
        "all of the last draw": sample_quality(real, last, gaussian),
        "all of every draw": sample_quality(real, every, gaussian),
    }
    if test is not None:
        rows["test images"] = sample_quality(real, test, gaussian)
    report: dict[str, Any] = {
        "features": extractor.name,
        "note": extractor.note,
        "rows": {name: asdict(row) for name, row in rows.items()},
        "fid_between_generators": frechet_matrix(gaussians).tolist(),
        "fid_of_generator_0_to_itself": frechet_distance(gaussians[0], Gaussian.of(again)),
    }
    if isinstance(extractor, ClassifierFeatures):
        report["mode_coverage"] = mode_coverage(
            [extractor.classes(a) for a in each],
            each,
            extractor.classes(real),
            real,
            data.num_classes,
        ).to_json()
    if train is None:
        return report, None
    memory, suspects = _memorisation(made.every, every, test, train)
    return {**report, "memorisation": memory}, suspects


SUSPECTS = 10
MEMORISATION_IMAGES = 2000


def _memorisation(
    images: np.ndarray, fake: np.ndarray, test: np.ndarray | None, train: np.ndarray
) -> tuple[dict[str, Any], Suspects]:
    """Distances to the nearest training images, of generated images and, if any, of test images."""
    fake = fake[:MEMORISATION_IMAGES]
    distances, indices = nearest_neighbours(fake, train)
    closest = np.argsort(distances[:, 0])[:SUSPECTS]
    memory = {
        "n": len(fake),
        "n_train": len(train),
        "median_distance": float(np.median(distances[:, 0])),
    }
    if test is not None:
        # A test image is not in the training set: it tells how near is near.
        own, _ = nearest_neighbours(test[:MEMORISATION_IMAGES], train, 1)
        near = np.quantile(own, 0.01)
        memory |= {
            "median_distance_of_test_images": float(np.median(own)),
            "share_nearer_than_1_percent_of_test_images": float(np.mean(distances[:, 0] < near)),
        }
    return memory, Suspects(images[closest], indices[closest], distances[closest])
