"""Writes that are tried again: a full disk or a lost permission does not end the training."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from bayesian_gan.errors import UNWRITTEN_STATUS, RunStopped

RETRY_SECONDS = 10.0
WARN_SECONDS = 60.0
MAX_PENDING_BYTES = 2**30


@dataclass(frozen=True)
class _Write:
    what: str
    action: Callable[[], object]
    num_bytes: int


class Writes:
    """Carries out writes now or, where the file system refuses, later, in order for each file.

    What waits is held in memory; its sizes may add up to 1 GiB, after which the run stops, for going on would
    lose what it makes. A checkpoint is written only when nothing waits (`Writes.clear`), so what never
    reached the disk is made again by the run that resumes.

    Args:
        log: warnings go here, at most one a minute.
        retry_seconds: between attempts.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        log: logging.Logger,
        retry_seconds: float = RETRY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log, self._retry_seconds, self._clock = log, retry_seconds, clock
        self._pending: list[_Write] = []
        self._tried = self._warned = -float("inf")

    @property
    def pending(self) -> list[str]:
        """What could not be written yet, in order."""
        return [write.what for write in self._pending]

    def write(self, what: str, action: Callable[[], object], num_bytes: int = 10_000) -> None:
        """Carries out a write, or keeps it for later.

        Args:
            what: the file, which also orders the writes.
            action: writes; raises OSError and leaves nothing half done where it cannot. May be called often.
            num_bytes: of memory that it holds on to.

        Raises:
            RunStopped: more waits than memory is allowed for.
        """
        self._pending.append(_Write(what, action, num_bytes))
        if len(self._pending) == 1 or self._due():
            self._try_all()
        if sum(write.num_bytes for write in self._pending) > MAX_PENDING_BYTES:
            raise RunStopped(
                f"{len(self._pending)} files could not be written for too long, the first of them "
                f"{self._pending[0].what}: make room or mend the permissions",
                UNWRITTEN_STATUS,
            )

    def retry(self) -> None:
        """Tries again what waits, if the last attempt was long enough ago."""
        if self._pending and self._due():
            self._try_all()

    def clear(self) -> bool:
        """Tries again at once; whether nothing waits any more."""
        if self._pending:
            self._try_all()
        return not self._pending

    def discard(self) -> None:
        """Forgets what waits: the run goes back to before it was made, and will make it again."""
        self._pending = []

    def failed(self, what: str, error: OSError) -> None:
        """Warns that something could not be written, if the last warning was a minute ago."""
        if self._clock() - self._warned < WARN_SECONDS:
            return
        self._warned = self._clock()
        self._log.warning(
            f"cannot write {what} ({error.strerror or error}): training goes on and tries again every "
            f"{self._retry_seconds:g} s; {len(self._pending)} writes wait"
        )

    def _due(self) -> bool:
        return self._clock() - self._tried >= self._retry_seconds

    def _try_all(self) -> None:
        self._tried = self._clock()
        waiting, blocked = self._pending, set[str]()
        self._pending = []
        for write in waiting:
            if write.what in blocked:
                self._pending.append(write)
                continue
            try:
                write.action()
            except OSError as error:
                blocked.add(write.what)
                self._pending.append(write)
                self.failed(write.what, error)
        if waiting and not self._pending and self._warned > -float("inf"):
            self._log.info("all that waited is written now")
            self._warned = -float("inf")
