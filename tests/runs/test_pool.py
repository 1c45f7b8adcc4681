"""What `suggest` chooses among: pictures without a label, each look once."""

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from bayesian_gan.data.arrays import from_arrays
from bayesian_gan.errors import InputError
from bayesian_gan.runs.suggest import Request, _pool

IMAGES = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((6, 8, 8, 1), np.uint8)


def test_pictures_with_a_label_are_left_out() -> None:
    data = from_arrays(IMAGES, np.array([0, -1, 1, -1, -1, -1]))
    # The run has been told of one more.
    pool, notes = _pool(data, {0: "0", 2: "1", 4: "0"}, Request(1))
    assert pool.tolist() == [1, 3, 5]
    assert notes == []
    # One whose label the run has not used has one all the same.
    assert _pool(data, {0: "0", 4: "0"}, Request(1))[0].tolist() == [1, 3, 5]


def test_of_data_that_are_labelled_throughout_only_the_runs_labels_count() -> None:
    data = from_arrays(IMAGES, np.array([0, 1, 0, 1, 0, 1]))
    assert _pool(data, {0: "0", 3: "1"}, Request(1))[0].tolist() == [1, 2, 4, 5]


def test_what_looks_the_same_is_asked_for_once() -> None:
    images = IMAGES[[0, 1, 1, 2, 0, 2]]
    data = from_arrays(images, np.array([0, -1, -1, -1, -1, -1]))
    assert _pool(data, {0: "0"}, Request(1))[0].tolist() == [1, 3]
    with pytest.raises(InputError, match=r"nothing in .* is without a label that does not look"):
        _pool(from_arrays(IMAGES[[0, 0]], np.array([0, -1])), {0: "0"}, Request(1))


def test_of_many_some_are_drawn_by_the_seed() -> None:
    data = from_arrays(IMAGES, np.array([0, -1, -1, -1, -1, -1]))
    drawn = [_pool(data, {0: "0"}, Request(2, among=2, seed=seed)) for seed in (1, 1, 2, 3, 4)]
    assert drawn[0][1] == [
        "looked at 2 of 5 pictures without a label, drawn at random (--among)",
    ]
    assert drawn[0][0].tolist() == drawn[1][0].tolist()
    assert len({tuple(pool) for pool, _ in drawn}) > 1
    assert _pool(data, {0: "0"}, Request(2, among=5))[1] == []


def test_names_that_no_file_of_labels_can_hold_are_left_out() -> None:
    names = ("a", "é", "\udcff", "d", "e", "f")
    data = replace(from_arrays(IMAGES, np.array([0, -1, -1, -1, -1, -1])), names=names)
    pool, notes = _pool(data, {0: "0"}, Request(1))
    assert pool.tolist() == [1, 3, 4, 5]
    assert notes == ["1 pictures whose names are not UTF-8 are left out"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request(0), "--num 0: give the number of pictures to label, at least 1"),
        (Request(3, among=2), "--among 2: give at least --num, 3"),
        (Request(1, seed=-1), r"--seed -1: give one in \[0, 2\^32\)"),
        (Request(1, seed=2**32), r"--seed 4294967296: give one in \[0, 2\^32\)"),
    ],
)
def test_what_cannot_be_asked_for(request_: Request, said: str) -> None:
    with pytest.raises(InputError, match=said):
        request_.check(cast(Any, None))
