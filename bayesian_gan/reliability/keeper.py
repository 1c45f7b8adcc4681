"""Keeps a run: checkpoints while it trains, and the way back from one."""

import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.replicas import StopVote
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.posterior import Posterior
from bayesian_gan.reliability.checkpoint import Checkpoint, Checkpoints
from bayesian_gan.reliability.finite import FiniteCheck
from bayesian_gan.reliability.signals import Interruption
from bayesian_gan.reliability.state import assign_state, read_state, state_variables
from bayesian_gan.reliability.writes import RETRY_SECONDS, Writes
from bayesian_gan.versions import versions

CARRIED = "carried/"


@dataclass(frozen=True)
class Identity:
    """What a checkpoint must agree with: checksums of the flags that decide the training, and of the data.

    Attributes:
        before: of the flags before the length of the run was chosen anew, on which nothing had depended;
            None where it was not.
    """

    configuration: str
    data: str
    before: str | None = None


class Carried(Protocol):
    """What a run keeps beside the state of its training, and a checkpoint with it."""

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it."""

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Goes back to `arrays`; to the beginning where there are none."""


class Keeper:
    """Saves and restores the whole state of a run.

    Args:
        folder: of the run.
        model: compiled.
        supervised: the baseline, or None.
        posterior: of the run.
        identity: of its configuration and data.
        growing: files that are only appended to; a restored run cuts them to their length at the checkpoint.
        seconds: of training so far.
        kept: iteration whose checkpoint is written and never removed, or None.
        carried: kept and restored with it, or None.
    """

    def __init__(
        self,
        folder: Path,
        model: BayesianGAN,
        supervised: SupervisedBaseline | None,
        posterior: Posterior,
        identity: Identity,
        growing: list[Path],
        seconds: Callable[[], float],
        kept: int | None = None,
        carried: Carried | None = None,
    ) -> None:
        self.carried = carried
        self.folder, self.model, self.supervised = folder, model, supervised
        self.posterior, self.identity, self.growing = posterior, identity, growing
        self.seconds = seconds
        self.checkpoints = Checkpoints(folder / "checkpoints", kept)
        self.restarts: list[dict[str, Any]] = []
        self._variables = state_variables(model, supervised)

    def save(self) -> None:
        """Writes a checkpoint of the present state.

        Raises:
            OSError: it could not be written.
        """
        manifest = {
            "version": versions()["bayesian-gan"],
            "versions": versions(),
            "iteration": int(self.model.iteration.numpy()),
            "seconds": float(self.seconds()),
            "configuration": self.identity.configuration,
            "data": self.identity.data,
            "files": {str(p.relative_to(self.folder)): _size(p) for p in self.growing},
            "draws": self.posterior.iterations,
            "restarts": self.restarts,
        }
        if self.supervised is not None:
            manifest["supervised_iteration"] = self.supervised.iteration
        arrays = read_state(self._variables)
        if self.carried is not None:
            arrays |= {CARRIED + name: array for name, array in self.carried.arrays().items()}
        self.checkpoints.save(arrays, manifest)

    def check(self, checkpoint: Checkpoint, log: logging.Logger) -> None:
        """Whether a checkpoint is this run's.

        Raises:
            InputError: it was made with other flags or other data.
        """
        identity = self.identity
        for name, what, own in (
            ("configuration", "flags", (identity.configuration, identity.before)),
            ("data", "images or labels", (identity.data,)),
        ):
            if checkpoint.manifest[name] not in own:
                raise InputError(
                    f"{checkpoint.path}: was made with other {what} than this run has now; "
                    "put them back, or start a new run"
                )
        then, now = checkpoint.manifest["versions"], versions()
        changed = [f"{k} {then.get(k)} then, {v} now" for k, v in now.items() if then.get(k) != v]
        if changed:
            log.warning(
                f"other versions than the run began with ({'; '.join(changed)}): it goes on, but "
                "not bit for bit as it would have"
            )

    def restore(self, checkpoint: Checkpoint | None, log: logging.Logger) -> None:
        """Goes back to a checkpoint: weights, optimizers, means, baseline, and the files that grow.

        Args:
            checkpoint: None for the beginning; the model is then as it was built.
            log: told of files that are shorter than they were, and of samples that are gone.

        Raises:
            InputError: the checkpoint is another model's; nothing was changed.
        """
        sizes: dict[str, int] = {}
        carried: dict[str, np.ndarray] = {}
        if checkpoint is not None:
            state, carried = _apart(checkpoint.arrays)
            assign_state(self._variables, state, str(checkpoint.path))
            sizes = checkpoint.manifest["files"]
            self.restarts = list(checkpoint.manifest["restarts"])
            if self.supervised is not None:
                self.supervised.iteration = int(checkpoint.manifest["supervised_iteration"])
            self._check_draws(checkpoint, log)
        if self.carried is not None:
            self.carried.restore(carried)
        for path in self.growing:
            size = sizes.get(str(path.relative_to(self.folder)), 0)
            if _size(path) < size:
                log.warning(f"{path}: {size - _size(path)} bytes that it had are gone")
            elif path.exists():
                os.truncate(path, size)

    def _check_draws(self, checkpoint: Checkpoint, log: logging.Logger) -> None:
        there = self.posterior.iterations
        kept = self.posterior.config["max_samples"]
        for iteration in checkpoint.manifest["draws"]:
            newer = sum(other > iteration for other in there)
            if iteration not in there and (kept is None or newer < kept):
                log.warning(
                    f"{self.posterior.path}: the draw of iteration {iteration} is gone; "
                    "the posterior goes on without it"
                )


