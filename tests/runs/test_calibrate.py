"""A run with folds of labels, from its end to what `predict`, `evaluate` and `report` say."""

import csv
import json
import shutil
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
from conftest import make_run, parse_flags, run_flagged
from schemas import check_evaluation
from scipy.special import softmax

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.errors import InputError
from bayesian_gan.evaluation import classification
from bayesian_gan.evaluation.temperature import fit_temperature
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs import prepare
from bayesian_gan.runs.finished import FinishedRun

K = 4


class Made(NamedTuple):
    """A run of two chains and two discriminators each, and what each chain was given.

    Attributes:
        folder: of the run.
        given: the labelled images that each chain learns from.
    """

    folder: Path
    given: list[np.ndarray]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Its training is watched."""
    given: list[np.ndarray] = []
    take = BayesianGAN._take

    def watched(self: BayesianGAN, checked: Any) -> None:
        given[:] = [checked.labelled_images[places] for places in checked.kept]
        take(self, checked)

    flags = ("--N=42", f"--label_folds={K}", "--num_disc=2", "--num_gen=1", "--lr=0.02")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BayesianGAN, "_take", watched)
        return Made(make_run(tmp_path_factory.mktemp("folds"), *flags), given)


@pytest.fixture(scope="module")
def run_dir(made: Made) -> Path:
    """Its folder."""
    return made.folder


@cache
def _posterior(run_dir: Path) -> Posterior:
    return FinishedRun(run_dir).posterior


def _chains(run_dir: Path, images: np.ndarray) -> np.ndarray:
    """What each chain predicts, [M, n, classes]: of a draw its two discriminators follow each other."""
    draws = np.stack(list(_posterior(run_dir).member_probabilities(images)))
    return np.stack([draws[:, :2].mean((0, 1)), draws[:, 2:].mean((0, 1))])


def test_the_temperature_is_fitted_to_labels_that_a_chain_was_not_given(made: Made) -> None:
    run_dir = made.folder
    split: Any = FinishedRun(run_dir).split
    data = digits.load()
    images, labels = data.images[split["indices"]], np.array(split["labels"])
    p, y = [], []
    for seen, chain in zip(made.given, _chains(run_dir, images), strict=True):
        unseen = np.array([not (seen == image).all(axis=(1, 2, 3)).any() for image in images])
        assert unseen.sum() == 42 // K
        p.append(chain[unseen])
        y.append(labels[unseen])
    expected = fit_temperature(np.concatenate(p), np.concatenate(y))
    written = json.loads((run_dir / "temperature.json").read_text())
    assert written["n"] == 2 * (42 // K)
    assert written["T"] == pytest.approx(expected.T, rel=1e-5)
    before = classification(np.concatenate(p), np.concatenate(y))
    assert written["held_out"]["errors"] == before.errors
    assert written["held_out"]["nll"] == pytest.approx(before.nll, rel=1e-5)
    confidence = np.concatenate(p).max(axis=1).mean()
    assert written["held_out"]["confidence"] == pytest.approx(confidence, rel=1e-5)


@pytest.mark.parametrize(("K", "withheld"), [(1, None), (2, 10), (5, 4)])
def test_what_each_chain_learns_without_is_announced(K: int, withheld: int | None) -> None:
    said: list[str] = []
    config = parse_flags("--out_dir=O", "--N=21", f"--label_folds={K}")
    run = SimpleNamespace(
        config=config,
        data=SimpleNamespace(has_test=True, all_labelled=False),
        split=SimpleNamespace(indices=np.arange(21), name="a split"),
        log=SimpleNamespace(info=said.append, warning=said.append),
        folder=Path("O/run"),
    )
    prepare._announce(cast(Any, run))
    assert said[0] == "21 labelled examples: a split"
    assert said[-1] == "results in O/run"
    found = [line for line in said if "learns without" in line]
    assert [f"each chain learns without {withheld} of them" in line for line in found] == (
        [] if withheld is None else [True]
    )


@pytest.mark.parametrize(("every", "none"), [(10, False), (11, True)])
def test_that_nothing_will_be_collected_is_announced(every: int, none: bool) -> None:
    said: list[str] = []
    flags = ("--train_iter=40", "--warm_up=30", f"--collect_every={every}")
    run = SimpleNamespace(
        config=parse_flags("--out_dir=O", *flags),
        data=None,
        split=None,
        log=SimpleNamespace(info=said.append, warning=said.append),
        folder=Path("O/run"),
    )
    prepare._announce(cast(Any, run))
    assert any("no posterior sample will be collected" in line for line in said) == none


def test_the_summary_has_the_average_of_the_last_networks(run_dir: Path) -> None:
    data = digits.load()
    last = list(_posterior(run_dir).member_probabilities(data.test_images))[-1]
    summary: Any = FinishedRun(run_dir).summary
    expected = classification(np.mean(last, axis=0), data.test_labels)
    assert summary["ensemble"]["errors"] == expected.errors
    assert summary["single"]["errors"] == classification(last[-1], data.test_labels).errors


def _calibrated(run_dir: Path, images: np.ndarray) -> np.ndarray:
    written = json.loads((run_dir / "temperature.json").read_text())
    total = np.zeros(())
    for w, t in zip(written["weights"], written["log_t"], strict=True):
        total = total + w * softmax(np.log(_chains(run_dir, images)) / np.exp(t), axis=-1)
    return total.mean(axis=0)


def test_the_summary_has_both_averages(run_dir: Path) -> None:
    data = digits.load()
    summary: Any = FinishedRun(run_dir).summary
    expected = classification(_calibrated(run_dir, data.test_images), data.test_labels)
    assert summary["calibrated"]["errors"] == expected.errors
    assert summary["calibrated"]["nll"] == pytest.approx(expected.nll, abs=1e-4)
    assert summary["calibrated"]["nll"] != pytest.approx(summary["posterior"]["nll"], abs=1e-3)


def test_predict_gives_calibrated_probabilities_and_says_so(
    run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = digits.load().test_images[:5]
    np.savez(tmp_path / "five.npz", images)
    answers = tmp_path / "answers.csv"
    assert main(["predict", str(run_dir), str(tmp_path / "five.npz"), "--csv", str(answers)]) == 0
    assert "probabilities are calibrated: temperature of the predictions" in capsys.readouterr().err
    with answers.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    p = np.array([[float(row[f"p({k})"]) for k in range(10)] for row in rows])
    expected = _calibrated(run_dir, images)
    np.testing.assert_allclose(p, expected, atol=1e-4)
    entropy = -np.sum(expected * np.log2(expected), axis=1)
    np.testing.assert_allclose([float(row["entropy"]) for row in rows], entropy, atol=1e-3)


def test_evaluate_and_report_show_it(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(shutil.copytree(run_dir, run_dir.parent / "evaluated"))
    assert main(["evaluate", str(folder), "--num_images", "0"]) == 0
    check_evaluation(folder)
    written = json.loads((folder / "evaluation.json").read_text())["classification"]
    summary: Any = FinishedRun(run_dir).summary
    assert written["calibrated"]["nll"] == pytest.approx(summary["calibrated"]["nll"], rel=1e-6)
    printed = capsys.readouterr().out
    assert "the same, calibrated" in printed
    assert f"by {2 * (42 // K)} labels that the chains asked did not learn from" in printed
    assert main(["report", str(folder)]) == 0
    page = (folder / "report.html").read_text()
    assert "the same, calibrated" in page
    assert "Calibrated" in page


def test_without_folds_there_is_none(run_folder: Path) -> None:
    assert FinishedRun(run_folder).tempering is None
    assert not (run_folder / "temperature.json").exists()
    summary: Any = FinishedRun(run_folder).summary
    assert summary["calibrated"] is None


def test_a_damaged_temperature_is_refused(run_dir: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run_dir, tmp_path / "damaged"))
    (folder / "temperature.json").write_text("{}")
    with pytest.raises(InputError, match=r"temperature\.json: damaged"):
        _ = FinishedRun(folder).tempering


def test_without_a_test_set_the_report_says_what_the_labels_kept_back_say(tmp_path: Path) -> None:
    data = digits.load()
    labels = np.full(100, -1)
    labels[:40] = data.labels[:40]
    np.savez(tmp_path / "own.npz", X=data.images[:100], y=labels)
    folder = run_flagged(
        *(
            "--df_dim=2",
            "--gf_dim=2",
            "--num_layers=1",
            "--z_dim=2",
            "--batch_size=8",
            "--preset=none",
        ),
        *("--train_iter=10", "--n_save=10", "--warm_up=5", "--collect_every=5", "--label_folds=4"),
        *(f"--data={tmp_path / 'own.npz'}", f"--out_dir={tmp_path}"),
    )
    assert main(["report", str(folder)]) == 0
    assert "Of 10 labels that they have not seen" in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--label_folds=0", "label_folds"),
        ("--label_folds=30 --N=20", "there are --N 20 labels"),
        ("--label_folds=2 --nosemi", "needs labels"),
        ("--label_folds=2 --objective=authors", "all chains meet"),
        ("--label_folds=2 --start_from=run", "may have learnt the labels"),
    ],
)
def test_what_does_not_go(flags: str, said: str) -> None:
    with pytest.raises((InputError, Exception), match=said):
        parse_flags(*flags.split())
