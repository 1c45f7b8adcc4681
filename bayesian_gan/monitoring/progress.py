"""The progress of a run: a bar within a terminal's width, or a plain line now and then in a pipe."""

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, TextIO

import keras

LINE_SECONDS = 30.0
REDRAW_SECONDS = 0.1
_FULLEST_BAR, _LEAST_BAR = 20, 5


class ProgressBar(keras.callbacks.Callback):
    """Where the run is, how long it will go on, and the mean energies since the last save.

    On a terminal one line is drawn again and again, never longer than the terminal is wide. Elsewhere a plain
    line is printed every 30 seconds, and at saves. If the terminal goes away, the run goes on.

    Args:
        iterations: of the run, with those that it had made before.
        due: whether a save is made after an iteration.
        expected: seconds of one iteration, evaluations included, until they are measured; None if unknown.
        stream: where to; by default the standard output.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        iterations: int,
        due: Callable[[int], bool] = lambda iteration: False,
        *,
        expected: float | None = None,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.iterations, self._due, self._expected = iterations, due, expected
        self._stream, self._clock = stream, clock

    @property
    def _out(self) -> TextIO:
        return self._stream or sys.stdout

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Notes where the run is."""
        self._begun: tuple[int, float] | None = None
        self._drawn = self._clock()
        self._terminal = _is_terminal(self._out)
        self._logs: dict[str, Any] = {}

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Says it, where it is time."""
        now, iteration = self._clock(), int(self.model.iteration.numpy())
        self._logs = logs or {}
        if (
            self._begun is None
        ):  # The first call has traced the step, and says nothing of the others.
            self._begun = iteration, now
        every = REDRAW_SECONDS if self._terminal else LINE_SECONDS
        if now - self._drawn >= every or (not self._terminal and self._due(iteration)):
            self._draw(iteration, now)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Ends the bar's line with the bar as it stands."""
        if not self._terminal:
            return
        self._draw(int(self.model.iteration.numpy()), self._clock())
        self._write("\n")

    def _draw(self, iteration: int, now: float) -> None:
        self._drawn = now
        seconds = self._seconds_per_iteration(iteration, now)
        times = []
        if seconds is not None:
            times = [f"{duration(seconds * (self.iterations - iteration))} left"]
            times += [f"{brief(seconds)}/iteration"]
        energies = [
            f"{name.removesuffix('_energy')} {float(value):.4g}"
            for name, value in self._logs.items()
            if name.endswith("_energy")
        ]
        if self._terminal:
            width = (
                shutil.get_terminal_size().columns - 1
            )  # The last column would begin a new line.
            self._write("\r\x1b[K" + bar(iteration, self.iterations, times, energies, width))
        else:
            said = [f"iteration {iteration} of {self.iterations}", *times]
            said += [f"energies: {', '.join(energies)}"] * bool(energies)
            self._write(", ".join(said) + "\n")

    def _seconds_per_iteration(self, iteration: int, now: float) -> float | None:
        if self._begun is None or iteration == self._begun[0]:
            return self._expected
        return (now - self._begun[1]) / (iteration - self._begun[0])

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            self._out.write(text)
            self._out.flush()


def bar(
    iteration: int, iterations: int, times: Sequence[str], energies: Sequence[str], width: int
) -> str:
    """One line of at most `width` characters; what matters least is left out first.

    Args:
        iteration: made.
        iterations: of the run.
        times: the time left, then that of an iteration; empty if unknown.
        energies: name and value of each.
        width: characters, at least 1.
    """
    count = f"{iteration:{len(str(iterations))}d}/{iterations}"
    further = [*times, *([" ".join(("energies", *energies))] if energies else [])]
    while True:
        text = "  ".join((count, *further))
        room = min(width - len(text) - 4, _FULLEST_BAR)  # Brackets and two blanks.
        if room >= _LEAST_BAR:
            full = room * iteration // max(iterations, 1)
            return "  ".join((count, f"[{'#' * full}{'.' * (room - full)}]", *further))
        if not further:
            return count[:width]
        if len(further) == 1 and len(text) <= width:
            return text
        further.pop()


def duration(seconds: float) -> str:
    """Such as "9 s", "5:20" (minutes) or "2:05:20"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def brief(seconds: float) -> str:
    """Such as "35 ms" or "2.1 s"."""
    return f"{1000 * seconds:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # It is closed.
        return False
