"""Rounds of chosen labels: who asks whom, which labels follow, what is run once; trainings are faked."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_files import write_run

from bayesian_gan.data import digits
from bayesian_gan.data.label_table import read_label_table
from bayesian_gan.data.splits import label_split
from benchmarks import choosing_labels
from benchmarks.choosing_labels import main, number
from benchmarks.choosing_shown import curves_of

Commands = list[dict[str, Any]]


def parsed(flags: list[str]) -> dict[str, str]:
    return {name: value for name, _, value in (flag[2:].partition("=") for flag in flags)}


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """What is run: trainings that only leave their files behind, and suggestions."""
    given: Commands = []

    def train(script: str, flags: list[str], place: Path, **_: object) -> Path:
        values = parsed(flags)
        given.append({"train": script, **values})
        rows = read_label_table(Path(values["labels"])).rows
        folder, iterations = place / "bgan_digits_1", int(values["train_iter"])
        write_run(folder, iteration=iterations, train_iter=iterations)
        score = {"errors": 100 - len(rows), "n": 500, "nll": 0.1}
        files: dict[str, dict[str, Any]] = {
            "summary": {
                "iteration": iterations,
                "seconds": 6.0,
                "posterior": score,
                "single": score,
            },
            "labelled": {
                "indices": [number(row.path) for row in rows],
                "labels": [int(row.label) for row in rows],
            },
            "data": {"class_names": list("0123456789")},
        }
        for name, value in files.items():
            (folder / f"{name}.json").write_text(json.dumps(value))
        return folder

    def start(command: list[str], **_: object) -> None:
        what, run, *flags = command[2:]
        values = parsed(flags)
        given.append({what: run, **values})
        known = set(json.loads((Path(run) / "labelled.json").read_text())["indices"])
        new = [i for i in range(1297) if i not in known][: int(values["num"])]
        lines = ["path,guess,probability,why", *(f"train/{i},3,0.5,so" for i in new)]
        (Path(values["out"]) / "suggest.csv").write_text("\n".join(lines))

    monkeypatch.setattr(choosing_labels, "train", train)
    monkeypatch.setattr(choosing_labels, "start", start)
    return given


def run(place: Path, *more: str) -> int:
    results = ["--results", str(place / "results.jsonl"), "--runs", str(place / "runs")]
    return main(["--data", "digits", *results, *more])


def lines(place: Path) -> list[dict[str, Any]]:
    return [json.loads(text) for text in (place / "results.jsonl").read_text().splitlines()]


def test_each_round_asks_the_run_before_it(commands: Commands, tmp_path: Path) -> None:
    flags = ("--seeds", "3", "--rounds", "20,5,5", "--by", "typical", "random", "--df_dim=4")
    assert run(tmp_path, *flags) == 0
    assert commands == []  # A plan alone.
    assert run(tmp_path, *flags, "--go") == 0
    trained = [each for each in commands if "train" in each]
    asked = [each for each in commands if "suggest" in each]
    assert len(trained) == 5  # The first round is that of both ways.
    assert [(each["by"], each["num"], each["seed"]) for each in asked] == [
        *[("typical", "5", "3")] * 2,
        *[("random", "5", "3")] * 2,
    ]
    assert asked[0]["suggest"] == asked[2]["suggest"]
    assert Path(asked[1]["suggest"]).parent.name.startswith("digits_typical_3_20+5_")
    found = lines(tmp_path)
    assert [line["labels"] for line in found] == [20, 25, 30, 25, 30]
    first = label_split(digits.load(), 20, 3).indices.tolist()
    for line in found:
        assert line["indices"][:20] == first
        assert len(set(line["indices"])) == line["labels"]
    # The labels are the true ones, not what was guessed.
    rows = read_label_table(Path(trained[-1]["labels"])).rows
    truth = digits.load().labels[[number(row.path) for row in rows]]
    np.testing.assert_array_equal([int(row.label) for row in rows], truth)
    assert trained[0]["df_dim"] == "4"
    # Nothing is made again, and what is lost is made when it is needed.
    commands.clear()
    assert run(tmp_path, *flags, "--go") == 0
    assert commands == []
    assert run(tmp_path, *flags, "--go", "--rounds", "20,5,5,5", "--by", "random") == 0
    assert [next(iter(each)) for each in commands] == ["suggest", "train"]


def test_a_short_first_round_serves_to_choose(
    commands: Commands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ("--seeds", "0", "--iterations", "900", "--first_iterations", "90")
    assert run(tmp_path, *flags, "--by", "typical", "balanced", "--rounds", "20,80", "--go") == 0
    lengths = [(each["train_iter"], each["warm_up"]) for each in commands if "train" in each]
    assert lengths == [("90", "80"), ("900", "800"), ("900", "800")]
    balanced = lines(tmp_path)[-1]
    assert balanced["by"] == "balanced"
    assert sorted(balanced["indices"]) == sorted(label_split(digits.load(), 100, 0).indices)
    assert balanced["of_class"] == [10] * 10
    capsys.readouterr()
    assert run(tmp_path, "--table") == 0
    said = capsys.readouterr().out
    assert "| 20 | 20 | 80.0 / 80 (1) |  |  |  |" in said
    assert "| 100 | 20+80 | 0.0 / 0 (1) | 0.0 / 0 (1) |  |  |" in said


def test_rounds_between_start_from_the_run_before(commands: Commands, tmp_path: Path) -> None:
    flags = ("--seeds", "0", "--iterations", "900", "--first_iterations", "90", "--by", "typical")
    between = ("--between_iterations", "45", "--rounds", "20,5,5,5", "--go")
    assert run(tmp_path, *flags, *between) == 0
    trained = [each for each in commands if "train" in each]
    assert [each["train_iter"] for each in trained] == ["90", "45", "45", "900"]
    started = [each.get("start_from") for each in trained]
    assert [started[0], started[3]] == [None, None]
    # A run that starts from another one is asked next: the same folders, in the same order.
    asked = [each["suggest"] for each in commands if "suggest" in each]
    assert started[1:3] == asked[:2]
    assert len(set(asked)) == 3
    assert "--start_from=before" in lines(tmp_path)[1]["flags"]
    # The last may be one of them; what is done is not done again.
    commands.clear()
    assert run(tmp_path, *flags, *between, "--last_goes_on") == 0
    (last,) = [each for each in commands if "train" in each]
    assert (last["train_iter"], last["start_from"]) == ("45", asked[-1])


def test_errors_are_drawn_against_labels(
    commands: Commands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = tmp_path / "figure.png"
    assert run(tmp_path, "--figure", str(figure)) == 2
    assert "no seed of digits has two rounds" in capsys.readouterr().err
    short = ("--first_iterations", "90", "--between_iterations", "45", "--last_goes_on", "--go")
    for seeds, rounds in (("0", "20,5,5"), ("1", "20,5")):
        flags = ("--seeds", seeds, "--by", "typical", "random", "balanced", "--rounds", rounds)
        assert run(tmp_path, *flags, *short) == 0
    assert run(tmp_path, "--figure", str(figure)) == 0
    assert figure.read_bytes().startswith(b"\x89PNG")
    # Errors are 100 - labels here. Seed 1 has no 30 labels and is left out of the line.
    assert curves_of(lines(tmp_path)) == {
        (by, 5, 45): [(20, 80, 1), (25, 75, 1), (30, 70, 1)]
        for by in ("typical", "random", "balanced")
    }


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--rounds", "20,x"), "--rounds 20,x"),
        (("--rounds", "20,0"), "--rounds 20,0"),
        (("--iterations", "0"), "--iterations 0"),
        (("--between_iterations", "0"), "--between_iterations 0"),
        (("--last_goes_on",), "--last_goes_on needs --between_iterations"),
    ],
)
def test_wrong_arguments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], says: str
) -> None:
    assert run(tmp_path, *flags) == 2
    assert says in capsys.readouterr().err
