"""`predict` on a small run: its rows, their order, class folders, sets, and what it refuses."""

import csv
import json
import math
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bayesian_gan.commands import main
from bayesian_gan.data import digits
from bayesian_gan.data.spreadsheets import original
from bayesian_gan.evaluation import answers
from bayesian_gan.posterior import Posterior

NUM = 12


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve digits, four in each of three folders; names are those of the test images."""
    folder = tmp_path_factory.mktemp("pictures")
    for k, image in enumerate(digits.load().test_images[:NUM]):
        path = folder / "abc"[k // 4] / f"{k:02d}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image[..., 0]).save(path)
    return folder


@pytest.fixture(scope="module")
def members(run_folder: Path) -> np.ndarray:
    """What each of the six samples says of them, [6, 12, 10]."""
    found = Posterior(run_folder / "posterior").member_probabilities(
        digits.load().test_images[:NUM]
    )
    return np.concatenate(list(found))


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV, as they were."""
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        return [
            {name: original(cell) for name, cell in row.items()} for row in csv.DictReader(file)
        ]


def predict(*arguments: object, status: int = 0) -> None:
    assert main(["predict", *map(str, arguments)]) == status


def test_a_row_says_what_the_posterior_does(
    run_folder: Path, pictures: Path, members: np.ndarray, tmp_path: Path
) -> None:
    file = tmp_path / "predictions.csv"
    predict(run_folder, pictures, "--csv", file)
    rows = read(file)
    assert [Path(row["path"]).stem for row in rows] == [f"{k:02d}" for k in range(NUM)]
    average = Posterior(run_folder / "posterior").predict(digits.load().test_images[:NUM])
    for k, row in enumerate(rows):
        p = np.array([float(row[f"p({c})"]) for c in range(10)])
        np.testing.assert_allclose(p, average[k], atol=1e-6)
        assert row["label"] == str(p.argmax())
        assert float(row["probability"]) == p.max()
        assert float(row["entropy"]) == pytest.approx(-np.sum(p * np.log2(p)), abs=1e-6)
        kl = np.sum(members[:, k] * np.log2(members[:, k] / p), axis=-1).mean()
        assert float(row["mutual_information"]) == pytest.approx(kl, abs=1e-5)
        assert 0 < float(row["p_real"]) < 1
        # Samples come draw by draw, of a draw chain by chain.
        for chain in range(2):
            assert row[f"chain_{chain}"] == str(members[chain::2, k].mean(axis=0).argmax())
        assert row["reason"] == ""
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("column", ["entropy", "p(3)", "label", "path"])
def test_rows_are_sorted(run_folder: Path, pictures: Path, tmp_path: Path, column: str) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    numeric = column not in ("label", "path")
    for sign, name in (("", "up.csv"), ("-", "down.csv")):
        where = ["--csv", tmp_path / name, f"--sort={sign}{column}"]
        predict(run_folder, bad, pictures, *where, status=1)
        rows = read(tmp_path / name)
        assert len(rows) == NUM + 1
        if numeric:
            assert rows.pop()["path"] == str(bad)  # What was not read comes last.
        values: list[Any] = [float(row[column]) if numeric else row[column] for row in rows]
        assert values == sorted(values, reverse=bool(sign))
        assert len({row["path"] for row in rows}) == len(rows)


