"""A run on a table of one's own, from the command line to predictions, generated rows and reports."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from absl import flags
from conftest import run_flagged
from schemas import check_evaluation
from sklearn.datasets import load_wine

from bayesian_gan.commands import main
from bayesian_gan.commands.train import choose_preset
from bayesian_gan.data.spreadsheets import original
from bayesian_gan.options.flags import define
from bayesian_gan.runs.finished import FinishedRun

# Two chains and six draws; --preset table is far longer.
SHORT = "--preset table --hidden 20 --z_dim 4 --train_iter 120 --warm_up 60 --collect_every 10 --n_save 60"
LABELLED = 30


def wine(file: Path, labels: bool = True) -> list[list[str]]:
    """scikit-learn's wine as a table with a column of categories; half of it to test on, 30 labels."""
    found = load_wine()
    order = np.random.default_rng(0).permutation(len(found.target))
    header = [*(name.replace("/", "_") for name in found.feature_names), "=vessel", "kind", "split"]
    rows = [header]
    for place, k in enumerate(order):
        is_test = place >= len(order) // 2
        name = found.target_names[found.target[k]] if is_test or place < LABELLED else ""
        vessel = ("cask", "-tank")[int(found.data[k, 0] > 13)]
        rows.append([*map(repr, found.data[k].tolist()), vessel, name, "test" if is_test else ""])
    write(file, rows)
    return rows


def write(file: Path, rows: list[list[str]], delimiter: str = ",") -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened, delimiter=delimiter).writerows(rows)


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return [
            {name: original(cell) for name, cell in row.items()} for row in csv.DictReader(opened)
        ]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own_table")
    wine(folder / "wine.csv")
    return folder


@pytest.fixture(scope="module")
def run_dir(place: Path) -> Path:
    """A run on the table; not to be written to, but for reports."""
    return run_flagged(
        *SHORT.split(),
        *("--data", str(place / "wine.csv"), "--label_column", "kind", "--out_dir", str(place)),
    )


def test_a_run_learns_from_a_table(run_dir: Path) -> None:
    found = FinishedRun(run_dir)
    summary: dict[str, Any] = found.summary or {}
    assert (summary["num_labelled"], summary["num_test"]) == (LABELLED, 89)
    # One class for all rows errs on 60% of them.
    assert summary["posterior"]["error_rate"] < 0.2
    assert summary["supervised"]["error_rate"] < 0.6
    assert found.class_names == ("class_0", "class_1", "class_2")
    assert found.image_shape == (15,)
    log = (run_dir / "run.log").read_text()
    assert "found 30 labelled rows of 3 classes" in log
    assert "supervised network on the same labels" in log
    stored = json.loads((run_dir / "table.json").read_text())
    assert stored["columns"][-1] == {
        "name": "=vessel",
        "kind": "category",
        "categories": ["-tank", "cask"],
    }


def predict(run_dir: Path, *paths: Path, to: Path, status: int = 0) -> list[dict[str, str]]:
    named = ["predict", str(run_dir), *map(str, paths), "--csv", str(to), "--overwrite"]
    assert main(named) == status
    return read(to)


