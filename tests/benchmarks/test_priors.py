"""The study of priors: what is run, what branches off, what is printed; trainings are faked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_files import write_run

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.posterior import Posterior
from benchmarks import priors
from benchmarks.priors import main, norm


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What is trained and branched off, in order; the files of a run are left behind."""
    given: list[dict[str, str]] = []

    def write(folder: Path, temperature: float, iterations: int) -> None:
        write_run(folder, iteration=iterations, train_iter=iterations)
        score = {"errors": 10, "n": 500, "nll": temperature, "ece": 0.02}
        summary = {"iteration": iterations, "seconds": 60.0, "posterior": score, "single": score}
        convergence = {"rhat_median": 1.5, "rhat_max": 2.0}
        (folder / "summary.json").write_text(json.dumps(summary | {"convergence": convergence}))
        config = json.loads((folder / "config.json").read_text())
        config["flags"] |= {"temperature": temperature, "train_iter": iterations}
        (folder / "config.json").write_text(json.dumps(config))

    def train(script: str, flags: list[str], place: Path, **_: object) -> Path:
        values = {n: v for n, _, v in (flag[2:].partition("=") for flag in flags)}
        found = next(iter(place.glob("bgan_*")), None)
        given.append({"train": values["prior"], "T": values["temperature"], "on": str(bool(found))})
        folder = found or place / "bgan_digits_1"
        write(folder, float(values["temperature"]), int(values["train_iter"]))
        return folder

    def branch(run: Path, place: Path, changes: dict[str, Any]) -> Path:
        given.append({"branch": run.parent.name.rpartition("_")[0]})
        folder = place / "bgan_digits_2"
        write_run(folder, iteration=5, train_iter=5)
        return folder

    monkeypatch.setattr(priors, "train", train)
    monkeypatch.setattr(priors, "branch", branch)
    monkeypatch.setattr(priors, "norm", lambda posterior: 0.5)
    monkeypatch.setattr(priors, "Posterior", lambda folder: folder)
    return given


def _run(place: Path, *more: str) -> int:
    places = ["--results", str(place / "results.jsonl"), "--runs", str(place / "runs")]
    return main(["--data", "digits", "--iterations", "100", *places, *more])


def test_a_colder_trial_branches_off_the_warmer_one(
    made: list[dict[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--priors", "normal", "laplace", "--label_seeds", "3")
    assert _run(tmp_path, *flags) == 0
    assert made == []
    assert "0 of 4 trials are done" in capsys.readouterr().out
    assert _run(tmp_path, *flags, "--go") == 0
    assert made == [
        {"train": "normal", "T": "1", "on": "False"},
        {"branch": "digits_normal_T1_3"},
        {"train": "normal", "T": "0.1", "on": "True"},
        {"train": "laplace", "T": "1", "on": "False"},
        {"branch": "digits_laplace_T1_3"},
        {"train": "laplace", "T": "0.1", "on": "True"},
    ]
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| laplace")]
    assert rows == [
        "| laplace | 1 | 10.0 | 1.000 | 1.000 | 2.0 | 0.500 | 1.50 / 2.00 |",
        "| laplace | 0.1 | 10.0 | 0.100 | 0.100 | 2.0 | 0.500 | 1.50 / 2.00 |",
    ]
    made.clear()
    assert _run(tmp_path, *flags, "--go") == 0
    assert made == []
    lines = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    given = dict(flag.removeprefix("--").split("=") for flag in lines[0]["flags"].split())
    assert (given["train_iter"], given["warm_up"], given["collect_every"]) == ("100", "60", "2")


def test_rows_are_means_over_the_label_sets_that_all_have() -> None:
    line = {
        "data": "digits",
        "prior": "normal",
        "temperature": 1.0,
        "iterations": 100,
        "n": 500,
        **dict.fromkeys(("nll", "single_nll", "ece", "norm"), 0.1),
        "rhat_median": None,
        "rhat_max": None,
    }
    lines = [line | {"label_seed": seed, "errors": errors} for seed, errors in ((0, 4), (1, 8))]
    lines.append(line | {"label_seed": 1, "errors": 6, "prior": "laplace"})
    rows = [row for row in priors.table(lines).splitlines() if row.startswith(("| l", "| n"))]
    assert [row.split(" | ")[2] for row in rows] == ["6.0", "8.0"]
    assert "nan / nan" in rows[0]


def test_the_size_of_weights_is_that_of_trained_ones(
    make_model: Callable[..., BayesianGAN], tmp_path: Path
) -> None:
    model = make_model()
    posterior = Posterior.create(tmp_path / "posterior", model)
    posterior.collect(model)
    trained = [w.numpy().ravel() for d in model.discriminators for w in d.trainable_weights]
    expected = np.sqrt(np.mean(np.concatenate(trained).astype(np.float64) ** 2))
    assert norm(posterior) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("flags", "says"),
    [(("--share", "1"), "--share 1"), (("--iterations", "39"), "--iterations 39")],
)
def test_wrong_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], says: str
) -> None:
    assert _run(tmp_path, *flags) == 2
    assert says in capsys.readouterr().err
