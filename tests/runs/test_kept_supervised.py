"""The supervised CNN of a finished run comes back as its summary scored it."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.evaluation import classification
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.kept_supervised import kept_supervised


def test_it_is_the_one_that_the_summary_scored(run_folder: Path) -> None:
    opened = FinishedRun(run_folder)
    data = opened.load_data()
    found, kept = kept_supervised(opened, data)
    summary: dict[str, Any] = opened.summary or {}
    score = classification(found.predict(data.test_images), data.test_labels)
    assert score.to_json() == summary["supervised"]  # To the last bit.
    assert found.iteration == 40
    # Saves are made every 10 iterations, and the last checkpoint stands before that at 40.
    assert kept == "checkpoint_00000040.npz, iteration 40, its last 10 iterations made again"


def test_it_is_read_and_not_trained_from_the_beginning(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    real = SupervisedBaseline.train_to

    def train_to(self: SupervisedBaseline, iteration: int) -> None:
        begun.append(self.iteration)
        real(self, iteration)

    monkeypatch.setattr(SupervisedBaseline, "train_to", train_to)
    opened = FinishedRun(run_folder)
    kept_supervised(opened, opened.load_data())
    assert begun == [30]


def test_what_holds_none_is_refused(run_copy: Path, unsupervised_run: Path) -> None:
    opened = FinishedRun(unsupervised_run)
    with pytest.raises(InputError, match="trained no supervised CNN"):
        kept_supervised(opened, opened.load_data())
    opened = FinishedRun(run_copy)
    data = opened.load_data()
    last = run_copy / "checkpoints" / "checkpoint_00000040.npz"
    other = next((unsupervised_run / "checkpoints").glob("*40.npz"))
    shutil.copy(other, last)
    with pytest.raises(InputError, match="it lacks supervised/"):
        kept_supervised(opened, data)
    last.write_bytes(last.read_bytes()[:-50])
    with pytest.raises(InputError, match=last.name):
        kept_supervised(opened, data)
    shutil.rmtree(run_copy / "checkpoints")
    with pytest.raises(InputError, match="has no checkpoint"):
        kept_supervised(opened, data)
