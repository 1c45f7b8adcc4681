"""One process to a run folder; a dead owner's lock is recognised."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.reliability.lock import RunLock

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from bayesian_gan.reliability.lock import RunLock
lock = RunLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_the_second_process_is_refused_and_a_dead_owner_is_not_in_the_way(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert owner.stdout is not None
    try:
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=f"being written by process {owner.pid} on "):
            RunLock(tmp_path)
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        owner.stdout.close()
    lock = RunLock(tmp_path)
    assert lock.stale is not None
    assert f"process {owner.pid} " in lock.describe_stale()
    with pytest.raises(InputError, match=f"process {os.getpid()} "):
        RunLock(tmp_path)
    lock.release()
    again = RunLock(tmp_path)
    assert again.stale is None
    again.release()


def test_a_file_system_without_locks_is_not_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    open_before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks available"):
        RunLock(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before
