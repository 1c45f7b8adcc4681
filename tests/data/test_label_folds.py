"""Folds of labelled examples: equal, and of equal class frequencies."""

import numpy as np
import pytest

from bayesian_gan.data.label_folds import kept_labels, label_folds
from bayesian_gan.errors import InputError

NUM_LABELS = 23


def test_folds_are_equal_and_of_equal_class_frequencies() -> None:
    labels = np.repeat([0, 1, 2], [50, 31, 12])
    folds = label_folds(labels, 5, 3)
    sizes = np.bincount(folds[folds >= 0])
    np.testing.assert_array_equal(sizes, [18] * 5)
    assert np.sum(folds == -1) == 3
    for k in range(3):
        of_class = np.bincount(folds[(labels == k) & (folds >= 0)], minlength=5)
        assert of_class.max() - of_class.min() <= 1
    assert np.any(label_folds(labels, 5, 4) != folds)


def test_a_chain_keeps_all_but_its_fold() -> None:
    folds = label_folds(np.arange(NUM_LABELS) % 3, 5, 0)
    kept = kept_labels(folds, (1, 6, 2), 5)
    assert kept.shape == (3, 19)
    np.testing.assert_array_equal(kept[0], kept[1])
    assert set(range(NUM_LABELS)) - set(kept[2]) == set(np.flatnonzero(folds == 2))


def test_there_are_as_many_folds_as_labels_at_most() -> None:
    np.testing.assert_array_equal(np.sort(label_folds(np.zeros(3, int), 3, 0)), [0, 1, 2])
    with pytest.raises(InputError, match="label_folds is 4, and there are 3 labelled examples"):
        label_folds(np.zeros(3, int), 4, 0)
