"""Which runs on data of one's own withhold labels to calibrate, without being told."""

import pytest
from conftest import parse_flags

from bayesian_gan.options.config import Config
from bayesian_gan.options.own_preset import calibrated, folds_of


@pytest.mark.parametrize(
    ("num_labels", "K"),
    [(1, 1), (49, 1), (50, 5), (199, 5), (200, 10), (5499, 10), (5500, 11), (50_000, 100)],
)
def test_folds_grow_with_the_labels(num_labels: int, K: int) -> None:
    assert folds_of(num_labels) == K
    # Two chains have ten answers each at least, and no chain loses more than a fifth.
    assert K == 1 or (num_labels // K >= 10 and K >= 5)


def _config(*flags: str) -> Config:
    return parse_flags("--out_dir=/tmp", *flags)


@pytest.mark.parametrize(
    "flags",
    [
        ("--data=pictures",),
        ("--data=pictures.npz",),
        ("--data=rows.csv", "--label_column=y"),
        ("--data=pictures", "--preset=laptop_balanced"),
        ("--data=pictures", "--wasserstein", "--num_mcmc=2"),
        ("--data=pictures", "--num_mcmc=5"),
    ],
    ids=" ".join,
)
def test_a_run_on_own_data_withholds_labels(flags: tuple[str, ...]) -> None:
    config = _config(*flags)
    assert config.label_folds == 1  # Until the labels are counted.
    assert calibrated(config, 100, set()).label_folds == 5
    assert calibrated(config, 20, set()).label_folds == 1


@pytest.mark.parametrize(
    "flags",
    [
        ("--dataset=mnist", "--preset=laptop"),  # The paper's data are compared with the paper.
        ("--dataset=digits", "--preset=laptop"),
        ("--data=pictures", "--preset=paper"),
        ("--data=pictures", "--preset=none"),
        ("--data=pictures", "--objective=authors"),
        ("--data=pictures", "--num_mcmc=1"),  # What the one chain loses nobody learns.
        ("--data=pictures", "--ml"),
        ("--data=pictures", "--ml_ensemble=3"),
        ("--data=pictures", "--start_from=run"),
    ],
    ids=" ".join,
)
def test_others_learn_from_all(flags: tuple[str, ...]) -> None:
    assert calibrated(_config(*flags), 100, set()).label_folds == 1


@pytest.mark.parametrize("K", [1, 3])
def test_what_is_asked_for_stays(K: int) -> None:
    config = _config("--data=pictures", f"--label_folds={K}")
    assert calibrated(config, 100, {"label_folds"}) == config