def test_the_rest_goes_on(
    run_folder: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(pictures, tmp_path / "copy"))
    (folder / "a" / "01.png").write_text("no picture")
    (folder / "b" / "05.png").unlink()
    (folder / "b" / "05.png").symlink_to("nowhere")
    Image.new("RGB", (9, 8)).save(folder / "c" / "08.png")
    Image.new("RGB", (9, 7)).save(folder / "c" / "09.png")
    predict(run_folder, folder, "--csv", tmp_path / "some.csv", status=1)
    rows = {Path(row["path"]).stem: row for row in read(tmp_path / "some.csv")}
    assert len(rows) == NUM
    assert "is no picture that can be read" in rows["01"]["reason"]
    assert "being a link to nothing" in rows["05"]["reason"]
    assert rows["01"]["label"] == rows["01"]["p(3)"] == rows["05"]["p_real"] == ""
    assert sum(bool(row["label"]) for row in rows.values()) == NUM - 2
    printed = capsys.readouterr()
    assert printed.err.count("are resized") == 1  # Said once.
    assert "08.png is 8x9x3 (height, width, channels)" in printed.err
    assert "2 of 12 pictures failed; their rows say why" in printed.err
    assert printed.out == f"{tmp_path / 'some.csv'}: 12 pictures\n"