def _apart(
    arrays: Mapping[str, np.ndarray],
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The state of the training, and what was carried beside it."""
    carried = {k.removeprefix(CARRIED): v for k, v in arrays.items() if k.startswith(CARRIED)}
    return {k: v for k, v in arrays.items() if not k.startswith(CARRIED)}, carried


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class CheckFinite(keras.callbacks.Callback):
    """Checks the energies after every call of the step, and the whole state where it is about to be written.

    Args:
        finite: of the model.
        due: functions of the iteration that say whether something will be written after it.
    """

    def __init__(self, finite: FiniteCheck, *due: Callable[[int], bool]) -> None:
        super().__init__()
        self.finite, self.due = finite, due

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Raises NotFiniteError."""
        self.finite.check_energies()
        iteration = int(self.model.iteration.numpy())
        if any(due(iteration) for due in self.due):
            self.finite.check_state()


class StopTogether(keras.callbacks.Callback):
    """Ends the training of several processes after the same iteration, when a signal asks one of them for it.

    Args:
        vote: of the model.
        interruption: of this process; where another was asked, this one counts as asked by SIGTERM.
    """

    def __init__(self, vote: StopVote, interruption: Interruption) -> None:
        super().__init__()
        self.vote, self.interruption = vote, interruption

    @property
    def agreed(self) -> bool:
        """Whether the processes stop after this iteration."""
        return self.vote.counted > 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Votes."""
        self.vote.own = self.interruption.signum is not None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Stops if one of the votes was for it."""
        if not self.agreed:
            return
        if self.interruption.signum is None:
            self.interruption.signum = signal.SIGTERM
        self.model.stop_training = True


class KeepRun(keras.callbacks.Callback):
    """Writes checkpoints, and ends training when a signal asks for it.

    It comes after the collection of draws, so that a checkpoint has those of its iteration, and before all that
    is written at a save, which the run that resumes does again.

    Args:
        keeper: of the run.
        finite: of its model.
        writes: of the run; a checkpoint waits until nothing else does.
        interruption: of the process.
        every: iterations between checkpoints.
        minutes: between checkpoints, whichever comes first. (The one that the keeper keeps is written too.)
        last: iteration that ends the run; it has a checkpoint.
        saved: iteration of the checkpoint that training goes on from, or None.
        together: where several processes train together, what they agreed on; it comes before.
        clock: seconds, monotonic.

    Attributes:
        saved: iteration of the last checkpoint, or None.
    """

    def __init__(
        self,
        keeper: Keeper,
        finite: FiniteCheck,
        writes: Writes,
        interruption: Interruption,
        *,
        every: int,
        minutes: float,
        last: int,
        saved: int | None = None,
        together: StopTogether | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.keeper, self.finite, self.writes = keeper, finite, writes
        self.interruption = interruption
        self.every, self.minutes, self.last = every, minutes, last
        self.saved, self.together, self._clock = saved, together, clock
        self._time = clock()
        self._refused = -float("inf")

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Saves the beginning, so that there always is something to go back to."""
        if self.saved is None:
            self.save()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Saves and stops where that is due."""
        iteration = int(self.keeper.model.iteration.numpy())
        self.writes.retry()
        stopping = self.interruption.signum is not None
        if self.together is not None:
            stopping = self.together.agreed
        ending = stopping or iteration >= self.last
        if ending or (self._due(iteration) and self._may_try()):
            self.save()
        if stopping:
            self.keeper.model.stop_training = True

    def _may_try(self) -> bool:
        return self._clock() - self._refused >= RETRY_SECONDS

    def _due(self, iteration: int) -> bool:
        if self._clock() - self._time >= 60.0 * self.minutes:
            return True
        if iteration == self.keeper.checkpoints.kept:
            return True
        return iteration // self.every > (self.saved or 0) // self.every

    def save(self) -> None:
        """Writes a checkpoint, unless something that comes before it cannot be written."""
        self.finite.check_state()
        try:
            if not self.writes.clear():
                self._refused = self._clock()
                return
            self.keeper.save()
        except OSError as error:
            self._refused = self._clock()
            self.writes.failed("a checkpoint", error)
            return
        self.saved = int(self.keeper.model.iteration.numpy())
        self._time, self._refused = self._clock(), -float("inf")
