"""Which pictures to label next: arrays in, places out.

typical    the middles of the largest clusters that no label covers (Hacohen, Dekel & Weinshall 2022,
           "Active learning on a budget")
uncertain  of the pictures that the posterior samples disagree on most, some that lie far apart: k-centre
           (Sener & Savarese 2018) among the largest mutual information (Houlsby et al. 2011)
random     any
"""

import warnings
from dataclasses import dataclass

import numpy as np

# Of so many times the pictures that are asked for, the most uncertain, k-centre chooses.
CANDIDATES = 10
STARTS = 4
MOST_CLUSTERS = 1000


@dataclass(frozen=True, eq=False)
class Choice:
    """Pictures without a label that were chosen, the most useful first.

    Attributes:
        places: among those without a label, integers [m]; m may be less than was asked for.
        sizes: of `typical`, how many of the pictures without a label each one's cluster holds, [m].
        labels: likewise, of those with one.
    """

    places: np.ndarray
    sizes: np.ndarray | None = None
    labels: np.ndarray | None = None


def typical(points: np.ndarray, labelled: np.ndarray, num: int, seed: int) -> Choice:
    """The medoids of the largest clusters that hold no labelled picture.

    All pictures, labelled or not, are parted by k-means into L + num clusters, L of them labelled.
    The L can cover L clusters at most, so that num are left. Of each of the num largest of these,
    the picture next to its mean is chosen. Fewer are, where fewer pictures are different.

    With thousands of labels there are no more than `MOST_CLUSTERS` clusters, and where labels cover
    too many of these, those with the fewest labels follow.

    Args:
        points: of the pictures without a label, [n, d].
        labelled: of those with one, [L, d]; L may be 0.
        num: how many, at least 1.
        seed: of k-means, in [0, 2^32).
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    every = np.concatenate([labelled, points])
    most = max(MOST_CLUSTERS, 2 * num)
    count = min(len(labelled) + num, most, len(np.unique(every, axis=0)))
    means = KMeans(count, n_init=STARTS, random_state=seed)
    with warnings.catch_warnings():
        # It finds that some of the points are all but equal, and makes fewer clusters.
        warnings.simplefilter("ignore", ConvergenceWarning)
        clusters = means.fit_predict(every)
    of_points = clusters[len(labelled) :]
    sizes = np.bincount(of_points, minlength=count)
    labels = np.bincount(clusters[: len(labelled)], minlength=count)
    # The sort is stable: of clusters of one size the first.
    order = np.lexsort((-sizes, labels))
    usable = (sizes > 0) & ((labels == 0) | (len(labelled) + num > most))
    chosen = order[usable[order]][:num]
    places = []
    for k in chosen:
        members = np.flatnonzero(of_points == k)
        distances = np.linalg.norm(points[members] - means.cluster_centers_[k], axis=1)
        places.append(members[distances.argmin()])
    return Choice(np.array(places, np.int64), sizes[chosen], labels[chosen])


def uncertain(
    points: np.ndarray, labelled: np.ndarray, mutual_information: np.ndarray, num: int
) -> Choice:
    """Pictures far apart among those of the largest mutual information of class and sample.

    The candidates are the `CANDIDATES` * num most uncertain. The most uncertain of all is chosen
    first; then, one after another, the candidate that lies farthest from all labelled and chosen
    pictures. One that lies where such a picture lies is not chosen.

    Args:
        points: of the pictures without a label, [n, d].
        labelled: of those with one, [L, d]; L may be 0.
        mutual_information: of those without one, [n].
        num: how many, at least 1.
    """
    candidates = np.argsort(-mutual_information, kind="stable")[: CANDIDATES * num]
    at = points[candidates]
    distances = nearest(at, labelled, 1)[1][:, 0] if len(labelled) else np.full(len(at), np.inf)
    chosen: list[int] = []
    while len(chosen) < min(num, len(at)):
        # Without any centre yet, and at the start, the most uncertain.
        k = int(distances.argmax()) if chosen else int(np.argmax(distances > 0))
        if not distances[k] > 0:
            break
        chosen.append(k)
        distances = np.minimum(distances, np.linalg.norm(at - at[k], axis=1))
    return Choice(candidates[chosen].astype(np.int64))


def at_random(count: int, num: int, seed: int) -> Choice:
    """Some of `count` pictures, each as likely as any other; those of num are among those of num + 1.

    Args:
        count: pictures without a label.
        num: how many, at least 1.
        seed: not negative.
    """
    return Choice(np.random.default_rng(seed).permutation(count)[:num])


def nearest(points: np.ndarray, others: np.ndarray, num: int) -> tuple[np.ndarray, np.ndarray]:
    """The nearest others of each point, the nearest first.

    Args:
        points: [n, d].
        others: [L, d], at least one.
        num: how many; all where there are fewer.

    Returns:
        Places among the others and distances, [n, min(num, L)] each.
    """
    from scipy.spatial import cKDTree

    count = min(num, len(others))
    distances, places = cKDTree(others).query(points, k=range(1, count + 1))
    return places, distances