def test_names_are_read_back_and_run_nothing(
    run_folder: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["=1+1.png", "+a.png", "-b.png", "@c.png", "'d.png", 'q"u,o\nte.png', "é.png"]
    names.append(b"caf\xe9.png".decode("utf-8", "surrogateescape"))
    monkeypatch.chdir(tmp_path)
    for name in names:
        shutil.copy(pictures / "a" / "00.png", name)
    predict(run_folder, "--csv", "some.csv", "--sort", "path", "--", *names)
    assert [row["path"] for row in read(tmp_path / "some.csv")] == sorted(names)
    with (tmp_path / "some.csv").open(newline="", errors="surrogateescape") as file:
        for row in csv.reader(file):
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_arrays_have_rows_by_number(
    run_folder: Path, pictures: Path, tmp_path: Path, members: np.ndarray
) -> None:
    npz = tmp_path / "some.npz"
    np.savez(npz, x=digits.load().test_images[:300, ..., 0])
    predict(run_folder, npz, pictures / "a" / "00.png", "--csv", tmp_path / "some.csv")
    rows = read(tmp_path / "some.csv")
    assert len(rows) == 301
    assert rows[7]["path"] == f"{npz}:x[7]"
    for k in range(NUM):
        assert float(rows[k]["p(4)"]) == pytest.approx(members[:, k, 4].mean(), abs=1e-6)
    assert rows[300]["p(4)"] == pytest.approx(rows[0]["p(4)"])


def test_json_and_the_table(
    run_folder: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predict(run_folder, pictures, "--json", "--sort=-probability")
    found = json.loads(capsys.readouterr().out)
    assert found["num_samples"] == 6
    largest = [max(entry["probabilities"].values()) for entry in found["images"]]
    assert largest == sorted(largest, reverse=True)
    first = found["images"][0]
    p = np.array(list(first["probabilities"].values()))
    assert first["entropy"] == pytest.approx(-np.sum(p * np.log(p)), abs=1e-6)
    assert set(first["chains"]) == {"0", "1"}
    predict(run_folder, pictures, "--sort=-probability")
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert len(lines) == NUM
    assert lines[0].split()[:2] == [first["class"], f"{100 * p.max():.2f}"]
    assert lines[0].endswith(first["image"])
    assert f"{first['entropy'] / math.log(2):.4f}" in lines[0]
    (heading,) = (line for line in printed.err.splitlines() if line.startswith("class"))
    assert heading.split()[-1] == "path"


def test_pictures_are_sorted_into_class_folders(
    run_folder: Path, pictures: Path, members: np.ndarray, tmp_path: Path
) -> None:
    out, file = tmp_path / "sorted", tmp_path / "some.csv"
    confidence = float(np.median(members.mean(axis=0).max(axis=1)))
    same = Path(shutil.copytree(pictures, tmp_path / "same"))
    where = ("--sort_into", out, "--csv", file, "--confidence", confidence)
    predict(run_folder, pictures, same, *where)
    placed = [path for path in out.rglob("*") if not path.is_dir()]
    assert len(placed) == 2 * NUM
    labels = {
        row["path"]: row["label"] if float(row["probability"]) >= confidence else "unsure"
        for row in read(file)
    }
    assert 0 < sum(label == "unsure" for label in labels.values()) < len(labels) == 2 * NUM
    for path in placed:
        assert path.is_symlink()
        assert path.parent.name == labels[str(path.readlink())]
    predict(run_folder, pictures, "--sort_into", out, "--copy", "--json")
    assert len([path for path in out.rglob("*") if path.is_file()]) == 3 * NUM


def test_a_run_without_labels_has_no_columns_of_classes(
    unsupervised_run: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    predict(unsupervised_run, pictures, "--csv", tmp_path / "some.csv", "--sort=-p_real")
    rows = read(tmp_path / "some.csv")
    assert list(rows[0]) == ["path", "p_real", "reason"]
    images = digits.load().test_images[:NUM]
    expected = Posterior(unsupervised_run / "posterior").predict(images)[:, 0]
    found = {int(Path(row["path"]).stem): float(row["p_real"]) for row in rows}
    np.testing.assert_allclose([found[k] for k in range(NUM)], expected, atol=1e-6)
    capsys.readouterr()
    predict(unsupervised_run, pictures, "--json")
    assert set(json.loads(capsys.readouterr().out)["images"][0]) == {"image", "p_real"}


def test_sets_cover_what_is_asked(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = digits.load()
    npz = tmp_path / "test.npz"
    np.savez(npz, x=data.test_images)
    predict(run_folder, npz, "--csv", tmp_path / "some.csv", "--coverage", 0.9)
    rows = read(tmp_path / "some.csv")
    sets = [json.loads(row["set"]) for row in rows]
    # Calibrated on the same 500: k = ceil(501 * 0.9) = 451 of them hold their class, by definition.
    held = sum(str(y) in held for y, held in zip(data.test_labels, sets, strict=True))
    assert held == 451
    least = min(float(row[f"p({c})"]) for row, s in zip(rows, sets, strict=True) for c in s)
    assert all(
        (float(row[f"p({c})"]) >= least) == (str(c) in s)
        for row, s in zip(rows, sets, strict=True)
        for c in range(10)
    )
    said = capsys.readouterr().err
    assert f"sets hold {np.mean([len(s) for s in sets]):.2f} classes on average" in said
    assert "by 500 test pictures" in said
    assert "at least 90%" in said


def test_an_interrupted_csv_leaves_the_old_one(
    run_folder: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "some.csv"
    file.write_text("old")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("bayesian_gan.evaluation.answers"), "answers", interrupt)
    with pytest.raises(KeyboardInterrupt):
        predict(run_folder, pictures, "--csv", file, "--overwrite")
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def _without_samples(run: Path) -> Path:
    for draw in (run / "posterior").glob("draw_*"):
        draw.unlink()
    return run


def _empty(folder: Path) -> Path:
    (folder / "empty" / "a").mkdir(parents=True)
    (folder / "empty" / "notes.txt").write_text("none")
    return folder / "empty"


def _there(folder: Path) -> Path:
    (folder / "there.csv").write_text("old")
    return folder / "there.csv"


def _no_test_images(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from dataclasses import replace

    from bayesian_gan.runs.finished import FinishedRun

    data = digits.load()
    few = replace(data, test_images=data.test_images[:18], test_labels=data.test_labels[:18])
    monkeypatch.setattr(FinishedRun, "load_data", lambda *_: few)
    return run


Case = Callable[[Path, Path, Path, pytest.MonkeyPatch], list[object]]

BAD: dict[str, tuple[Case, str]] = {
    "no run": (lambda r, p, t, m: [t / "nowhere", p], "no such folder"),
    "no samples": (lambda r, p, t, m: [_without_samples(r), p], "0 samples collected"),
    "no such path": (lambda r, p, t, m: [r, p, t / "absent"], "absent' is not there"),
    "no pictures": (lambda r, p, t, m: [r, _empty(t)], "holds no picture"),
    "confidence": (
        lambda r, p, t, m: [r, p, "--sort_into", t / "s", "--confidence", 2],
        "--confidence 2: give a probability in [0, 1]",
    ),
    "confidence nan": (
        lambda r, p, t, m: [r, p, "--sort_into", t / "s", "--confidence", "nan"],
        "--confidence nan",
    ),
    "confidence for nothing": (
        lambda r, p, t, m: [r, p, "--confidence", 0.5],
        "--confidence is for --sort_into",
    ),
    "copy for nothing": (lambda r, p, t, m: [r, p, "--copy"], "--copy is for --sort_into"),
    "overwrite for nothing": (lambda r, p, t, m: [r, p, "--overwrite"], "is for --csv"),
    "csv there": (lambda r, p, t, m: [r, p, "--csv", _there(t)], "give --overwrite"),
    "csv a folder": (lambda r, p, t, m: [r, p, "--csv", t, "--overwrite"], "is a folder"),
    "csv nowhere": (lambda r, p, t, m: [r, p, "--csv", t / "no" / "a.csv"], "no such folder"),
    "csv unwritable": (lambda r, p, t, m: [r, p, "--csv", "/proc/a.csv"], "cannot be written"),
    "sort": (lambda r, p, t, m: [r, p, "--sort", "colour"], "no such column; give one of path"),
    "coverage": (lambda r, p, t, m: [r, p, "--coverage", 1], "--coverage 1: give a"),
    "coverage of few": (
        lambda r, p, t, m: [_no_test_images(r, m), p, "--coverage", 0.95],
        "needs at least 19 labelled pictures",
    ),
    "sort into the source": (
        lambda r, p, t, m: [r, p, "--sort_into", p / "a" / "out"],
        "whose pictures are read",
    ),
    "sort into a file": (
        lambda r, p, t, m: [r, p, "--sort_into", _there(t)],
        "cannot be made",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(
    case: str,
    run_copy: Path,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments, message = BAD[case]
    before = sorted(pictures.rglob("*"))
    predict(*arguments(run_copy, pictures, tmp_path, monkeypatch), status=2)
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert message in line
    assert printed.out == ""
    assert sorted(pictures.rglob("*")) == before
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("flag", [["--coverage", "0.9"], ["--sort_into", "out"]])
def test_what_needs_labels_is_refused(
    unsupervised_run: Path, pictures: Path, flag: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    predict(unsupervised_run, pictures, *flag, status=2)
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{flag[0]}: {unsupervised_run} is a run without labels" in line


def test_arrays_are_not_sorted_into_folders(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.savez(tmp_path / "some.npz", x=np.zeros((2, 8, 8), np.uint8))
    predict(run_folder, tmp_path / "some.npz", "--sort_into", tmp_path / "out", status=2)
    assert "are no files of their own" in capsys.readouterr().err


def test_links_that_cannot_be_made_end_it(
    run_folder: Path,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    file = tmp_path / "some.csv"
    predict(run_folder, pictures, "--csv", file, "--sort_into", tmp_path / "out", status=2)
    assert "(Operation not permitted); give --copy" in capsys.readouterr().err
    assert not file.exists()


def test_a_picture_that_vanishes_before_it_is_linked(
    run_folder: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(pictures, tmp_path / "copy"))

    def vanish(*arguments: Any) -> Any:
        (folder / "a" / "02.png").unlink()
        return answers(*arguments)

    monkeypatch.setattr(import_module("bayesian_gan.evaluation.answers"), "answers", vanish)
    where = ("--csv", tmp_path / "some.csv", "--sort_into", tmp_path / "out")
    predict(run_folder, folder, *where, status=1)
    row = read(tmp_path / "some.csv")[2]
    assert "was gone before it was linked" in row["reason"]
    assert row["label"]
    assert len([p for p in (tmp_path / "out").rglob("*") if p.is_symlink()]) == NUM - 1
