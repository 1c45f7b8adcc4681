"""Tuning never sees the test set."""

from dataclasses import replace

import numpy as np
import pytest
from absl import flags

from bayesian_gan.data.catalogue import load
from bayesian_gan.data.image_data import UNLABELLED, ImageData
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.data.validation import hold_out, hold_out_labelled
from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define


def test_the_last_training_images_stand_for_the_test_set() -> None:
    data = load("digits", None)
    held = hold_out(data, 200)
    np.testing.assert_array_equal(held.test_images, data.images[-200:])
    np.testing.assert_array_equal(held.test_labels, data.labels[-200:])
    np.testing.assert_array_equal(held.images, data.images[:-200])
    split = label_split(held, 100, 0)
    assert split.indices.max() < len(data.images) - 200
    assert split.name != label_split(data, 100, 0).name


def test_a_run_and_what_is_done_with_it_later_divide_the_data_alike() -> None:
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", "--out_dir", "O", "--dataset", "digits", "--validation", "200"])
    data, whole = load_run_data(Config.from_flags(values)), load("digits", None)
    np.testing.assert_array_equal(data.test_images, whole.images[-200:])
    assert len(data.images) == len(whole.images) - 200


def test_a_class_in_one_part_only_and_too_many_images_are_refused() -> None:
    data = load("digits", None)
    with pytest.raises(InputError, match="give fewer"):
        hold_out(data, len(data.images))
    order = np.argsort(data.labels, kind="stable")
    sorted_data = replace(data, images=data.images[order], labels=data.labels[order])
    with pytest.raises(InputError, match="part only"):
        hold_out(sorted_data, 200)


def few_labels(data: ImageData, each: tuple[int, ...]) -> ImageData:
    """The digits with `each[k]` labels of class k, and no test set."""
    labels = np.full_like(data.labels, UNLABELLED)
    for k, count in enumerate(each):
        labels[np.flatnonzero(data.labels == k)[:count]] = k
    return replace(
        data,
        labels=labels,
        test_images=data.test_images[:0],
        test_labels=data.test_labels[:0],
        class_names=data.class_names[: len(each)],
    )


def content(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_labelled_images_are_held_out_by_class_and_by_content() -> None:
    data = few_labels(load("digits", None), (20, 10, 3))
    held = hold_out_labelled(data, 0.2)
    # 4, 2 and 0.6 of each class: of the last at least one.
    assert np.bincount(held.test_labels).tolist() == [4, 2, 1]
    assert np.bincount(held.labels + 1)[1:].tolist() == [16, 8, 2]
    assert not content(held.images) & content(held.test_images)
    assert len(held.images) + len(held.test_images) == len(data.images)
    order = np.random.default_rng(0).permutation(len(data.images))
    again = hold_out_labelled(
        replace(data, images=data.images[order], labels=data.labels[order]), 0.2
    )
    assert content(again.test_images) == content(held.test_images)
    assert "7 labelled images held out as test set" in held.notes[0]


def test_copies_of_held_out_images_leave_the_training_set() -> None:
    data = few_labels(load("digits", None), (20, 10))
    twice = replace(
        data,
        images=np.concatenate([data.images, data.images]),
        labels=np.concatenate([data.labels, np.full_like(data.labels, UNLABELLED)]),
    )
    held = hold_out_labelled(twice, 0.2)
    assert not content(held.images) & content(held.test_images)
    assert len(held.test_images) == 6
    assert "6 unlabelled images left out, being copies" in held.notes[1]


def test_what_cannot_be_held_out_is_refused() -> None:
    data = load("digits", None)
    with pytest.raises(InputError, match="has a test set of 500 images"):
        hold_out_labelled(data, 0.2)
    with pytest.raises(InputError, match="'1' of digits has 1 different"):
        hold_out_labelled(few_labels(data, (20, 1)), 0.2)
    with pytest.raises(InputError, match="nothing in digits is labelled"):
        hold_out_labelled(few_labels(data, (0, 0)), 0.2)
    with pytest.raises(InputError, match="1277 training images of digits have no label"):
        hold_out(few_labels(data, (10, 10)), 200)
    both = ["--out_dir", "O", "--dataset", "digits", "--validation", "9", "--test_fraction", "0.1"]
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", *both])
    with pytest.raises(InputError, match="leave one of them out"):
        load_run_data(Config.from_flags(values))
