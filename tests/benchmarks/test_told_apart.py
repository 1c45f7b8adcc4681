"""The table's images from elsewhere: shown to every run where they are named, and printed."""

import argparse
from pathlib import Path
from typing import Any

import pytest
from table_lines import line as _line

from benchmarks import table1
from benchmarks.table.cells import Cell
from benchmarks.table.render import render


def test_how_well_images_from_elsewhere_are_told_stands_in_a_table_of_its_own() -> None:
    def auroc(entropy: float, p_real: float) -> dict[str, Any]:
        scores = {"entropy": entropy, "mutual_information": 0.5, "p_real": p_real}
        return {"data_set": "cifar", "auroc": scores}

    lines = [_line(label_seed=k, ood=auroc(0.9 + 0.02 * k, 0.99)) for k in range(3)]
    lines += [_line(label_seed=3)]  # Was not asked.
    lines += [_line(system="swag", temperature=None, ood=auroc(0.8, 1.0))]
    told = render(lines).split("AUROC of telling")[1]
    rows = [line for line in told.splitlines() if line.startswith("| cifar")]
    half = "0.5000 (0.5000 to 0.5000)"
    assert rows == [
        f"| cifar | 100 | swag |  | 0.8000 (0.8000 to 0.8000) | {half} | 1.0000 (1.0000 to 1.0000) |",
        f"| cifar | 100 | bayesgan | 1 | 0.9200 (0.9000 to 0.9400) | {half} | 0.9900 (0.9900 to 0.9900) |",
    ]
    assert "AUROC of telling" not in render([_line()])


def test_a_run_is_shown_images_from_elsewhere_where_they_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(table1, "train", lambda script, flags, place, **_: place / "bgan")
    monkeypatch.setattr(table1, "start", lambda command, threads, log: started.append(command))
    cell = Cell("mnist", 100, "dcgan", 3, "laptop")
    known = argparse.Namespace(runs=tmp_path, data_path=str(tmp_path), temperatures=None, ood=None)
    assert table1._run_cell(cell, known, (), 1) == tmp_path / cell.name / "bgan"
    assert not started
    known.ood = "cifar"
    assert table1._run_cell(cell, known, (), 1) == tmp_path / cell.name / "bgan"
    ((*evaluate, folder, ood, images, path),) = started
    assert evaluate == ["-m", "bayesian_gan", "evaluate"]
    assert folder == str(tmp_path / cell.name / "bgan")
    assert (ood, images, path) == ("--ood=cifar", "--num_images=0", f"--ood_path={tmp_path}")


def test_images_from_elsewhere_that_are_not_there_are_missed_before_the_first_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = (f"--results={tmp_path / 'r.jsonl'}", f"--runs={tmp_path / 'runs'}")
    elsewhere = ("--ood", "cifar", "--data_path", str(tmp_path))
    assert table1.main(["--go", "--rows", "digits:100", *places, *elsewhere]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("table1.py: error: no cifar in --data_path")
    assert not (tmp_path / "runs").exists()
