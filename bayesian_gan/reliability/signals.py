"""Signals that end a run: the first asks, a second Ctrl-C insists."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Self

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StoppedBySignal(BaseException):
    """A signal asks for the end where nothing has to be finished first; see `Interruption.breakable`.

    No `Exception`, for nothing on its way out may take it for an error.
    """


class Interruption:
    """Notes SIGTERM, SIGINT (Ctrl-C) and SIGHUP (a closed terminal) while it is entered.

    A second SIGINT ends the process at once, with status 130. That works in the midst of a step too:
    Python's own handlers wait for TensorFlow to return, so a thread listens to the numbers that the
    interpreter writes the moment a signal arrives. A signal that was ignored when the process started (`nohup`)
    stays ignored. For the main thread only.

    Args:
        resume_command: what to type to go on; printed with the answer to the signal.

    Attributes:
        signum: the first signal received, or None.
    """

    def __init__(self, resume_command: str) -> None:
        self.resume_command = resume_command
        self.signum: int | None = None
        self._interrupts = 0
        self._asked = self._breakable = False
        self._noted = threading.Event()

    @contextlib.contextmanager
    def breakable(self) -> Iterator[None]:
        """Work that may be broken off anywhere: within, a signal raises `StoppedBySignal` in the main thread.

        So does one that came before. Such work only computes: what it changes is not used any more.
        """
        self._breakable = True
        try:
            if self._asked or self.signum is not None:
                raise StoppedBySignal
            yield
        except StoppedBySignal:
            self._noted.wait(timeout=1.0)  # Till the thread that listens has said what it is.
            raise
        finally:
            self._breakable = False

    @property
    def status(self) -> int:
        """Exit status 128 + n of signal n; 0 without a signal."""
        return 0 if self.signum is None else 128 + self.signum

    @property
    def name(self) -> str:
        """Name of the signal, such as SIGTERM."""
        return "" if self.signum is None else signal.Signals(self.signum).name

    def __enter__(self) -> Self:
        # Asked now: a terminal that is closed no longer says that it is one.
        self._terminals = [descriptor for descriptor in (1, 2) if os.isatty(descriptor)]
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        self._old_wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old: dict[int, Any] = {
            number: signal.signal(number, self._on_signal)
            for number in STOPPING
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        self._thread = threading.Thread(target=self._listen, name="signals", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_wakeup)
        self._writer.close()
        self._thread.join(timeout=1.0)
        self._reader.close()

    def _listen(self) -> None:
        while numbers := self._reader.recv(16):
            self._receive(numbers)

    def _receive(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if number not in self._old:
                continue
            if number == signal.SIGHUP:
                _leave(self._terminals)
            if number == signal.SIGINT:
                self._interrupts += 1
            if self._interrupts > 1:
                _say(f"stopped at once; resume with: {self.resume_command}")
                os._exit(128 + signal.SIGINT)
            if self.signum is None:
                self.signum = number
                again = "; Ctrl-C again stops at once" if number == signal.SIGINT else ""
                _say(f"{self.name}: finishing the step, then saving{again}")
                self._noted.set()

    def _on_signal(self, number: int, frame: Any) -> None:
        """Takes the place of the default handler; `_listen` notes the signal."""
        self._asked = True
        if self._breakable:
            self._breakable = False
            raise StoppedBySignal


def _say(line: str) -> None:
    """Writes a line past Python's buffers, whose locks the main thread may hold."""
    with contextlib.suppress(OSError):
        os.write(2, f"\n{line}\n".encode())


def _leave(terminals: Sequence[int]) -> None:
    """Sends what would go to the closed terminal nowhere: writing to it would fail and end the run."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in terminals:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
