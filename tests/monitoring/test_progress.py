"""The progress of a run, on a terminal and in a pipe."""

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bayesian_gan.monitoring import ProgressBar
from bayesian_gan.monitoring.progress import bar, brief, duration

ROOT = Path(__file__).parents[2]
TIMES, ENERGIES = ("5:20 left", "2 s/iteration"), ("discriminator -1.234", "generator 12.34")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def play(
    stream: io.StringIO, calls: int, monkeypatch: pytest.MonkeyPatch, columns: int = 80, **more: Any
) -> str:
    """What is written of so many calls of 20 iterations, 40 seconds each, from 8,800 of 9,000 on."""
    monkeypatch.setenv("COLUMNS", str(columns))
    clock = SimpleNamespace(now=1000.0, iteration=8800)
    progress = ProgressBar(9000, stream=stream, clock=lambda: clock.now, **more)
    progress.set_model(
        SimpleNamespace(iteration=SimpleNamespace(numpy=lambda: np.int64(clock.iteration)))
    )
    progress.on_train_begin()
    clock.now += 500.0  # The step is traced.
    for _ in range(calls):
        clock.now += 40.0
        clock.iteration += 20
        progress.on_train_batch_end(0, {"generator_energy": 3.0, "real": 9.0})
    progress.on_train_end()
    return stream.getvalue()


def test_time_left_follows_from_the_iterations_after_the_first_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, last = play(io.StringIO(), 2, monkeypatch).splitlines()
    assert last == "iteration 8840 of 9000, 5:20 left, 2 s/iteration, energies: generator 3"


def test_until_then_it_is_what_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    first = play(io.StringIO(), 1, monkeypatch, expected=1.0).splitlines()[0]
    assert first == "iteration 8820 of 9000, 3:00 left, 1 s/iteration, energies: generator 3"
    assert "left" not in play(io.StringIO(), 1, monkeypatch)


def test_a_terminal_has_one_line_that_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    written = play(Terminal(), 3, monkeypatch)
    lines = written.split("\r\x1b[K")
    assert len(lines) == 5  # Nothing, three calls, the end.
    assert written.count("\n") == 1
    assert written.endswith("\n")
    assert all(len(line.rstrip("\n")) < 80 for line in lines)
    assert lines[2].startswith("8840/9000  [")
    assert "5:20 left" in lines[2]


@pytest.mark.parametrize("columns", range(1, 120))
def test_a_bar_fits_its_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for line in play(Terminal(), 2, monkeypatch, columns=columns + 1).split("\r\x1b[K"):
        assert len(line.rstrip("\n")) <= columns


def test_what_matters_least_is_left_out_first() -> None:
    def shown(width: int) -> str:
        return bar(8840, 9000, TIMES, ENERGIES, width)

    assert shown(200) == (
        f"8840/9000  [{'#' * 19}.]  5:20 left  2 s/iteration  energies discriminator -1.234 generator 12.34"
    )
    assert "energies" not in shown(60)
    assert shown(60).endswith("2 s/iteration")
    assert re.fullmatch(r"8840/9000  \[[#.]+\]  5:20 left", shown(32))
    assert shown(20) == "8840/9000  5:20 left"
    assert shown(9) == "8840/9000"
    assert shown(4) == "8840"
    assert bar(0, 100, (), (), 40) == f"  0/100  [{'.' * 20}]"
    assert bar(100, 100, (), (), 40) == f"100/100  [{'#' * 20}]"


def test_a_pipe_gets_a_line_now_and_then_and_at_saves(monkeypatch: pytest.MonkeyPatch) -> None:
    stream, clock = io.StringIO(), SimpleNamespace(now=0.0, iteration=0)
    progress = ProgressBar(1000, lambda k: k == 130, stream=stream, clock=lambda: clock.now)
    progress.set_model(
        SimpleNamespace(iteration=SimpleNamespace(numpy=lambda: np.int64(clock.iteration)))
    )
    progress.on_train_begin()
    for _ in range(50):
        clock.now += 2.0
        clock.iteration += 10
        progress.on_train_batch_end(0, {"generator_energy": 1.0})
    progress.on_train_end()
    written = stream.getvalue()
    made = [int(line.split()[1]) for line in written.splitlines()]
    assert made == [130, 280, 430]  # At the save, 26 s; then every 30 s.
    assert "\x1b" not in written
    assert "\r" not in written


def test_durations() -> None:
    assert [duration(s) for s in (0.2, 59.4, 60, 320, 7520)] == [
        *("0 s", "59 s", "1:00", "5:20", "2:05:20"),
    ]
    assert [brief(s) for s in (0.0352, 0.9996, 2.14)] == ["35.2 ms", "1 s", "2.14 s"]


def test_a_terminal_that_goes_away_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise OSError("gone")

    play(Gone(), 2, monkeypatch)


def test_a_message_takes_the_place_of_the_bar(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from bayesian_gan.runs.folder import run_logger\n"
        "print('the bar', end='', flush=True)\n"
        "run_logger(Path(sys.argv[1])).info('a message')\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    piped = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=True)
    assert piped.stdout == "the bara message\n"
    ours, theirs = pty.openpty()
    subprocess.run(arguments, env=environment, stdout=theirs, check=True)
    assert os.read(ours, 1000) == b"the bar\r\x1b[Ka message\r\n"
