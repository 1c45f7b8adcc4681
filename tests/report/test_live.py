"""The table in the terminal."""

import os
import shutil
import time
from pathlib import Path

import pytest

from bayesian_gan.commands import main
from bayesian_gan.report.live import progress
from bayesian_gan.report.tables import read_table
from bayesian_gan.runs.finished import FinishedRun


def _progress(folder: Path) -> str:
    return progress(
        FinishedRun(folder), read_table(folder / "log.csv"), read_table(folder / "health.csv")
    )


def test_once_prints_and_ends(watched_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--once", str(watched_run)]) == 0
    printed = capsys.readouterr().out
    for said in ("300 of 300", "4 draws", "finished", "kinetic temperature", "The draws:"):
        assert said in " ".join(printed.split())
    last = read_table(watched_run / "log.csv")["semi_supervised_acc"][-1]
    assert f"{100 - last:.4g}" in printed


def test_a_finished_run_is_not_waited_for(watched_run: Path) -> None:
    start = time.monotonic()
    assert main(["watch", "--every", "60", str(watched_run)]) == 0
    assert time.monotonic() - start < 50


def test_progress_of_a_run_under_way(watched_run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(watched_run, tmp_path / "run"))
    (folder / "summary.json").unlink()
    (folder / "health.csv").unlink()
    (folder / "log.csv").write_text("iteration,seconds\n100,20\n200,50\n")
    now = time.time()
    for path in folder.iterdir():
        os.utime(path, (now - 300, now - 300))
    said = _progress(folder)
    assert "iteration 200 of 300 (67%), sampling" in said
    assert "300 ms an iteration, 30 s to go" in said
    assert "last written 5 min ago" in said
    (folder / "log.csv").write_text("iteration,seconds\n100,20\n")
    assert "warm-up" in _progress(folder)
    (folder / "log.csv").unlink()
    assert "iteration 0 of 300" in _progress(folder)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nowhere"], "no such folder"), (["{run}", "--every", "0"], "--every")],
)
def test_bad_arguments_are_refused(
    watched_run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["watch", *(a.format(run=watched_run) for a in arguments)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
