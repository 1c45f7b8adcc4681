"""What a process that stands in a long step does with each signal; whole runs are in test_runs.py."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# `step` waits in C, as TensorFlow does, where Python's own handlers do not run; then the work is "saved".
PROGRAM = """
import ctypes, sys, time
from bayesian_gan.reliability.signals import Interruption
usleep = ctypes.CDLL(None, use_errno=True).usleep
with Interruption("python again.py") as interruption:
    print("ready", flush=True)
    for _ in range(600):
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            usleep(100000)
        if interruption.signum is not None:
            print(f"saved after {interruption.name}", flush=True)
            sys.exit(interruption.status)
"""


def _listen() -> None:
    """Undoes what a shell's `&` and `nohup` hand on."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _start(program: str, **arguments: object) -> subprocess.Popen[str]:
    arguments = {"preexec_fn": _listen, **arguments}
    process = subprocess.Popen(  # type: ignore[call-overload]
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        **arguments,
    )
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize(
    ("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_the_step_is_finished_and_the_status_is_the_signals(
    signum: signal.Signals, status: int
) -> None:
    process = _start(PROGRAM)
    process.send_signal(signum)
    out, err = process.communicate(timeout=60)
    assert process.returncode == status
    assert out == f"saved after {signum.name}\n"
    assert f"{signum.name}: finishing the step, then saving" in err


def test_a_second_interrupt_stops_at_once_in_the_midst_of_a_step() -> None:
    process = _start(PROGRAM.replace("0.5", "100"))
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - start < 30
    assert out == ""
    assert "stopped at once; resume with: python again.py" in err


def test_other_signals_twice_do_not_hurry() -> None:
    process = _start(PROGRAM)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert out == "saved after SIGTERM\n"


def test_under_nohup_a_closed_terminal_is_ignored() -> None:
    process = _start(PROGRAM, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(1.0)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143


def test_a_closed_terminal_cannot_break_the_saving(tmp_path: Path) -> None:
    # A terminal of its own, closed under the process: writing to it fails with EIO from then on.
    mark = tmp_path / "mark"
    program = PROGRAM.replace(
        'print(f"saved', f'open({str(mark)!r}, "w").write("saved"); print(f"saved'
    )
    pid, terminal = pty.fork()
    if pid == 0:
        _listen()
        os.environ["PYTHONPATH"] = str(ROOT)
        os.execv(sys.executable, [sys.executable, "-c", program])
    said = b""
    while not said.endswith(
        b"ready\r\n"
    ):  # To the last byte: it may still be writing the end of the line.
        said += os.read(terminal, 1000)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 129
    assert mark.read_text() == "saved"


BREAKABLE = """
import time
from bayesian_gan.reliability.signals import Interruption, StoppedBySignal
with Interruption("python again.py") as interruption:
    print("ready", flush=True)
    try:
        with interruption.breakable():
            time.sleep(100)
    except StoppedBySignal:
        print("broken off", interruption.name, flush=True)
    try:
        with interruption.breakable():
            print("begun", flush=True)
    except StoppedBySignal:
        print("not begun", flush=True)
raise SystemExit(interruption.status)
"""


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_may_be_broken_off_is_and_is_not_begun_again(signum: signal.Signals) -> None:
    process = _start(BREAKABLE)
    start = time.monotonic()
    process.send_signal(signum)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - start < 30
    assert process.returncode == 128 + signum
    assert out == f"broken off {signum.name}\nnot begun\n"
    assert err.strip().startswith(f"{signum.name}: finishing the step, then saving")
