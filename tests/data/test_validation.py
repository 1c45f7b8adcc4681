"""Tuning never sees the test set."""

from dataclasses import replace

import numpy as np
import pytest
from absl import flags

from bayesian_gan.data.catalogue import load
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.data.validation import hold_out
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
