"""A signal in the midst of an evaluation: the run is saved at once, and ends as if left alone."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import disturbed_config, run_configured

from bayesian_gan.errors import RunStopped
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.runs import finish, foresee
from bayesian_gan.runs.compare import differences

LONG = 60.0


def ask_and_wait() -> None:
    """A signal comes, and what it came into would go on for a minute."""
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(LONG)


def after(count: int, function: Callable[..., Any], then: Callable[[], None]) -> Callable[..., Any]:
    """The function, which does something more the `count`-th time that it is called."""
    calls = iter(range(1, 10**6))

    def called(*arguments: Any, **more: Any) -> Any:
        if next(calls) == count:
            then()
        return function(*arguments, **more)

    return called


def _evaluating(patch: pytest.MonkeyPatch) -> None:
    predict = after(2, SupervisedBaseline.predict, ask_and_wait)
    patch.setattr(SupervisedBaseline, "predict", predict)


def _training_the_baseline(patch: pytest.MonkeyPatch) -> None:
    # After it no iteration of the baseline is begun; this one takes as long as it takes.
    ask = after(
        15, SupervisedBaseline._minibatch, lambda: os.kill(os.getpid(), signal.SIGINT)
    )  # Of the iterations before the second save.
    patch.setattr(SupervisedBaseline, "_minibatch", ask)


def _summarising(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(finish, "summarise", after(1, finish.summarise, ask_and_wait))


@pytest.mark.parametrize("moment", [_evaluating, _training_the_baseline, _summarising])
def test_a_signal_in_an_evaluation_breaks_it_off(
    moment: Callable[[pytest.MonkeyPatch], None],
    undisturbed: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    config = disturbed_config(tmp_path)
    start = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        # What is timed before the training evaluates, too, and is not what is counted here.
        patch.setattr(foresee, "measure", lambda parts, **_: None)
        moment(patch)
        with pytest.raises(RunStopped) as stopped:
            run_configured(config)
    assert time.monotonic() - start < LONG
    assert stopped.value.status == 130
    made = 40 if moment is _summarising else 20
    assert f"stopped by SIGINT after iteration {made}; resume with: " in str(stopped.value)
    assert "could not be written" not in str(stopped.value)
    assert "SIGINT: finishing the step, then saving" in capfd.readouterr().err
    (folder,) = tmp_path.glob("bgan_*")
    assert not (folder / "summary.json").exists()
    rows = (folder / "log.csv").read_text().splitlines()
    assert len(rows) == 1 + made // 10 - (moment is not _summarising)
    run_configured(config, folder)
    assert differences(undisturbed, folder) == []


def test_a_clock_that_is_set_back_while_a_run_rests_changes_nothing(
    undisturbed: Path, tmp_path: Path
) -> None:
    config, now = disturbed_config(tmp_path), time.time
    with pytest.MonkeyPatch.context() as patch:
        _training_the_baseline(patch)
        with pytest.raises(RunStopped):
            run_configured(config)
    (folder,) = tmp_path.glob("bgan_*")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: now() - 3.0e7)
        run_configured(config, folder)
    assert differences(undisturbed, folder) == []
    assert [each.name for each in tmp_path.iterdir()] == [folder.name]
    seconds = np.loadtxt(folder / "log.csv", delimiter=",", skiprows=1, usecols=7)
    assert (np.diff(seconds) > 0.0).all()


def test_a_run_that_is_stopped_evaluates_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def ask(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.3)

    from bayesian_gan.monitoring import SamplerHealth

    # At iteration 20 a save is due, too: the run that resumes makes it.
    monkeypatch.setattr(
        SamplerHealth,
        "on_train_batch_end",
        after(2, SamplerHealth.on_train_batch_end, lambda: ask()),
    )
    with pytest.raises(RunStopped, match="stopped by SIGTERM after iteration 10"):
        run_configured(disturbed_config(tmp_path, "--n_save", "10"))
    (folder,) = tmp_path.glob("bgan_*")
    assert not (folder / "summary.json").exists()
    assert not list(folder.glob("results_*"))
    assert "errors" not in capfd.readouterr().out
