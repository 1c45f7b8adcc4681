"""`evaluate --attack` on small runs: what it prints, writes and refuses."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import make_run
from PIL import Image
from schemas import check_evaluation

from bayesian_gan.commands import main
from bayesian_gan.commands.evaluate_attacks import NOTE
from bayesian_gan.data import digits
from bayesian_gan.evaluation import classification
from bayesian_gan.evaluation.attacks import FGSM, PGD
from bayesian_gan.evaluation.robustness import Robustness
from bayesian_gan.posterior import Posterior
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.kept_supervised import kept_supervised

ASKED = (
    "--attack",
    "fgsm,pgd",
    "--epsilon",
    "0.1,0.25",
    "--attack_steps",
    "3",
    "--num_images",
    "0",
)


def evaluate(folder: Path, *arguments: str) -> dict[str, Any]:
    """The part of `evaluation.json` on attacks."""
    assert main(["evaluate", str(folder), *arguments]) == 0
    check_evaluation(folder)
    return json.loads((folder / "evaluation.json").read_text())["attacks"]


def test_it_says_what_the_attacks_do(run_copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = evaluate(run_copy, *ASKED, "--attack_images", "60", "--seed", "4")
    printed = capsys.readouterr().out
    assert (found["n"], found["seed"], found["steps"]) == (60, 4, 3)
    assert [(row["attack"], row["epsilon"]) for row in found["rows"]] == [
        (None, None),
        *[(attack, epsilon) for attack in ("fgsm", "pgd") for epsilon in (0.1, 0.25)],
    ]
    opened, data = FinishedRun(run_copy), digits.load()
    chosen = np.sort(np.random.default_rng(4).choice(500, 60, replace=False))
    images, labels = data.test_images[chosen], data.test_labels[chosen]
    posterior = Posterior(run_copy / "posterior")
    supervised = kept_supervised(opened, data)[0]
    tried = Robustness(posterior, images, labels, supervised)
    expected = [tried.clean, *(tried.under(a) for a in (FGSM(0.1), PGD(0.25, 3, 4)))]
    for row, by_hand in zip([found["rows"][k] for k in (0, 1, 4)], expected, strict=True):
        assert row["auroc"] == pytest.approx(by_hand.auroc)
        for name, score in by_hand.scores.items():
            assert row["scores"][name] == pytest.approx(score.to_json())
    clean = found["rows"][0]["scores"]["average"]
    assert clean["errors"] == classification(posterior.predict(images), labels).errors
    assert f"attacks on 60 of {len(data.test_images)} test images" in printed
    assert "supervised CNN: checkpoint_00000040.npz, iteration 40" in printed
    assert "pgd: 3 steps of 2.5 epsilon / 3" in printed
    lines = [line.split() for line in printed.splitlines()]
    names = ("supervised", "single", "average", "average_from_supervised", "average_from_single")
    for row in found["rows"][1:]:
        cells = [row["attack"], f"{row['epsilon']:g}"]
        cells += [str(row["scores"][name]["errors"]) for name in names]
        cells += [f"{row['auroc'][n]:.4f}" for n in ("entropy", "mutual_information", "p_real")]
        assert cells in lines
    assert NOTE in printed
    assert "no certified defence" in found["note"]
    with Image.open(run_copy / "attacks.png") as picture:
        assert min(picture.size) > 300


def test_the_report_shows_it(run_copy: Path) -> None:
    evaluate(run_copy, *ASKED[:4], "--num_images", "0", "--attack_images", "20")
    assert main(["report", str(run_copy)]) == 0
    page = (run_copy / "report.html").read_text()
    assert "Attacked images" in page
    assert "no certified defence" in page
    assert 'alt="Test images, the same attacked through the average' in page


def test_without_a_checkpoint_the_cnn_is_left_out(
    run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(run_copy / "checkpoints")
    found = evaluate(run_copy, "--attack", "fgsm", "--epsilon", "0.1", "--num_images", "0")
    printed = capsys.readouterr().out
    assert f"the supervised CNN is left out: {run_copy}: has no checkpoint" in printed
    assert found["n"] == 500  # All, where there are fewer than 1,000.
    assert found["steps"] is found["supervised"] is None
    for row in found["rows"]:
        assert not any("supervised" in name for name in row["scores"])
    (line,) = [line for line in printed.splitlines() if line.startswith("fgsm")]
    assert [cell == "-" for cell in line.split()[2:7]] == [True, False, False, True, False]


@pytest.mark.slow
def test_of_critics_p_real_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run(tmp_path, "--wasserstein", "--train_iter", "20", "--num_mcmc", "1")
    arguments = ("--epsilon", "0.1", "--num_images", "0", "--attack_images", "30")
    found = evaluate(folder, "--attack", "fgsm", *arguments)
    assert "P(real) is left out" in capsys.readouterr().out
    assert set(found["rows"][1]["auroc"]) == {"entropy", "mutual_information"}


ATTACK = ("--attack", "fgsm")
BOTH = (*ATTACK, "--epsilon", "0.1")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--attack", "deepfool", "--epsilon", "0.1"), "'deepfool' is not served; give fgsm, pgd"),
        (("--attack", "fgsm,", "--epsilon", "0.1"), "'' is not served"),
        (("--attack", "fgsm,pgd,fgsm", "--epsilon", "0.1"), "fgsm is there twice; give it once"),
        (ATTACK, "--attack needs --epsilon"),
        ((*ATTACK, "--epsilon", "0"), "'0' is no number in (0, 1]"),
        ((*ATTACK, "--epsilon", "0.1,-0.2"), "'-0.2' is no number in (0, 1]"),
        ((*ATTACK, "--epsilon", "1.01"), "'1.01' is no number in (0, 1]"),
        ((*ATTACK, "--epsilon", "nan"), "'nan' is no number in (0, 1]"),
        ((*ATTACK, "--epsilon", "0.1,,0.2"), "'' is no number in (0, 1]"),
        ((*ATTACK, "--epsilon", "a tenth"), "'a tenth' is no number"),
        ((*ATTACK, "--epsilon", "0.1,0.10"), "0.1 is there twice"),
        (("--epsilon", "0.1"), "--epsilon is for attacks: give --attack"),
        (("--attack_steps", "5"), "--attack_steps is for attacks"),
        (("--attack_images", "5"), "--attack_images is for attacks"),
        ((*BOTH, "--attack_steps", "5"), "--attack_steps is for pgd"),
        ((*BOTH, "--attack_images", "0"), "--attack_images 0: give at least 1"),
        (("--attack", "pgd", "--epsilon", "0.1", "--attack_steps", "0"), "--attack_steps 0: give"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(
    run_folder: Path, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(run_folder, arguments, says, capsys)


def refused(
    folder: Path, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "evaluation.json").exists()
    capsys.readouterr()
    assert main(["evaluate", str(folder), *arguments]) == 2
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert says in line
    assert said.out == ""
    assert (folder / "evaluation.json").exists() == before


def test_a_run_without_labels_is_refused(
    unsupervised_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(unsupervised_run, BOTH, "is a run without labels", capsys)
