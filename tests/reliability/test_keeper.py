"""When a checkpoint is written: by iterations, by the clock, on a signal, at the end; when it waits."""

import errno
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from bayesian_gan.reliability.keeper import KeepRun
from bayesian_gan.reliability.writes import Writes


class _Stage:
    """A `KeepRun` whose model, clock, disk and signals are the test's."""

    def __init__(self, *, every: int, minutes: float, last: int = 10_000) -> None:
        self.now, self.iteration, self.refuses = 0.0, 0, False
        self.saves: list[int] = []
        self.checked: list[int] = []
        self.interruption = SimpleNamespace(signum=None)
        iteration = SimpleNamespace(numpy=lambda: self.iteration)
        self.model = SimpleNamespace(iteration=iteration, stop_training=False)
        self.writes = Writes(logging.getLogger("test_keeper"), clock=lambda: self.now)
        keeper: Any = SimpleNamespace(model=self.model, save=self._save)
        finite: Any = SimpleNamespace(check_state=lambda: self.checked.append(self.iteration))
        self.keep = KeepRun(
            keeper,
            finite,
            self.writes,
            self.interruption,  # type: ignore[arg-type]
            every=every,
            minutes=minutes,
            last=last,
            clock=lambda: self.now,
        )

    def _save(self) -> None:
        if self.refuses:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.saves.append(self.iteration)

    def go(
        self, iterations: int, seconds_each: float, then: Callable[[], None] = lambda: None
    ) -> None:
        """Makes iterations, one in a call of the step."""
        for _ in range(iterations):
            self.iteration += 1
            self.now += seconds_each
            self.keep.on_train_batch_end(0)
            then()


def test_minutes_count_from_the_last_checkpoint() -> None:
    stage = _Stage(every=1000, minutes=2.0)
    stage.keep.on_train_begin()
    stage.go(400, 1.0)
    # Two minutes are 120 iterations of a second: at the first end of a call that is not before.
    assert stage.saves == [0, 120, 240, 360]
    stage.go(1, 119.0)  # A long step: 40 + 119 seconds after the last.
    assert stage.saves[-1] == 401
    stage.go(119, 1.0)
    assert stage.saves[-1] == 401
    stage.go(1, 1.0)
    assert stage.saves[-1] == 521


def test_iterations_and_minutes_whichever_comes_first() -> None:
    stage = _Stage(every=50, minutes=1.0)
    stage.keep.on_train_begin()
    stage.go(100, 0.25)
    assert stage.saves == [0, 50, 100]
    stage.go(45, 2.0)  # A minute is 30 iterations now.
    assert stage.saves == [0, 50, 100, 130]
    stage.go(5, 0.25)
    assert stage.saves == [0, 50, 100, 130, 150]
    assert stage.checked == stage.saves  # Nothing is saved that was not looked at.


def test_a_run_that_goes_on_has_its_checkpoint_already() -> None:
    stage = _Stage(every=50, minutes=10.0)
    stage.iteration = stage.keep.saved = 70
    stage.keep.on_train_begin()
    stage.go(40, 0.1)
    assert stage.saves == [100]


def test_a_refused_checkpoint_is_tried_again_after_ten_seconds() -> None:
    stage = _Stage(every=10, minutes=1e6)
    stage.keep.on_train_begin()
    tried: list[int] = []
    save = stage.keep.keeper.save

    def count() -> None:
        tried.append(stage.iteration)
        save()

    stage.keep.keeper.save = count  # type: ignore[method-assign]
    stage.refuses = True
    stage.go(35, 1.0)
    assert tried == [10, 20, 30]
    assert stage.saves == [0]
    stage.refuses = False
    stage.go(6, 1.0)
    assert stage.saves == [0, 40]
    stage.go(9, 1.0)
    assert stage.saves == [0, 40, 50]


@pytest.mark.parametrize("ending", ["signal", "last"])
def test_the_end_has_a_checkpoint_at_once(ending: str) -> None:
    stage = _Stage(every=1000, minutes=1e6, last=10 if ending == "last" else 1000)
    stage.keep.on_train_begin()
    stage.go(9, 1.0)
    assert stage.saves == [0]
    stage.interruption.signum = 15 if ending == "signal" else None
    stage.refuses = True
    stage.go(1, 0.1)
    # Refused, and asked for again at the next end, which does not wait for ten seconds.
    stage.refuses = False
    stage.go(1, 0.1)
    assert stage.saves == [0, 11]
    assert stage.model.stop_training == (ending == "signal")


def test_no_checkpoint_comes_before_what_waits() -> None:
    stage = _Stage(every=10, minutes=1e6)
    stage.keep.on_train_begin()
    disk = {"full": True}

    def append() -> None:
        if disk["full"]:
            raise OSError(errno.ENOSPC, "No space left on device")

    stage.writes.write("log.csv", append)
    stage.go(20, 1.0)
    assert stage.saves == [0]
    disk["full"] = False
    stage.go(10, 1.0)
    assert stage.saves == [0, 30]
    assert stage.writes.pending == []
