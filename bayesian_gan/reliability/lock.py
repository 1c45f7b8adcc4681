"""One process to a run folder."""

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from bayesian_gan.errors import InputError

NAME = "lock"


class RunLock:
    """Holds a run folder for this process, from construction to `release` or the process's end.

    The lock is the operating system's (`flock` on the file `lock`), so it ends with its owner, however that
    ends; the file says who that is. An owner's name in a file that nobody holds is a stale lock's.

    Args:
        folder: the run's folder.

    Attributes:
        stale: the owner who left without releasing, or None.

    Raises:
        InputError: another process holds it.
    """

    def __init__(self, folder: Path) -> None:
        path = folder / NAME
        # The file is emptied: it must not be another one, by a link.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, 0o644)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = self._owner()
            os.close(self._descriptor)
            if not isinstance(error, BlockingIOError):
                raise
            raise InputError(
                f"{folder}: this run is being written by {_describe(owner)}; wait for its end, "
                "stop it, or start a run of its own"
            ) from error
        self.stale = self._owner()
        owner = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        }
        self._write(json.dumps(owner) + "\n")

    def describe_stale(self) -> str:
        """Who left the lock behind."""
        return _describe(self.stale)

    def release(self) -> None:
        """Empties the file and lets go."""
        if self._descriptor < 0:
            return
        self._write("")
        os.close(self._descriptor)
        self._descriptor = -1

    def _write(self, text: str) -> None:
        try:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)
        except OSError:
            pass  # The name of the owner is a courtesy: the lock itself needs no byte.

    def _owner(self) -> dict[str, Any] | None:
        try:
            owner = json.loads(os.pread(self._descriptor, 1000, 0))
        except (OSError, ValueError, RecursionError):
            return None
        return owner if isinstance(owner, dict) else None


def _describe(owner: dict[str, Any] | None) -> str:
    if owner is None:
        return "another process"
    return f"process {owner.get('pid')} on {owner.get('host')} (since {owner.get('since')})"
