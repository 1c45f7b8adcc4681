"""Which pictures are chosen to be labelled, on points whose clusters are known."""

import numpy as np
import pytest

from bayesian_gan.evaluation import choosing
from bayesian_gan.evaluation.representation import Represented, represent
from bayesian_gan.evaluation.uncertainty import uncertainty
from bayesian_gan.posterior.prediction import MemberOutputs

SIZES = (30, 5, 20, 12, 8)


def blobs(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Five clusters that lie far apart, of `SIZES` points, in random order; points and clusters."""
    rng = np.random.default_rng(seed)
    of = rng.permutation(np.repeat(np.arange(5), SIZES))
    middles = 100.0 * np.eye(5)
    return middles[of] + rng.normal(size=(len(of), 5)), of


@pytest.mark.parametrize("seed", range(3))
def test_typical_takes_the_middles_of_the_largest_clusters_without_a_label(seed: int) -> None:
    points, of = blobs(seed)
    # Cluster 0, the largest, has two labels, which with 3 to choose makes five clusters.
    labelled = 100.0 * np.eye(5)[[0, 0]] + [[0.5], [-0.5]]
    found = choosing.typical(points, labelled, 3, seed)
    assert of[found.places].tolist() == [2, 3, 4]
    assert found.sizes is not None
    assert found.sizes.tolist() == [20, 12, 8]
    for place in found.places:
        members = np.flatnonzero(of == of[place])
        distances = np.linalg.norm(points[members] - points[members].mean(axis=0), axis=1)
        assert place == members[distances.argmin()]
    again = choosing.typical(points, labelled, 3, seed)
    np.testing.assert_array_equal(again.places, found.places)


def test_typical_needs_no_labels() -> None:
    points, of = blobs()
    found = choosing.typical(points, np.zeros((0, 5)), 5, 0)
    assert of[found.places].tolist() == [0, 2, 3, 4, 1]


def test_a_cluster_with_a_label_is_never_chosen() -> None:
    points, _ = blobs()
    points, labelled = points[10:], points[:10]
    for num in (1, 7, 40):
        found = choosing.typical(points, labelled, num, 0)
        assert len(set(found.places.tolist())) == num
    # Three kinds of points, one of them labelled: two are left, whatever is asked for.
    kinds = np.repeat(np.eye(3), 4, axis=0)
    found = choosing.typical(kinds, np.eye(3)[:1], 5, 0)
    assert sorted(kinds[found.places].argmax(axis=1)) == [1, 2]


def test_with_many_labels_the_clusters_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "MOST_CLUSTERS", 5)
    points, of = blobs()
    labelled = 100.0 * np.eye(5)[[0, 0, 0, 2, 2, 3, 4]]
    found = choosing.typical(points, labelled, 2, 0)
    assert of[found.places].tolist() == [1, 3]
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1]


def test_uncertain_is_far_apart_among_the_most_uncertain() -> None:
    points, of = blobs()
    information = np.where(np.isin(of, (1, 3)), 1.0, 0.1)
    information[np.flatnonzero(of == 3)[4]] = 2.0
    # 20 candidates: the 17 of clusters 1 and 3, and the first three others.
    found = choosing.uncertain(points, np.zeros((0, 5)), information, 2)
    assert found.places[0] == np.flatnonzero(of == 3)[4]
    assert of[found.places[1]] != 3
    labelled = 100.0 * np.eye(5)[[1]]
    places = choosing.uncertain(points, labelled, information, 1).places
    assert places.tolist() == [np.flatnonzero(of == 3)[4]]


def test_uncertain_is_the_greedy_k_centre() -> None:
    rng = np.random.default_rng(1)
    points, labelled, information = (
        rng.normal(size=(90, 3)),
        rng.normal(size=(4, 3)),
        rng.random(90),
    )
    found = choosing.uncertain(points, labelled, information, 8).places
    candidates = sorted(range(90), key=lambda i: -information[i])[:80]
    expected, centres = [candidates[0]], [*labelled, points[candidates[0]]]
    while len(expected) < 8:
        gaps = [min(np.linalg.norm(points[i] - c) for c in centres) for i in candidates]
        expected.append(candidates[int(np.argmax(gaps))])
        centres.append(points[expected[-1]])
    assert found.tolist() == expected


def test_no_point_is_chosen_twice_and_none_that_is_labelled() -> None:
    points = np.repeat(np.eye(3), 4, axis=0)
    found = choosing.uncertain(points, np.eye(3)[:1], np.ones(12), 9)
    assert sorted(points[found.places].argmax(axis=1)) == [1, 2]
    assert len(choosing.uncertain(points[:4], np.eye(3)[:1], np.ones(4), 2).places) == 0


def test_random_is_a_permutation_s_beginning() -> None:
    few, many = choosing.at_random(50, 5, 3).places, choosing.at_random(50, 80, 3).places
    np.testing.assert_array_equal(few, many[:5])
    assert sorted(many) == list(range(50))
    assert choosing.at_random(50, 5, 4).places.tolist() != few.tolist()


def test_nearest() -> None:
    rng = np.random.default_rng(0)
    points, others = rng.normal(size=(7, 20)), rng.normal(size=(9, 20))
    places, distances = choosing.nearest(points, others, 3)
    all_of = np.linalg.norm(points[:, None] - others[None], axis=2)
    np.testing.assert_array_equal(places, all_of.argsort(axis=1)[:, :3])
    np.testing.assert_allclose(distances, np.sort(all_of, axis=1)[:, :3])
    assert choosing.nearest(points, others[:2], 3)[0].shape == (7, 2)


# ------------------------------------------------------------------------------- points


def outputs(images: np.ndarray) -> MemberOutputs:
    """Three samples with two features, of units of their own; the third sees all images alike."""
    x = images[:, 0, 0, :].astype(np.float64) / 255
    features = np.stack([x[:, :2], 1000 * x[:, 1:] - 7, np.ones_like(x[:, :2])])
    p = np.stack([x[:, :1], x[:, 1:2], x[:, 2:]])
    return MemberOutputs(np.concatenate([p, 1 - p], axis=2), p[..., 0], features.astype(np.float32))


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (1234, 1, 1, 3), dtype=np.uint8)


def test_distances_are_means_over_samples(pictures: np.ndarray) -> None:
    found = represent(outputs, pictures, 0)
    assert isinstance(found, Represented)
    features = outputs(pictures).features
    assert features is not None
    expected = 0.0
    for sample in features[:2].astype(np.float64):
        apart = ((sample[:, None, :] - sample[None, :50, :]) ** 2).sum(axis=2)
        expected = expected + apart / sample.var(axis=0).sum() / 3
    squared = ((found.points[:, None, :] - found.points[None, :50, :]) ** 2).sum(axis=2)
    np.testing.assert_allclose(squared, expected, rtol=1e-3, atol=1e-4)


def test_batches_are_joined(pictures: np.ndarray) -> None:
    found, parts = represent(outputs, pictures, 0), uncertainty([outputs(pictures).probabilities])
    np.testing.assert_allclose(found.probabilities, parts.average)
    np.testing.assert_allclose(found.mutual_information, parts.epistemic)
