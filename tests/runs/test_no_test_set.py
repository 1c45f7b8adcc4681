"""A run on partly labelled data without a test set: nothing is held out, and no error is made up."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import run_flagged
from rich.console import Console
from schemas import check_evaluation

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.monitoring.events import read_events
from bayesian_gan.report.live import live_table
from bayesian_gan.runs.finished import FinishedRun

FLAGS = (
    "--df_dim 2 --gf_dim 2 --num_layers 1 --z_dim 2 --batch_size 8 --train_iter 20 --n_save 10 --warm_up 10 "
    "--collect_every 5 --save_samples --preset none"
)
COUNTS = (7, 4, 2)


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    """A hundred digits, of which 7 zeros, 4 ones and 2 twos are labelled."""
    data = digits.load()
    images, labels = data.images[:100], data.labels[:100]
    given = np.full(100, -1)
    for k, count in enumerate(COUNTS):
        given[np.flatnonzero(labels == k)[:count]] = k
    return {"X": images, "y": given}


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, Any]) -> Path:
    """The folder of a run on them."""
    place = tmp_path_factory.mktemp("no_test_set")
    np.savez(place / "own.npz", **arrays)
    return run_flagged(*FLAGS.split(), "--data", str(place / "own.npz"), "--out_dir", str(place))


def test_all_labels_are_used_and_nothing_is_held_out(run_dir: Path, arrays: dict[str, Any]) -> None:
    found = FinishedRun(run_dir)
    assert found.split is not None
    assert found.split["name"] == "own.all@13"
    assert sorted(found.split["indices"]) == np.flatnonzero(arrays["y"] >= 0).tolist()
    assert np.bincount(found.split["labels"]).tolist() == list(COUNTS)
    data = json.loads((run_dir / "data.json").read_text())
    assert (data["num_train"], data["num_test"]) == (100, 0)


def test_no_score_stands_anywhere(run_dir: Path) -> None:
    summary: dict[str, Any] = FinishedRun(run_dir).summary or {}
    assert (summary["num_labelled"], summary["num_test"]) == (13, 0)
    assert summary["posterior"]["num_samples"] == 2
    assert "error_rate" not in summary["posterior"]
    assert all(summary[name] is None for name in ("supervised", "single", "ensemble"))
    assert "acc" not in (run_dir / "log.csv").read_text().splitlines()[0]
    assert not any("acc" in name for name in json.loads((run_dir / "results_20.json").read_text()))
    tags = {
        value.tag
        for path in (run_dir / "tensorboard").iterdir()
        for event in read_events(path.read_bytes())
        for value in event.summary.value
    }
    assert "discriminator_energy" in tags
    assert not any("acc" in tag for tag in tags)
    assert "no test set" in (run_dir / "run.log").read_text()


def test_the_rest_is_there(run_dir: Path) -> None:
    assert (run_dir / "RAW_20.png").exists()
    functionals = (run_dir / "functionals.csv").read_text().splitlines()
    assert len(functionals) > 1
    assert len(list((run_dir / "posterior").glob("draw_*.npz"))) == 2


def test_watch_and_report_say_so(run_dir: Path) -> None:
    console = Console(record=True, width=200)
    console.print(live_table(FinishedRun(run_dir)))
    text = console.export_text()
    assert "no test set" in text
    assert "error %" not in text
    assert main(["report", str(run_dir)]) == 0
    page = (run_dir / "report.html").read_text()
    assert "whether the probabilities are right cannot be told" in page
    assert "no test set" in page
    assert "13 labels of own" in page
    assert "there is no test set" in page
    assert "error, posterior average" not in page


def test_evaluate_says_so_and_judges_the_generators(
    run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(run_dir), "--num_images", "20"]) == 0
    check_evaluation(run_dir)
    printed = capsys.readouterr().out
    assert "no test set" in printed
    found = json.loads((run_dir / "evaluation.json").read_text())
    assert "classification" not in found
    (features,) = found["samples"]["features"].values()
    assert "test images" not in features["rows"]
    assert "generator 0" in features["rows"]
    assert list(features["memorisation"]) == ["n", "n_train", "median_distance"]
    assert "test images" not in printed
    for asked in (("--ood", "digits"), ("--attack", "fgsm", "--epsilon", "0.1")):
        assert main(["evaluate", str(run_dir), *asked]) == 2
        assert "no test set" in capsys.readouterr().err


@pytest.mark.parametrize("damage", [lambda y: np.where(y >= 0, 0, -1), lambda y: y * 0 - 1])
def test_a_run_with_labels_needs_two_classes(
    tmp_path: Path, arrays: dict[str, Any], damage: Callable[..., Any], command_line: Any
) -> None:
    np.savez(tmp_path / "own.npz", X=arrays["X"], y=damage(arrays["y"]))
    result = command_line(
        [*FLAGS.split(), "--data", str(tmp_path / "own.npz"), "--out_dir", str(tmp_path / "O")]
    )
    result.refused("--N all", "--nosemi")


def test_without_labels_at_all_it_runs_unsupervised(tmp_path: Path, arrays: dict[str, Any]) -> None:
    np.savez(tmp_path / "own.npz", images=arrays["X"])
    flags = [*FLAGS.split(), "--data", str(tmp_path / "own.npz"), "--out_dir", str(tmp_path)]
    folder = run_flagged(*flags, "--nosemi", "--train_iter", "10")
    assert (FinishedRun(folder).summary or {})["num_labelled"] == 0
