"""Pictures as points: what all samples of a posterior see in them, in few numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayesian_gan.evaluation.uncertainty import uncertainty

if TYPE_CHECKING:
    from bayesian_gan.posterior.prediction import MemberOutputs

DIMENSIONS = 64
# Pictures that the directions are computed from, and numbers that are in memory at a time.
ROWS, LEAST_ROWS = 2000, 256
MOST_NUMBERS = 2**26
BATCH = 500


@dataclass(frozen=True, eq=False)
class Represented:
    """n pictures.

    Attributes:
        points: float32 [n, d], d at most `DIMENSIONS`. The squared distance of two is, up to what
            the left-out directions hold, the mean over samples of the squared distance of the
            sample's features, in units of their total variance.
        probabilities: mean over the samples, float64 [n, K].
        mutual_information: of class and sample, in nats, [n].
    """

    points: np.ndarray
    probabilities: np.ndarray
    mutual_information: np.ndarray


def represent(
    say: "Callable[[np.ndarray], MemberOutputs]", images: np.ndarray, seed: int
) -> Represented:
    """Asks all samples of all pictures, and reduces their features to principal components.

    The features of each sample are centred and divided by the root of their total variance, so that
    every sample counts alike, whatever its units; then they stand side by side. The directions are
    those of `ROWS` pictures, evenly spaced, of fewer where the samples are many.

    Args:
        say: of `Posterior.all_samples(features=True)`.
        images: uint8 [n, height, width, channels], at least 2.
        seed: of the components' computation, in [0, 2^32).
    """
    first = _features(say(images[:1]))
    rows = min(len(images), ROWS, max(LEAST_ROWS, MOST_NUMBERS // first.size))
    project = _projection(say, images, rows, seed)
    step = int(np.clip(MOST_NUMBERS // 4 // first.size, 16, BATCH))
    points, probabilities, informations = [], [], []
    for k in range(0, len(images), step):
        said = say(images[k : k + step])
        points.append(project(_features(said)))
        parts = uncertainty([said.probabilities])
        probabilities.append(parts.average)
        informations.append(parts.epistemic)
    return Represented(
        np.concatenate(points), np.concatenate(probabilities), np.concatenate(informations)
    )


def _features(said: "MemberOutputs") -> np.ndarray:
    assert said.features is not None
    return said.features


def _projection(
    say: "Callable[[np.ndarray], MemberOutputs]", images: np.ndarray, rows: int, seed: int
) -> Callable[[np.ndarray], np.ndarray]:
    """From features [S, n, F] to points [n, d]."""
    from sklearn.decomposition import PCA

    some = np.linspace(0, len(images) - 1, rows).round().astype(int)
    parts = [_features(say(images[some[k : k + BATCH]])) for k in range(0, rows, BATCH)]
    features = np.concatenate(parts, axis=1)
    means = features.mean(axis=1, keepdims=True)
    spreads = np.sqrt(features.var(axis=1, keepdims=True).sum(axis=2, keepdims=True))
    # Of a sample that sees all pictures alike nothing is left, rather than noise.
    scales = np.sqrt(len(features)) * np.where(spreads > 0, spreads, np.inf)

    def row(features: np.ndarray) -> np.ndarray:
        scaled = (features - means) / scales
        return scaled.transpose(1, 0, 2).reshape(features.shape[1], -1)

    flat = row(features)
    components = min(DIMENSIONS, *flat.shape)
    pca = PCA(components, svd_solver="randomized", random_state=seed).fit(flat)
    return lambda features: pca.transform(row(features)).astype(np.float32)
