"""The progress bar of a run, and of one that goes on."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from bayesian_gan.monitoring import ProgressBar


def test_time_left_follows_from_the_iterations_of_this_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("time.time", lambda: clock.now)
    iteration = SimpleNamespace(numpy=lambda: np.int64(clock.iteration))
    bar = ProgressBar(9000)
    bar.set_model(SimpleNamespace(iteration=iteration))
    clock.iteration = 8800
    bar.on_train_begin()
    for energy in (2.0, 4.0):
        clock.now += 40.0
        clock.iteration += 20
        bar.on_train_batch_end(0, {"generator_energy": energy, "real": 9.0})
    shown = re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out).splitlines()[-1]
    assert "8840/9000" in shown
    assert "5:20 2s/iteration" in shown  # 160 iterations of 80 s / 40
    assert "generator_energy: 3.0000" in shown
    assert "real" not in shown
    bar.on_train_end()
    assert "80s 2s/iteration" in re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out)
