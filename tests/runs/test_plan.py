"""What a run says before it begins, and that what it times leaves no trace."""

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from command_line import CommandLine
from conftest import RUN_FLAGS, disturbed_config, make_run, parse_flags, run_configured

from bayesian_gan.errors import RunStopped
from bayesian_gan.gan.training import TrainingGAN
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.environment import Needs
from bayesian_gan.runs import foresee, plan, timing
from bayesian_gan.runs import run as run_module
from bayesian_gan.runs.compare import differences
from bayesian_gan.runs.duration import SCALED, Costs
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.plan import _bytes, announce, in_words, shorter_calls
from bayesian_gan.runs.resume import resolve

SPACE = Needs(2**29, 2**30, 3 * 2**20)


def test_a_plan_in_words() -> None:
    config = parse_flags("--out_dir", "O", "--train_iter", "600", "--warm_up", "600")
    lines = announce(config, Costs(warm_up=0.2), SPACE)
    assert lines == ["about 2 minutes for 600 iterations; 1.0 GiB of memory, 3 MiB of disk"]
    assert announce(config, None, SPACE) == ["600 iterations; 1.0 GiB of memory, 3 MiB of disk"]
    assert announce(config, Costs(warm_up=0.2), SPACE, made=595)[0].startswith(
        "about 1 minute for 5 iterations; "
    )


def test_what_is_long_is_told_how_to_be_short() -> None:
    costs = Costs(warm_up=60.0)
    config = parse_flags("--out_dir", "O", "--train_iter", "600", "--warm_up", "600")
    assert announce(config, costs, SPACE)[1] == (
        "to be done sooner on a processor: --preset laptop or --minutes 30"
    )
    laptop = parse_flags("--out_dir", "O", "--preset", "laptop")
    assert announce(laptop, costs, SPACE)[1] == ("to be done sooner on a processor: --minutes 30")


def test_words() -> None:
    assert [in_words(s) for s in (1.0, 61.0, 3600.0, 7199.0, 7200.0, 90000.0)] == [
        *("1 minute", "2 minutes", "60 minutes", "2.0 hours", "2.0 hours", "25.0 hours")
    ]
    assert [shorter_calls(20, s) for s in (0.01, 0.25, 0.3, 1.0, 2.0, 30.0)] == [
        20,
        20,
        10,
        5,
        2,
        1,
    ]
    assert shorter_calls(7, 1.0) == 1
    sizes = (0, 1, 3 * 2**19, 2**29 - 2**20, 2**29, 3 * 2**30)
    assert [_bytes(n) for n in sizes] == [
        *("1 MiB", "1 MiB", "2 MiB", "511 MiB", "0.5 GiB", "3.0 GiB")
    ]


@pytest.mark.slow
def test_the_timed_steps_do_not_change_the_run(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "foresee", lambda run: None)
    folder = run_configured(disturbed_config(tmp_path))
    assert differences(undisturbed, folder) == []


