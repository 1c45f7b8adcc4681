"""A run on a folder of one's own pictures, from the command line to data that have moved."""

import json
import shutil
from pathlib import Path
from typing import Any

import layouts as make
import numpy as np
import pytest
from conftest import parse_flags, run_configured, run_flagged
from PIL import Image

from bayesian_gan.commands import main
from bayesian_gan.data.label_table import read_label_table
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.kept_labels import keep_labels, with_kept_labels
from bayesian_gan.runs.resume import resolve
from bayesian_gan.runs.run import run

FLAGS = (
    "--df_dim 2 --gf_dim 2 --num_layers 1 --z_dim 2 --batch_size 4 --train_iter 10 --n_save 10 --warm_up 2 "
    "--collect_every 4"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pictures `own`, and runs on it."""
    folder = tmp_path_factory.mktemp("own_pictures")
    make.write_own(folder / "own")
    (folder / "own" / "labels.csv").write_text("path,label\nunlabelled/a/0.png,dog\n")
    return folder


def own_flags(place: Path, *more: str) -> list[str]:
    known = ["--data", str(place / "own"), "--out_dir", str(place), "--cache_dir", str(place / "C")]
    return [*FLAGS.split(), *known, *more]


@pytest.fixture(scope="module")
def run_dir(place: Path) -> Path:
    return run_flagged(*own_flags(place, "--labels", str(place / "own" / "labels.csv")))


def test_a_run_says_what_it_found_and_scores_the_test_pictures(run_dir: Path, place: Path) -> None:
    log = (run_dir / "run.log").read_text()
    assert "found labelled/CLASS/, unlabelled/, test/CLASS/, labels of labels.csv" in log
    assert (
        "9 labelled pictures of 2 classes (4 to 5 of each), 11 without a label, 4 to test on" in log
    )
    assert "9 labelled examples: own.all@9" in log
    summary: dict[str, Any] = FinishedRun(run_dir).summary or {}
    assert (summary["num_labelled"], summary["num_test"]) == (9, 4)
    assert summary["single"]["n"] == 4
    flags = json.loads((run_dir / "config.json").read_text())["flags"]
    assert (flags["dataset"], flags["data"]) == (f"folder:{place / 'own'}", None)
    assert (flags["N"], flags["data_path"]) == ("all", None)


def test_the_labels_of_a_run_are_its_own(run_dir: Path, place: Path) -> None:
    labels = place / "own" / "labels.csv"
    before = labels.read_text()
    assert (run_dir / "labels.csv").read_text().splitlines()[1] == "unlabelled/a/0.png,dog,"
    try:
        # The next round's file, under the same name.
        labels.write_text(f"{before}unlabelled/a/1.png,cat\n")
        assert FinishedRun(run_dir).load_data().num_labelled == 9
        labels.unlink()
        assert FinishedRun(run_dir).load_data(str(place / "own")).num_labelled == 9
    finally:
        labels.write_text(before)


def test_paths_from_the_file_are_kept_as_paths_from_the_pictures(place: Path) -> None:
    near = place / "near" / "labels.csv"
    near.parent.mkdir()
    near.write_text("path,label\n../own/unlabelled/a/0.png,=1\nunlabelled/b/1.png,\n")
    config = parse_flags(*own_flags(place, "--labels", str(near)))
    keep_labels(near.parent / "..", config)
    kept = with_kept_labels(config, place).labels
    assert kept == str(place / "labels.csv")
    rows = [(row.path, row.label) for row in read_label_table(Path(kept)).rows]
    assert rows == [("unlabelled/a/0.png", "=1"), ("unlabelled/b/1.png", "")]


def moved(place: Path, name: str) -> Path:
    """The pictures, and their file of labels, in another place; the first is gone."""
    target = place / name / "pictures of mine"
    target.parent.mkdir()
    (place / "own").rename(target)
    return target


def test_pictures_that_have_moved_are_found_by_data_path(
    run_dir: Path, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = moved(place, "elsewhere")
    try:
        with pytest.raises(InputError, match="No such file"):
            FinishedRun(run_dir).load_data()
        assert len(FinishedRun(run_dir).load_data(str(target)).images) == 20
        evaluate = ["evaluate", str(run_dir), "--num_images", "0", "--data_path", str(target)]
        assert main(evaluate) == 0
        # The report shows what needs the pictures.
        assert main(["report", str(run_dir), "--data_path", str(target)]) == 0
        assert "could not be read" not in capsys.readouterr().out
        # A run that goes on remembers the place.
        copy = Path(shutil.copytree(run_dir, place / "resumed"))
        asked = parse_flags("--resume", str(copy), "--data_path", str(target), "--train_iter", "14")
        config, folder = resolve(asked, {"data_path", "train_iter"})
        data = load_run_data(config)
        split = label_split(data, config.N, config.label_seed)
        assert split.name == "own.all@9"
        run(config, data, split, folder)
        assert (FinishedRun(copy).summary or {})["iteration"] == 14
        assert len(FinishedRun(copy).load_data().images) == 20
        # Other pictures are told by their content.
        Image.new("RGB", (16, 16)).save(target / "unlabelled/a/1.png")
        with pytest.raises(InputError, match=r"is not what .* was trained on"):
            FinishedRun(run_dir).load_data(str(target))
    finally:
        target.rename(place / "own")


def test_test_fraction_holds_out_labelled_pictures(place: Path) -> None:
    copy = Path(shutil.copytree(place / "own", place / "copy" / "own"))
    shutil.rmtree(copy / "test")
    config = parse_flags(*own_flags(place / "copy", "--test_fraction", "0.25"))
    folder = run_configured(config)
    found = FinishedRun(folder)
    assert (found.num_test, (found.summary or {})["num_labelled"]) == (2, 6)
    assert (
        "2 labelled images held out as test set (--test_fraction 0.25)"
        in (folder / "run.log").read_text()
    )
    data = found.load_data()
    assert sorted(data.test_labels.tolist()) == [0, 1]
    assert not {i.tobytes() for i in data.test_images} & {i.tobytes() for i in data.images}


def test_without_labels_any_folder_of_pictures_trains(place: Path) -> None:
    make.write_flat(place / "flat" / "own")
    folder = run_configured(parse_flags(*own_flags(place / "flat", "--nosemi")))
    found = FinishedRun(folder)
    assert (found.num_test, found.class_names, (found.summary or {})["num_labelled"]) == (0, (), 0)
    assert np.isfinite(found.log[-1]["discriminator_energy"])
