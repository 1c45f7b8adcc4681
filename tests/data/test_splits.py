"""Label splits: exact sizes, balance, and a choice that depends on the name and nothing else."""

import itertools
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesian_gan.data import catalogue
from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.content import digests
from bayesian_gan.data.image_data import UNLABELLED
from bayesian_gan.data.splits import LabelSplit, label_split, save_split
from bayesian_gan.errors import InputError


def random_data(counts: list[int], seed: int = 0) -> ImageData:
    """Random 4 x 4 images, `counts[k]` of class k, shuffled."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(counts), dtype=np.int32), counts))
    return ImageData(
        images=rng.integers(0, 256, (len(labels), 4, 4, 1), dtype=np.uint8),
        labels=labels,
        test_images=np.zeros((1, 4, 4, 1), np.uint8),
        test_labels=np.zeros(1, np.int32),
        class_names=tuple(f"c{k}" for k in range(len(counts))),
        name="random",
        provenance="drawn by a test",
    )


DATA = random_data([40, 50, 60])

GOLDEN_INDICES = [171, 1054, 1072, 339, 690, 1199, 496, 736, 862, 1110, 974, 477]
GOLDEN_LABELS = [5, 7, 6, 1, 0, 2, 3, 4, 9, 8, 3, 8]


@pytest.mark.parametrize("num_labelled", [3, 4, 5, 63, 64, 65, 100, 119, 120])
@pytest.mark.parametrize("label_seed", [0, 3])
def test_exactly_n_different_examples_balanced(num_labelled: int, label_seed: int) -> None:
    split = label_split(DATA, num_labelled, label_seed)
    assert split.name == f"random.{label_seed}@{num_labelled}"
    assert split.label_seed == label_seed
    assert split.indices.dtype == np.int64
    assert len(set(split.indices.tolist())) == num_labelled == len(split.indices)
    np.testing.assert_array_equal(split.images, DATA.images[split.indices])
    np.testing.assert_array_equal(split.labels, DATA.labels[split.indices])
    counts = np.bincount(split.labels, minlength=3)
    assert set(counts.tolist()) <= {num_labelled // 3, -(-num_labelled // 3)}


def images_of(split: LabelSplit) -> list[bytes]:
    return [image.tobytes() for image in split.images]


@pytest.mark.parametrize("num_labelled", [3, 50, 100])
def test_the_order_of_the_data_does_not_matter(num_labelled: int) -> None:
    order = np.random.default_rng(1).permutation(len(DATA.labels))
    reordered = replace(DATA, images=DATA.images[order], labels=DATA.labels[order])
    first, second = (label_split(data, num_labelled, 3) for data in (DATA, reordered))
    assert images_of(first) == images_of(second)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert not np.array_equal(first.indices, second.indices)


def test_the_layout_in_memory_does_not_matter() -> None:
    columns_first = np.ascontiguousarray(DATA.images.swapaxes(1, 2)).swapaxes(1, 2)
    other = replace(DATA, images=columns_first)
    np.testing.assert_array_equal(
        label_split(DATA, 30, 3).indices, label_split(other, 30, 3).indices
    )


def test_a_name_means_the_same_images_for_ever() -> None:
    # Published results name their splits: digits.3@12 has to remain this one.
    split = label_split(catalogue.load("digits"), 12, 3)
    assert split.name == "digits.3@12"
    assert split.indices.tolist() == GOLDEN_INDICES
    assert split.labels.tolist() == GOLDEN_LABELS


def test_splits_of_one_seed_are_nested() -> None:
    splits = [set(label_split(DATA, n, 3).indices.tolist()) for n in range(3, 121)]
    assert all(a < b for a, b in itertools.pairwise(splits))


def test_every_example_and_every_class_has_the_same_chance() -> None:
    seeds, N = 600, 10
    times = np.zeros(len(DATA.labels))
    extra = np.zeros(3)
    for label_seed in range(seeds):
        split = label_split(DATA, N, label_seed)
        times[split.indices] += 1
        extra += np.bincount(split.labels, minlength=3) == 4
    # One class of three has 4, not 3: 200 +- sqrt(600 * 2/9) = 11.5 times each; 4 sigma.
    assert extra.sum() == seeds
    assert np.all(np.abs(extra - 200) < 46)
    # Within a class all examples share 3 1/3 draws. A count is binomial, and the sum of the squares
    # in units of its variance is near chi-squared with 150 degrees of freedom: 150 +- 17.3; 4
    # sigma.
    p = (10 / 3) / np.bincount(DATA.labels)[DATA.labels]
    chi_squared = np.sum((times - seeds * p) ** 2 / (seeds * p * (1 - p)))
    assert abs(chi_squared - 150) < 70


def test_the_order_within_a_split_mixes_the_classes() -> None:
    # Sorted by class, minibatches of consecutive examples would hold one class.
    labels = label_split(DATA, 120, 3).labels
    changes = np.sum(labels[1:] != labels[:-1])
    # 119 neighbours differ with probability 2/3: 79.3 +- 5.1.
    assert abs(changes - 79.3) < 21


def test_equal_images_are_taken_in_their_order() -> None:
    images = DATA.images.copy()
    images[DATA.labels == 1] = 7
    split = label_split(replace(DATA, images=images), 6, 0)
    taken = split.indices[split.labels == 1]
    np.testing.assert_array_equal(taken, np.flatnonzero(DATA.labels == 1)[:2])


def partly(counts: list[int], unlabelled: int = 30) -> ImageData:
    """`counts[k]` labelled images of class k and others without a label."""
    data = random_data([*counts, unlabelled])
    labels = np.where(data.labels == len(counts), UNLABELLED, data.labels)
    return replace(data, labels=labels, class_names=data.class_names[:-1])


def test_all_labels_are_taken_however_many_each_class_has() -> None:
    data = partly([9, 4, 2])
    split = label_split(data, "all", 3)
    assert split.name == "random.all@15"
    assert sorted(split.indices.tolist()) == np.flatnonzero(data.labels >= 0).tolist()
    np.testing.assert_array_equal(split.labels, data.labels[split.indices])
    np.testing.assert_array_equal(split.images, data.images[split.indices])
    # There is nothing to draw.
    assert split.indices.tolist() == label_split(data, "all", 4).indices.tolist()


def test_fewer_are_drawn_from_the_labelled_ones_alone() -> None:
    data = partly([9, 4, 5])
    split = label_split(data, 9, 3)
    assert np.bincount(split.labels).tolist() == [3, 3, 3]
    assert np.all(data.labels[split.indices] == split.labels)
    with pytest.raises(InputError, match="18 labelled examples; give at most --N 12, 4 of each"):
        label_split(data, 19, 3)


@pytest.mark.parametrize("asked", ["all", 4])
def test_data_without_labels_or_with_one_class_are_refused(asked: Any) -> None:
    data = partly([9, 4])
    unlabelled = replace(data, labels=np.full_like(data.labels, UNLABELLED))
    with pytest.raises(InputError, match=f"--N {asked}: nothing in random is labelled; .*--nosemi"):
        label_split(unlabelled, asked, 0)
    with pytest.raises(InputError, match="no labelled training example of class 'c1'"):
        label_split(replace(data, labels=np.minimum(data.labels, 0)), asked, 0)


@pytest.mark.parametrize(
    ("counts", "num_labelled", "reason"),
    [
        ([5, 5, 5], 0, "at least one labelled example"),
        ([5, 5, 5], -3, "at least one labelled example"),
        ([5, 5, 5], 2, "a class with no example .* at least --N 3"),
        ([5, 5, 5], 16, "15 training examples; give at most --N 15"),
        ([5, 4, 9], 15, "5 examples of class 'c1' are needed, and random has 4.* at most --N 12"),
        ([5, 0, 9], 6, "no labelled training example of class 'c1'"),
        ([5, 5, 0], 2, "no labelled training example of class 'c2'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(counts: list[int], num_labelled: int, reason: str) -> None:
    with pytest.raises(InputError, match=f"--N {num_labelled}: .*{reason}") as caught:
        label_split(random_data(counts), num_labelled, 0)
    assert "\n" not in str(caught.value)


def test_the_advice_of_a_refusal_works() -> None:
    assert len(label_split(random_data([5, 4, 9]), 12, 0).indices) == 12


@pytest.mark.parametrize("label_seed", [-1, 2**63])
def test_a_label_seed_out_of_range_is_refused(label_seed: int) -> None:
    with pytest.raises(InputError, match="--label_seed"):
        label_split(DATA, 10, label_seed)


def test_the_largest_label_seed_is_served() -> None:
    assert label_split(DATA, 10, 2**63 - 1).name == f"random.{2**63 - 1}@10"


def test_a_saved_split_finds_its_images_in_another_copy(tmp_path: Path) -> None:
    split = label_split(DATA, 20, 3)
    path = tmp_path / "labelled.json"
    save_split(path, split)
    saved = json.loads(path.read_text())
    assert saved["name"] == "random.3@20"
    assert saved["label_seed"] == 3
    assert saved["indices"] == split.indices.tolist()
    assert saved["labels"] == split.labels.tolist()
    place = {digest.hex(): i for i, digest in enumerate(digests(DATA.images))}
    assert [place[content] for content in saved["content"]] == saved["indices"]
    assert list(tmp_path.iterdir()) == [path]


def test_saving_that_fails_leaves_the_earlier_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "labelled.json"
    save_split(path, label_split(DATA, 20, 3))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_split(path, label_split(DATA, 30, 4))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
