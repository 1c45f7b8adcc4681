"""Arrays as a data set: which classes they are taken to have."""

import numpy as np
import pytest

from bayesian_gan.data.arrays import from_arrays
from bayesian_gan.errors import InputError

IMAGES = np.arange(4 * 8 * 8, dtype=np.uint8).reshape(4, 8, 8, 1)


def test_classes_are_those_up_to_the_largest_label() -> None:
    assert from_arrays(IMAGES, np.array([0, 2, -1, 2])).class_names == ("0", "1", "2")
    assert from_arrays(IMAGES, None, IMAGES[:2], np.array([0, 1])).class_names == ("0", "1")
    assert from_arrays(IMAGES).class_names == ()


def test_labels_that_count_from_one_are_refused_where_no_other_says_so() -> None:
    said = "labels count from 0, and these are 1..2"
    with pytest.raises(InputError, match=said):
        from_arrays(IMAGES, np.array([1, 2, -1, 1]))
    with pytest.raises(InputError, match=said):
        from_arrays(IMAGES, np.array([1, 2, -1, 1]), IMAGES[:2], np.array([1, 2]))
    with pytest.raises(InputError, match=said):
        from_arrays(IMAGES, None, IMAGES[:2], np.array([1, 2]))
    # A class that is in the test set alone, and names, say that 1 is the second class.
    assert (
        len(from_arrays(IMAGES, np.array([1, 2, -1, 1]), IMAGES[:2], np.array([2, 0])).class_names)
        == 3
    )
    names = ("a", "b", "c")
    assert from_arrays(IMAGES, np.array([1, 2, -1, 1]), class_names=names).class_names == names
