"""A run of so many minutes on a machine whose speed changes: its length is chosen anew, its numbers stay."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import disturbed_config, parse_flags, run_configured

import bayesian_gan.runs.run as run_module
import bayesian_gan.runs.train as train_module
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.options.config import Config
from bayesian_gan.runs.compare import differences
from bayesian_gan.runs.duration import rechosen
from bayesian_gan.runs.keeping_time import KeepTime, place_of
from bayesian_gan.runs.resume import resolve

# The learning rate is constant for 20 iterations; the clock is looked at after 10.
PLANNED = ("--warm_up", "40", "--train_iter", "60", "--cosine_from", "0.5")
MADE, EACH = 10, 0.2
TICK = EACH * 5  # Two looks: after the first call, of five iterations, and at iteration 10.


def planned(out_dir: Path, *more: str) -> Config:
    return disturbed_config(out_dir, *PLANNED, "--consistency", "1", *more)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Has a run of `planned` find, by its clock, that there is time for so many iterations in all."""

    def set_up(iterations: int) -> None:
        def watch(config: Config, **arguments: Any) -> KeepTime:
            now = iter((100.0, 100.0 + TICK))
            left = EACH * (iterations - MADE)
            given = arguments | {"begun": 100.0, "tail": 0.0, "deadline": 100.0 + TICK + left}
            return KeepTime(config, **given, clock=lambda: next(now))

        monkeypatch.setattr(train_module, "KeepTime", watch)
        monkeypatch.setattr(run_module, "with_minutes", lambda config, *rest: (config, None))

    return set_up


@pytest.mark.parametrize(
    ("there_is_time_for", "iterations"),
    [(80, 80), pytest.param(12, 40, marks=pytest.mark.slow)],
)
def test_the_run_is_that_which_had_its_numbers_from_the_start(
    hasty: Callable[[int], None], tmp_path: Path, there_is_time_for: int, iterations: int
) -> None:
    hasty(there_is_time_for)
    folder = run_configured(replace(planned(tmp_path / "a"), minutes=0.1))
    found = json.loads((folder / "config.json").read_text())
    assert (found["flags"]["train_iter"], found["flags"]["warm_up"]) == (
        iterations,
        iterations - 20,
    )
    assert found["resumed"] == []
    said = (folder / "run.log").read_text()
    assert said.count(f"--minutes 0.1 is here --train_iter={iterations} ") == 1
    assert said.count("labelled examples") == 1
    more = ("--warm_up", str(iterations - 20), "--train_iter", str(iterations))
    assert differences(run_configured(planned(tmp_path / "b", *more)), folder) == []


class DiedError(Exception):
    """A process that is killed."""


def test_a_run_that_dies_as_its_length_changes_goes_on_with_the_new_one(
    hasty: Callable[[int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty(80)
    begun = []

    def foresee(run: Any) -> None:
        begun.append(run.iteration)
        if run.iteration:
            raise DiedError

    monkeypatch.setattr(run_module, "foresee", foresee)
    with pytest.raises(DiedError):
        run_configured(replace(planned(tmp_path / "a"), minutes=0.1))
    assert begun == [0, MADE]
    monkeypatch.setattr(run_module, "foresee", lambda run: None)
    (folder,) = (tmp_path / "a").glob("bgan_*")
    # What the newest checkpoint holds is lost too: the one before is of the numbers before.
    (folder / "checkpoints" / f"checkpoint_{MADE:08d}.npz").unlink()
    config, resumed = resolve(parse_flags("--resume", str(folder)), {"resume"})
    data = load_run_data(config)
    run_module.run(config, data, label_split(data, config.N, config.label_seed), resumed)
    more = ("--warm_up", "60", "--train_iter", "80")
    assert differences(run_configured(planned(tmp_path / "b", *more)), folder) == []


def test_on_a_steady_machine_a_run_goes_on_as_it_is(
    hasty: Callable[[int], None], tmp_path: Path
) -> None:
    hasty(61)  # By 0.2 s of 6: less than a tenth.
    folder = run_configured(replace(planned(tmp_path), minutes=0.1))
    assert "faster or slower" not in (folder / "run.log").read_text()
    assert json.loads((folder / "config.json").read_text())["flags"]["train_iter"] == 60


def test_the_new_length_takes_the_time_that_is_left(tmp_path: Path) -> None:
    config = planned(tmp_path)
    for iterations in (60, 65, 100, 1000):
        seconds = EACH * (iterations - MADE) + 1e-6
        assert rechosen(config, MADE, seconds, EACH).train_iter == iterations
        assert rechosen(config, MADE, seconds + 4 * EACH, EACH).train_iter == iterations
    # The learning rate was constant till now: half of the warm-up has ten iterations at least.
    assert rechosen(config, MADE, 0.0, EACH).warm_up == 20
    assert rechosen(replace(config, cosine_from=None), MADE, 0.0, EACH).warm_up == 10


def test_where_the_clock_is_looked_at(tmp_path: Path) -> None:
    config = planned(tmp_path)
    assert place_of(config) == MADE
    assert place_of(replace(config, cosine_from=None)) == 20
    assert place_of(replace(config, warm_up=0)) is None
    assert place_of(replace(config, warm_up=10, cosine_from=None)) is None