def test_predictions_do_not_depend_on_the_order_of_the_columns(
    run_dir: Path, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = wine(tmp_path / "same.csv")
    # Another order, without labels, with a column more, as a spreadsheet writes it.
    order = [k for k in reversed(range(len(rows[0]))) if rows[0][k] not in ("kind", "split")]
    other = [[*(row[k] for k in order), "note" if row is rows[0] else "1"] for row in rows]
    write(tmp_path / "other.csv", other, ";")
    one = predict(run_dir, place / "wine.csv", to=tmp_path / "one.out.csv")
    two = predict(run_dir, tmp_path / "other.csv", to=tmp_path / "two.out.csv")
    assert "the run does not know are passed over: note" in capsys.readouterr().err
    assert [row.pop("path") for row in one] == [f"{place / 'wine.csv'}:{k}" for k in range(2, 180)]
    assert [row.pop("path") for row in two] == [
        f"{tmp_path / 'other.csv'}:{k}" for k in range(2, 180)
    ]
    assert one == two
    summary: dict[str, Any] = FinishedRun(run_dir).summary or {}
    wrong = [
        answer["label"] != row[-2] for answer, row in zip(one, rows[1:], strict=True) if row[-1]
    ]
    assert sum(wrong) == summary["posterior"]["errors"]


def test_rows_that_cannot_be_read_say_why_and_the_rest_goes_on(
    run_dir: Path, tmp_path: Path
) -> None:
    rows = wine(tmp_path / "rows.csv")[:5]
    rows[2][-3], rows[4][0] = "bottle", ""
    write(tmp_path / "rows.csv", rows)
    found = predict(run_dir, tmp_path / "rows.csv", to=tmp_path / "out.csv", status=1)
    assert [bool(row["label"]) for row in found] == [True, False, True, False]
    assert "'bottle', a category that is new to the run; it knows -tank, cask" in found[1]["reason"]
    assert found[3]["reason"] == "column 'alcohol' is empty"
    assert main(["classify", str(run_dir), str(tmp_path / "rows.csv")]) == 2


def test_generated_rows_are_a_table_in_its_units(run_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "made.csv"
    arrays = tmp_path / "made.npz"
    generate = ["generate", str(run_dir), "--num", "50", "--csv", str(out), "--npz", str(arrays)]
    assert main(generate) == 0
    made = [{original(name): cell for name, cell in row.items()} for row in read(out)]
    assert {row["=vessel"] for row in made} <= {"cask", "-tank"}
    assert {row["generator"] for row in made} == {"0", "1"}
    magnesium = np.array([float(row["magnesium"]) for row in made])
    assert np.abs(magnesium.mean() - 100) < 60
    with np.load(arrays) as stored:
        assert stored["x"].shape == (50, 15)
        np.testing.assert_allclose(stored["x"][:, 4], magnesium, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("generate", "{}", "--grid", "a.png"), "--grid is for pictures"),
        (("predict", "{}", "{}"), "is a folder"),
        (("predict", "{}", "{table}", "--sort_into", "D"), "--sort_into is for pictures"),
        (("evaluate", "{}", "--ood", "digits"), "--ood is for pictures"),
        (
            ("evaluate", "{}", "--attack", "fgsm", "--epsilon", "0.1"),
            "--attack is for pictures",
        ),
    ],
)
def test_what_is_for_pictures_is_refused(
    run_dir: Path,
    place: Path,
    arguments: tuple[str, ...],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = [word.format(run_dir, table=place / "wine.csv") for word in arguments]
    assert main(given) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line


def test_rows_are_evaluated_reported_diagnosed_and_exported(
    run_dir: Path, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(run_dir), "--num_images", "100"]) == 0
    check_evaluation(run_dir)
    printed = capsys.readouterr().out
    assert "classification of 89 test rows" in printed
    # The columns, their categories one by one, are 15 numbers.
    assert "logistic regression, 15 components" in printed
    assert "generated rows, features of the columns themselves" in printed
    assert not list(run_dir.glob("*.png"))
    assert main(["report", str(run_dir)]) == 0
    assert "left out: Generated images: the data are no pictures" in capsys.readouterr().out
    export = ["export", str(run_dir), "--format", "keras", "--output", str(tmp_path / "made")]
    assert main([*export, "--distill", "--distill_epochs", "1"]) == 0
    described = json.loads((tmp_path / "made" / "export.json").read_text())
    assert described["table"] == json.loads((run_dir / "table.json").read_text())
    assert described["image_shape"] == [15]


def test_damaged_columns_of_a_run_are_refused(
    run_dir: Path, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = Path(shutil.copytree(run_dir, tmp_path / "copy"))
    (copy / "table.json").unlink()
    assert main(["predict", str(copy), str(place / "wine.csv")]) == 2
    assert "table.json: damaged" in capsys.readouterr().err


def test_vectors_without_labels_train_predict_and_generate(tmp_path: Path) -> None:
    file = tmp_path / "own.npz"
    x = np.random.default_rng(0).normal(50.0, 10.0, (40, 3))
    np.savez(file, x_train=x)
    folder = run_flagged(
        *SHORT.split(),
        *("--num_mcmc", "1", "--train_iter", "20", "--warm_up", "10", "--n_save", "10", "--nosemi"),
        *("--data", str(file), "--out_dir", str(tmp_path)),
    )
    rows = predict(folder, file, to=tmp_path / "out.csv")
    assert [row["path"] for row in rows][::39] == [f"{file}:x_train[0]", f"{file}:x_train[39]"]
    assert all(0 < float(row["p_real"]) < 1 for row in rows)
    assert main(["generate", str(folder), "--num", "3"]) == 0
    assert list(read(folder / "generated.csv")[0]) == ["x0", "x1", "x2", "generator"]


@pytest.mark.parametrize(
    ("arguments", "preset"),
    [
        (("--data", "{table}"), "table"),
        (("--dataset", "table:{table}"), "table"),
        (("--data", "{table}", "--preset", "laptop"), "laptop"),
        (("--data", "{table}", "--resume", "a_run"), None),
        (("--dataset", "digits"), None),
    ],
)
def test_a_table_takes_its_preset_unless_another_is_asked_for(
    place: Path, arguments: tuple[str, ...], preset: str | None
) -> None:
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", *(word.format(table=place / "wine.csv") for word in arguments)])
    choose_preset(values)
    assert values["preset"].value == preset
