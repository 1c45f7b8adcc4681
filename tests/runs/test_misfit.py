"""When a run says that classes are not as frequent as its labels have them."""

from pathlib import Path

import numpy as np
import pytest
from conftest import make_run

from bayesian_gan.data import digits
from bayesian_gan.runs.misfit import TOLERATED_VARIATION, misfit

NAMES = ("a", "b", "c", "d")


@pytest.mark.parametrize(("excess", "fits"), [(0.04, True), (-0.04, True), (0.06, False)])
def test_frequencies_fit_up_to_the_tolerated_variation(excess: float, fits: bool) -> None:
    # One class has `excess` more than a quarter, another as much less: their total variation from equal ones.
    assert 0.04 < TOLERATED_VARIATION < 0.06
    counts = np.round(1000 * (0.25 + np.array([0.0, excess, 0.0, -excess]))).astype(int)
    found = misfit(np.arange(8) % 4, np.repeat(np.arange(4), counts), NAMES)
    assert (found is None) == fits


def test_the_class_that_fits_worst_is_named() -> None:
    of_all = np.repeat(np.arange(4), [10, 10, 10, 70])
    found = misfit(np.arange(8) % 4, of_all, NAMES)
    assert found is not None
    assert "class d is 25.0% of the labels and 70.0% of all" in found


@pytest.mark.parametrize(
    ("rare", "flags"),
    [
        (1, "3"),
        pytest.param(8, "3", marks=pytest.mark.slow),
        pytest.param(8, "0", marks=pytest.mark.slow),
    ],
)
def test_a_run_warns_where_classes_are_not_as_frequent_as_labels(
    tmp_path: Path, rare: int, flags: str
) -> None:
    data = digits.load()
    kept = np.flatnonzero((data.labels < 5) | (np.arange(len(data.labels)) % rare == 0))
    np.savez(
        tmp_path / "data.npz",
        images=data.images[kept],
        labels=data.labels[kept],
        test_images=data.test_images,
        test_labels=data.test_labels,
    )
    folder = make_run(
        tmp_path,
        *("--dataset", f"npz:{tmp_path / 'data.npz'}", "--class_frequencies", flags),
        *("--train_iter", "10", "--warm_up", "10"),
    )
    warned = "--class_frequencies draws predictions" in (folder / "run.log").read_text()
    assert warned == (rare == 8 and flags == "3")