@pytest.mark.slow
def test_a_slow_step_is_a_call_of_its_own_and_the_run_the_same(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    monkeypatch.setattr(plan, "CALL_SECONDS", 1e-9)
    real = foresee.foresee

    def noting(run: Any) -> None:
        real(run)
        calls.append(run.model.steps_per_execution)

    monkeypatch.setattr(run_module, "foresee", noting)
    folder = run_configured(disturbed_config(tmp_path))
    assert calls == [1]
    assert differences(undisturbed, folder) == []


def test_few_steps_are_timed_and_the_training_traces_none_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traced: list[str] = []
    timed: list[int] = []
    iterate = timing._iterate

    def counting(model: Any, count: int) -> None:
        timed.append(count)
        iterate(model, count)

    monkeypatch.setattr(timing, "_iterate", counting)
    step, real = TrainingGAN.train_step, foresee.foresee

    def counted(self: TrainingGAN, data: Any) -> Any:
        traced.append("step")
        return step(self, data)

    monkeypatch.setattr(TrainingGAN, "train_step", counted)

    def noting(run: Any) -> None:
        real(run)
        traced.append("end")

    monkeypatch.setattr(run_module, "foresee", noting)
    make_run(tmp_path)
    assert traced.count("step") > 0
    assert traced[-1] == "end"
    # One is traced; of the warm-up and of the samplers one goes first, and one is timed: of 40
    # iterations `SHARE` is less than one.
    assert timed == [1] * 5


def test_a_signal_while_steps_are_timed_ends_the_run_at_once(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def long(parts: Any, iterations: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60.0)

    config = disturbed_config(tmp_path)
    begun = time.monotonic()
    with monkeypatch.context() as patch:
        patch.setattr(foresee, "measure", long)
        with pytest.raises(RunStopped, match="stopped by SIGINT before the training") as stopped:
            run_configured(config)
    assert stopped.value.status == 130
    assert time.monotonic() - begun < 60.0
    (folder,) = tmp_path.glob("bgan_*")
    run_configured(config, folder)
    assert differences(undisturbed, folder) == []


SMALL = [*RUN_FLAGS.split(), "--out_dir"]


def _without(flags: list[str], *names: str) -> list[str]:
    pairs = zip(flags[::2], flags[1::2], strict=True)
    return [word for name, value in pairs if name not in names for word in (name, value)]


def test_a_run_of_so_many_minutes_is_repeated_by_the_numbers_that_it_chose(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = Costs(start=1.0, warm_up=0.1, sampling=0.1, evaluation=0.5, prediction=0.1)
    timed: list[Config] = []

    def measured(config: Config, *_: Any) -> Costs:
        timed.append(config)
        return costs

    monkeypatch.setattr(plan, "measure_apart", measured)
    first = tmp_path / "first"
    small = _without(RUN_FLAGS.split(), "--train_iter", "--warm_up")
    flags = [*small, "--minutes", "0.2", "--out_dir", str(first)]
    result = command_line(flags)
    assert result.status == 0, result.stderr
    (folder,) = first.glob("bgan_*")
    config = FinishedRun(folder).config
    assert config.minutes == 0.2
    assert config.train_iter < 200
    line = "--minutes 0.2 is here " + " ".join(f"--{n}={getattr(config, n)}" for n in SCALED)
    assert line in result.stdout.splitlines()

    again = tmp_path / "again"
    numbers = line.removeprefix("--minutes 0.2 is here ").split()
    names = tuple(number.partition("=")[0] for number in numbers)
    explicit = [*_without(small, *names), *numbers, "--out_dir", str(again)]
    assert command_line(explicit).status == 0
    (other,) = again.glob("bgan_*")
    assert [d for d in differences(folder, other) if "tensorboard" not in d] == []
    assert len(timed) == 1

    # To go on, nothing is timed and chosen again: by the folder, and by `auto`.
    assert command_line(["--resume", str(folder)]).status == 0
    auto = parse_flags(*flags, "--resume", "auto")
    given = {"out_dir", "minutes", "resume"}
    resolved, found = resolve(auto, given)
    assert found == folder
    assert [getattr(resolved, name) for name in SCALED] == [getattr(config, n) for n in SCALED]
    assert resolve(parse_flags(*flags, "--minutes", "0.3", "--resume", "auto"), given)[1] is None
    assert len(timed) == 1


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    tmp_path: Path, command_line: CommandLine
) -> None:
    absent = tmp_path / "absent"
    result = command_line([*SMALL, str(absent), "--dry_run"])
    assert result.status == 0, result.stderr
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[1] == "1297 training images of 8x8x1, 20 labelled; 500 to test on"
    assert lines[2].startswith("2 chains: 4 generators of ")
    assert "2 discriminators of " in lines[2]
    assert lines[3] == "40 iterations, of which 10 warm-up; 3 draws, evaluations every 10"
    assert re.match(r"about \d+ minutes? for 40 iterations; ", lines[4])  # However busy it is.
    assert len(lines) == 5
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_real_minutes_are_timed_and_put_back(tmp_path: Path, command_line: CommandLine) -> None:
    small = _without(RUN_FLAGS.split(), "--train_iter", "--warm_up")
    result = command_line([*small, "--minutes", "2", "--dry_run"])
    assert result.status == 0, result.stderr
    (chosen,) = (line for line in result.stdout.splitlines() if line.startswith("--minutes 2 is"))
    assert int(chosen.split("--train_iter=")[1].split()[0]) > 100
    assert "about 2 minutes for" in result.stdout


def test_too_few_minutes_are_refused(
    command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = _without(RUN_FLAGS.split(), "--train_iter", "--warm_up")
    monkeypatch.setattr(plan, "measure_apart", lambda *_: Costs(start=20.0, warm_up=0.1))
    too_few = command_line([*small, "--minutes", "0.001", "--dry_run"])
    too_few.refused("--minutes 0.001: too few here", "give at least")
