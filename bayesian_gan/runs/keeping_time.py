"""A run of so many minutes looks at the clock on its way, and plans the rest anew where that is wrong."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras

from bayesian_gan.options.config import Config
from bayesian_gan.reliability.keeper import KeepRun
from bayesian_gan.runs.duration import rechosen

# Of the part of the warm-up in which nothing depends on its length: where the clock is looked at.
PLACE = 0.6
# Of the minutes that were asked for: by less than this the end may be early or late.
TOLERANCE = 0.1


class KeepTime(keras.callbacks.Callback):
    """Ends the training where the run would end too early or too late, and chooses the length anew.

    The steps that are timed before a run say how fast a machine is at that moment. Until the learning rate
    begins to fall no iteration depends on the length of the run, so it can be chosen there once more: the run
    is the one that had the new numbers from the start. It comes after `KeepRun`, and before what is written
    at a save.

    Args:
        config: of the run, with `minutes`.
        deadline: when the run shall end, by the clock.
        tail: seconds of the run's end, after its last iteration.
        begun: when the run's parts began to be built, by the clock: a run that goes on builds them again.
        keep: writes the checkpoint that the run goes on from.
        clock: seconds, monotonic.

    Attributes:
        chosen: the configuration with the new numbers; None where the run goes on as it is.
    """

    def __init__(
        self,
        config: Config,
        *,
        deadline: float,
        tail: float,
        begun: float,
        keep: KeepRun,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.config, self.deadline, self.tail, self.begun = config, deadline, tail, begun
        self.keep, self._clock = keep, clock
        self.chosen: Config | None = None
        self._place = place_of(config)
        # When the first call had ended, which is traced; and the half of the way, for the present speed.
        self._first: float | None = None
        self._half: tuple[int, float] | None = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the clock at three moments."""
        if self._place is None:
            return
        iteration, now = int(self.model.iteration.numpy()), self._clock()
        self._first = self._first or now
        if self._half is None and 2 * iteration >= self._place:
            self._half = iteration, now
        if iteration < self._place:
            return
        if iteration == self._place and self._half is not None and self._half[0] < iteration:
            each = (now - self._half[1]) / (iteration - self._half[0])
            self._choose(iteration, each, self.deadline - now, self._first - self.begun)
        self._place = None

    def _choose(self, made: int, each: float, left: float, again: float) -> None:
        """Ends the training for another length where it would not end in the seconds that are left."""
        assert self.config.minutes is not None
        off = abs((self.config.train_iter - made) * each + self.tail - left)
        if off <= max(TOLERANCE * 60.0 * self.config.minutes, again):
            return
        chosen = rechosen(self.config, made, left - again - self.tail, each)
        if chosen == self.config:
            return
        if self.keep.saved != made:
            self.keep.save()
        if self.keep.saved == made:
            self.chosen = chosen
            self.model.stop_training = True


def place_of(config: Config) -> int | None:
    """The iteration at which the clock is looked at; None where the length decides all iterations."""
    unit = math.gcd(config.warm_up, config.train_iter, config.n_save, config.collect_every)
    place = int(PLACE * config.constant_iterations) // unit * unit
    return place if 2 * unit <= place < config.train_iter else None
