"""`doctor`: a line for each check, the exit status, and what it says of a machine that is unfit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bayesian_gan.commands import main
from bayesian_gan.errors import InputError
from bayesian_gan.runs import checkup, self_test
from bayesian_gan.runs.self_test import Tested


def test_a_fit_machine_is_told_in_a_line_for_each_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start, end = np.zeros(3), np.array([1.0, -2.0, 0.5])
    monkeypatch.setattr(self_test, "run_self_test", lambda device: Tested(start, end))
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok    ") for line in lines[:-2])
    named = [line[6:].partition(":")[0] for line in lines[:-2]]
    fixed = ["versions", "packages", "system", "processor", "memory", "disk", "tensorflow"]
    assert named[:9] == [*fixed, "oneDNN", "bfloat16"]
    assert "XLA on CPU" in lines[9]
    assert "self-test on CPU:0: 20 iterations, the same bits again" in lines[-3]
    assert lines[-2].startswith("All is well.")
    text = "\n".join(lines)
    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text


def test_what_fails_is_said_and_is_the_exit_status(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking() -> None:
        raise InputError("numpy 1.0 is installed, and >=2 is needed")

    monkeypatch.setattr(checkup, "check_versions", lacking)
    monkeypatch.setattr(checkup, "available_memory", lambda: 2**28)
    assert main(["doctor", "--quick"]) == 1
    lines = capsys.readouterr().out.splitlines()
    failed = [line for line in lines if line.startswith("FAIL")]
    assert failed[0] == "FAIL  packages: numpy 1.0 is installed, and >=2 is needed"
    assert "a run needs 1.5 GiB at least" in failed[1]
    assert len(failed) == 2
    assert lines[-2].startswith("2 of these fail.")
    assert not any("self-test" in line for line in lines)


@pytest.mark.parametrize(
    ("end", "ok"),
    [
        ([1.0, 1.0], True),
        ([1.01, 1.0], True),
        ([1.2, 1.0], False),
        ([np.nan, 1.0], False),
        ([0.0, 0.0], False),
        (None, False),
    ],
)
def test_a_device_that_computes_something_else_fails(
    end: list[float] | None, ok: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(device: str) -> Tested:
        if device.endswith("CPU:0"):
            return Tested(np.zeros(2), np.ones(2))
        if end is None:
            raise RuntimeError("no kernel image\nis available")
        return Tested(np.zeros(2), np.array(end))

    monkeypatch.setattr(self_test, "run_self_test", run)
    first, second = checkup._self_tests(["CPU:0", "GPU:0"])
    assert first.ok
    assert second.ok == ok
    assert end is not None or second.text == "RuntimeError: no kernel image"


def test_the_self_test_moves_and_repeats_itself() -> None:
    first, second = (self_test.run_self_test("/device:CPU:0") for _ in range(2))
    assert first.is_finite
    assert first.difference(second) == 0.0


def test_the_quick_form_asks_no_device_to_train(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    monkeypatch.setattr(self_test, "run_self_test", ran.append)
    list(checkup.check_up(test=False))
    assert ran == []
