"""What a checkpoint brings back, and when one is written: by iterations, by the clock, at the end."""

import errno
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.posterior import Posterior
from bayesian_gan.reliability.checkpoint import Checkpoints
from bayesian_gan.reliability.keeper import Identity, Keeper, KeepRun
from bayesian_gan.reliability.writes import Writes
from bayesian_gan.versions import versions

LOG = logging.getLogger("test_keeper")


def _keeper(folder: Path, model: BayesianGAN, **identity: str) -> Keeper:
    return Keeper(
        folder,
        model,
        None,
        Posterior.reopen(folder / "posterior", model, max_samples=2),
        Identity(**({"configuration": "c", "data": "d"} | identity)),
        [folder / "log.csv"],
        lambda: 12.5,
    )


class _Notes:
    """Something that a run keeps beside its state."""

    def __init__(self, value: float) -> None:
        self.value: float | None = value

    def arrays(self) -> dict[str, np.ndarray]:
        return {"value/0": np.array(self.value)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.value = float(arrays["value/0"]) if arrays else None


def test_what_is_carried_comes_back_and_is_no_part_of_the_state(
    make_model: Callable[..., BayesianGAN], tmp_path: Path
) -> None:
    model = make_model()
    keeper = _keeper(tmp_path, model)
    keeper.save()
    without = keeper.checkpoints.load_newest(LOG)
    keeper.carried = _Notes(3.5)
    model.iteration.assign(1)
    keeper.save()
    checkpoint = keeper.checkpoints.load_newest(LOG)
    keeper.carried.value = 7.0
    keeper.restore(checkpoint, LOG)
    assert keeper.carried.value == 3.5
    # A checkpoint of a version that carried nothing, and a version that carries nothing.
    keeper.restore(without, LOG)
    assert keeper.carried.value is None
    keeper.carried = None
    keeper.restore(checkpoint, LOG)
    assert int(model.iteration.numpy()) == 1


def test_a_restored_run_is_as_it_was_saved(
    make_model: Callable[..., BayesianGAN], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = make_model()
    keeper, log = _keeper(tmp_path, model), tmp_path / "log.csv"
    for iteration in (10, 20, 30):
        model.iteration.assign(iteration)
        keeper.posterior.collect(model)
    log.write_text("saved")
    keeper.restarts.append({"player": "generator"})
    keeper.save()
    before = [variable.numpy() for network in model.generators for variable in network.weights]
    model.iteration.assign(40)
    keeper.posterior.collect(model)
    log.write_text("saved and more")
    for network in model.generators:
        network.set_weights([weight + 1.0 for weight in network.get_weights()])

    again = _keeper(tmp_path, model)
    checkpoint = again.checkpoints.load_newest(LOG)
    assert checkpoint is not None
    assert checkpoint.manifest["seconds"] == 12.5
    assert checkpoint.manifest["versions"] == versions()
    with caplog.at_level(logging.WARNING, LOG.name):
        again.check(checkpoint, LOG)
        again.restore(checkpoint, LOG)
    assert int(model.iteration.numpy()) == 30
    after = [variable.numpy() for network in model.generators for variable in network.weights]
    for value, expected in zip(after, before, strict=True):
        np.testing.assert_array_equal(value, expected)
    assert log.read_text() == "saved"
    assert again.restarts == [{"player": "generator"}]
    # The draws of 10 and 20 made room for newer ones: nothing is missing.
    assert again.posterior.iterations == [30, 40]
    assert caplog.text == ""

    (again.posterior.path / "draw_00000030.npz").unlink()
    log.write_text("sa")
    with caplog.at_level(logging.WARNING, LOG.name):
        again.restore(checkpoint, LOG)
    assert "the draw of iteration 30 is gone" in caplog.text
    assert "3 bytes that it had are gone" in caplog.text
    assert log.read_text() == "sa"
    caplog.clear()
    log.write_text("saved")  # As it was, to the byte.
    with caplog.at_level(logging.WARNING, LOG.name):
        again.restore(checkpoint, LOG)
    assert "bytes" not in caplog.text
    assert log.read_text() == "saved"
    again.restore(None, LOG)
    assert log.read_text() == ""


def test_a_checkpoint_of_other_flags_data_or_versions(
    make_model: Callable[..., BayesianGAN], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = make_model()
    _keeper(tmp_path, model).save()
    checkpoint = Checkpoints(tmp_path / "checkpoints").load_newest(LOG)
    assert checkpoint is not None
    for name, what in (("configuration", "flags"), ("data", "images or labels")):
        with pytest.raises(InputError, match=f"was made with other {what}"):
            _keeper(tmp_path, model, **{name: "other"}).check(checkpoint, LOG)
    checkpoint.manifest["versions"]["numpy"] = "0.1"
    with caplog.at_level(logging.WARNING, LOG.name):
        _keeper(tmp_path, model).check(checkpoint, LOG)
    assert "numpy 0.1 then" in caplog.text


class _Stage:
    """A `KeepRun` whose model, clock, disk and signals are the test's."""

    def __init__(
        self, *, every: int, minutes: float, last: int = 10_000, kept: int | None = None
    ) -> None:
        self.now, self.iteration, self.refuses = 0.0, 0, False
        self.saves: list[int] = []
        self.checked: list[int] = []
        self.interruption = SimpleNamespace(signum=None)
        iteration = SimpleNamespace(numpy=lambda: self.iteration)
        self.model = SimpleNamespace(iteration=iteration, stop_training=False)
        self.writes = Writes(logging.getLogger("test_keeper"), clock=lambda: self.now)
        keeper: Any = SimpleNamespace(
            model=self.model, save=self._save, checkpoints=SimpleNamespace(kept=kept)
        )
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


def test_the_iteration_that_is_kept_has_a_checkpoint_of_its_own() -> None:
    stage = _Stage(every=50, minutes=10.0, kept=70)
    stage.keep.on_train_begin()
    stage.go(110, 0.1)
    assert stage.saves == [0, 50, 70, 100]


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
