"""Whole runs that are stopped, killed and starved of disk, compared with one that was left alone."""

import errno
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from absl import flags

from bayesian_gan import storage
from bayesian_gan.data.catalogue import load
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError, RunStopped
from bayesian_gan.monitoring.events import read_events
from bayesian_gan.options.config import Config
from bayesian_gan.options.flags import define
from bayesian_gan.reliability.lock import RunLock
from bayesian_gan.runs.compare import differences
from bayesian_gan.runs.run import run
from bayesian_gan.storage import read_arrays

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 1 --z_dim 5 --batch_size 8 --num_gen 2 "
    "--train_iter 40 --n_save 10 --warm_up 10 --collect_every 5 --max_samples 4 --lr 0.003 "
    "--checkpoint_every 5 --save_samples --save_weights"
)


def _config(out_dir: Path, *more: str) -> Config:
    values = flags.FlagValues()
    define(values, semi=True)
    values(["program", *FLAGS.split(), "--out_dir", str(out_dir), *more])
    return Config.from_flags(values)


def _run(config: Config, folder: Path | None = None) -> Path:
    """A run in this process."""
    if config.out_dir is not None:
        Path(config.out_dir).mkdir(exist_ok=True)
    data = load(config.dataset, config.data_path)
    return run(config, data, label_split(data, config.N, config.label_seed), folder)


def _start(out_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / "run_bgan_semi.py"), *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=out_dir,
        # A test that runs in the background of a shell would hand on that SIGINT is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbs."""
    return _run(_config(tmp_path_factory.mktemp("undisturbed")))


def _until(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    while not condition():
        assert process.poll() is None, "the run ended before it was stopped"
        time.sleep(0.0005)


def test_a_run_killed_six_times_and_stopped_by_signals_ends_as_if_left_alone(
    tmp_path: Path,
) -> None:
    # Long enough that every fault finds iterations still to be made.
    longer = ("--train_iter", "400", "--n_save", "100")
    whole = _run(_config(tmp_path / "whole", *longer))
    chance = random.Random(0)
    process = _start(tmp_path, *FLAGS.split(), "--out_dir", str(tmp_path), *longer)
    _until(process, lambda: any(tmp_path.glob("bgan_*/config.json")))
    (folder,) = tmp_path.glob("bgan_*")

    def newest() -> int:
        paths = (folder / "checkpoints").glob("checkpoint_*.npz")
        return max((int(path.stem[-8:]) for path in paths), default=-1)

    def writing(what: str) -> Callable[[], bool]:
        return lambda: any((folder / what).glob(".*.part"))

    # Killed: while it builds; in training; during a checkpoint; during collection; twice more in training.
    faults: list[tuple[str, float, int]] = [
        ("building", 1.0, signal.SIGKILL),
        ("", 0.02, signal.SIGKILL),
        ("", 0.01, signal.SIGTERM),
        ("checkpoints", 0.0, signal.SIGKILL),
        ("posterior", 0.0, signal.SIGKILL),
        ("", 0.01, signal.SIGINT),
        ("", 0.02, signal.SIGKILL),
        ("", 0.0, signal.SIGKILL),
    ]
    before = -1
    for moment, longest, number in faults:
        if moment != "building":
            _until(process, lambda before=before: newest() > max(before, 0))  # type: ignore[misc]
        if moment in ("checkpoints", "posterior"):
            _until(process, writing(moment))
        time.sleep(chance.uniform(0.0, longest))
        process.send_signal(number)
        _, printed = process.communicate(timeout=120)
        if number == signal.SIGKILL:
            assert process.returncode == -signal.SIGKILL
        else:
            assert process.returncode == 128 + number
            assert f"resume with: python {ROOT}/run_bgan_semi.py --resume {folder}" in printed
        before = newest()
        process = _start(tmp_path, "--resume", str(folder))
    _, printed = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    assert differences(whole, folder) == []
    assert not list(folder.rglob(".*.part"))
    assert (folder / "lock").read_bytes() == b""


def test_what_compares_runs_sees_differences(undisturbed: Path, tmp_path: Path) -> None:
    other = _run(_config(tmp_path, "--label_seed", "1", "--train_iter", "10"))
    found = differences(undisturbed, other)
    assert "log.csv differs" in found
    assert "tensorboard differs" in found
    assert any("draw_00000040" in line for line in found)
    assert differences(undisturbed, undisturbed) == []


def test_a_longer_run_is_the_one_that_was_longer_from_the_start(
    undisturbed: Path, tmp_path: Path
) -> None:
    # 17 is no save, no draw and no multiple of a call: its row, written at the end, gives way.
    config = _config(tmp_path, "--train_iter", "17")
    folder = _run(config)
    assert "17," in (folder / "log.csv").read_text()
    _run(replace(config, train_iter=40), folder)
    for path in (*folder.glob("*_17.*"), *folder.glob("*.damaged")):
        path.unlink()  # Pictures, results and weights of the iteration that ended the first.
    assert differences(undisturbed, folder) == []


def test_a_finished_run_that_resumes_has_nothing_twice(undisturbed: Path) -> None:
    table = (undisturbed / "log.csv").read_text()
    (events,) = (undisturbed / "tensorboard").iterdir()
    steps = [event.step for event in read_events(events.read_bytes())]
    _run(_config(undisturbed.parent), undisturbed)
    assert [row.split(",")[0] for row in (undisturbed / "log.csv").read_text().split()] == [
        row.split(",")[0] for row in table.split()
    ]
    assert [event.step for event in read_events(events.read_bytes())] == steps


def test_a_corrupt_checkpoint_is_passed_over_and_the_run_ends_the_same(
    undisturbed: Path, tmp_path: Path
) -> None:
    config = _config(tmp_path, "--train_iter", "20")
    folder = _run(config)
    path = folder / "checkpoints" / "checkpoint_00000020.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 4
    path.write_bytes(data)
    # Half a row and half a record, as a machine that stops leaves them.
    with (folder / "log.csv").open("a") as file:
        file.write("30,4.5")
    (events,) = (folder / "tensorboard").iterdir()
    with events.open("ab") as file:
        file.write(b"\x18\0\0\0")
    draw = folder / "posterior" / "draw_00000015.npz"
    draw.write_bytes(draw.read_bytes()[:-1])
    _run(replace(config, train_iter=40), folder)
    said = (folder / "run.log").read_text()
    assert "checkpoint_00000020.npz: cannot be read" in said
    assert "draw_00000015.npz: this draw cannot be read" in said
    for damaged in (path, draw):
        damaged.with_name(damaged.name + ".damaged").unlink()
    assert differences(undisturbed, folder) == []


def test_other_data_and_fewer_iterations_are_refused(undisturbed: Path) -> None:
    config = _config(undisturbed.parent)
    data = load(config.dataset, config.data_path)
    other = replace(data, images=data.images[::-1].copy(), labels=data.labels[::-1].copy())
    split = label_split(data, config.N, config.label_seed)
    before = (undisturbed / "log.csv").read_bytes()
    with pytest.raises(InputError, match="was made with other images or labels"):
        run(config, other, split, undisturbed)
    with pytest.raises(InputError, match="was made with other flags"):
        run(replace(config, lr=0.1), data, split, undisturbed)
    with pytest.raises(InputError, match="has made 40 iterations already"):
        run(replace(config, train_iter=30), data, split, undisturbed)
    assert (undisturbed / "log.csv").read_bytes() == before


def test_a_second_process_is_refused(undisturbed: Path) -> None:
    lock = RunLock(undisturbed)
    before = {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*")}
    with pytest.raises(InputError, match="this run is being written by process"):
        _run(_config(undisturbed.parent), undisturbed)
    assert {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*")} == before
    lock.release()


# ---------------------------------------------------------------------------------- other kinds of run


def test_mapped_images_resume_and_are_the_run_on_images_in_memory(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bayesian_gan.runs import machine

    held: list[int] = []
    needs = machine.needs

    def noted(*arguments: Any) -> Any:
        held.append(arguments[3])
        return needs(*arguments)

    monkeypatch.setattr(machine, "needs", noted)
    config = _config(tmp_path / "mapped")
    data = load(config.dataset, config.data_path)
    np.save(tmp_path / "images.npy", data.images)
    mapped = replace(data, images=np.load(tmp_path / "images.npy", mmap_mode="r"))
    split = label_split(data, config.N, config.label_seed)
    (tmp_path / "mapped").mkdir()
    folder = run(replace(config, train_iter=15), mapped, split)
    run(config, mapped, split, folder)
    for path in (*folder.glob("*_15.*"), *folder.glob("*.damaged")):
        path.unlink()
    assert differences(undisturbed, folder) == []
    # What lies in a file is not counted as memory.
    assert held == [data.test_images.nbytes] * 2


KINDS = {
    "ml_ensemble": "--ml_ensemble 2 --num_gen 1",
    "wasserstein": "--wasserstein",
    "consistency": "--consistency 1 --entropy 0.3 --class_frequencies 3 --num_gen 1",
    "gradient_penalty": "--wasserstein --gradient_penalty 10 --num_gen 1",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run_resumes_bit_for_bit(kind: str, tmp_path: Path) -> None:
    more = (*KINDS[kind].split(), "--train_iter", "20")
    whole = _run(_config(tmp_path / "whole", *more))
    config = _config(tmp_path / "parts", *more)
    # 13: within the sampling, between two draws and two saves.
    folder = _run(replace(config, train_iter=13))
    _run(config, folder)
    for path in folder.glob("*_13.*"):
        path.unlink()
    assert differences(whole, folder) == []


# ---------------------------------------------------------------------------------- a full disk


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Refuses to flush files whose name holds `refuses`, as a full disk does, after `skip` of them; counts."""
    state: dict[str, Any] = {"refuses": "", "skip": 0, "count": 0, "until": None}
    real = os.fsync

    def fsync(descriptor: int) -> None:
        name = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if state["refuses"] and state["refuses"] in name and state["count"] != state["until"]:
            if state["skip"]:
                state["skip"] -= 1
                return real(descriptor)
            state["count"] += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor)

    monkeypatch.setattr(storage.os, "fsync", fsync)
    return state


@pytest.mark.parametrize(
    "site",
    [
        "log.csv",
        "tfevents",
        "draw_",
        "checkpoint_",
        pytest.param("functionals.csv", marks=pytest.mark.slow),  # It goes the way of log.csv.
    ],
)
def test_a_disk_that_is_full_for_a_while_changes_nothing(
    undisturbed: Path, tmp_path: Path, disk: dict[str, Any], site: str
) -> None:
    # The first thing of this kind after the beginning is refused once, and written later.
    # (The first events are written while the run is prepared, when a full disk is still the user's to mend.)
    disk |= {"refuses": site, "until": 1, "skip": int(site == "tfevents")}
    folder = _run(_config(tmp_path))
    assert differences(undisturbed, folder) == []
    assert disk["count"] == 1
    assert "No space left" in (folder / "run.log").read_text()


@pytest.mark.parametrize(
    "site",
    [
        "draw_",
        "log.csv",
        "checkpoint_",
        *(
            pytest.param(site, marks=pytest.mark.slow)  # They go the same way; seconds each.
            for site in ("results_", ".png", "weights_", "summary", "functionals.csv")
        ),
    ],
)
def test_a_disk_that_stays_full_ends_with_an_error_and_loses_nothing(
    undisturbed: Path, tmp_path: Path, disk: dict[str, Any], site: str
) -> None:
    disk["refuses"] = site
    config = _config(tmp_path)
    with pytest.raises(
        RunStopped, match=r"could not be written: .*resume with: python "
    ) as stopped:
        _run(config)
    assert stopped.value.status == 4
    assert disk["count"] > 0
    (folder,) = tmp_path.glob("bgan_*")
    assert not [p for p in folder.rglob("*") if site in p.name and p.stat().st_size]
    assert not list(folder.rglob(".*.part"))
    disk["refuses"] = ""
    _run(config, folder)
    assert differences(undisturbed, folder) == []


@pytest.mark.parametrize(
    "site",
    ["hypers.txt", "config.json", "data.json", "posterior.json", "tfevents", "labelled.json"],
)
def test_a_folder_that_cannot_be_written_at_the_start_is_refused(
    tmp_path: Path, disk: dict[str, Any], site: str
) -> None:
    disk["refuses"] = site
    with pytest.raises(InputError, match=r"cannot write there .*No space left"):
        _run(_config(tmp_path))
    assert disk["count"] == 1
    assert not [p for p in tmp_path.rglob("*") if site in p.name and p.stat().st_size]
    assert not list(tmp_path.rglob(".*.part"))


def test_outputs_on_a_full_disk_do_not_change_the_exit_status() -> None:
    command = (
        f"{sys.executable} {ROOT}/run_bgan_semi.py --lr -1 --out_dir o > /dev/full 2> /dev/full"
    )
    ended = subprocess.run(
        command, shell=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert ended.returncode == 2


# ---------------------------------------------------------------------------------- NaN


def test_a_member_that_is_not_finite_is_named_and_restarted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disk: dict[str, Any]
) -> None:
    from bayesian_gan.monitoring import ProgressBar

    fault = {"at": 30, "left": 1}

    def poison(self: ProgressBar, batch: int, logs: Any = None) -> None:
        if int(self.model.iteration.numpy()) == fault["at"] and fault["left"]:
            fault["left"] -= 1
            weight = self.model.generators[1].trainable_variables[0]
            weight.assign(np.full(weight.shape, np.nan, np.float32))

    monkeypatch.setattr(ProgressBar, "on_train_batch_begin", poison)
    config = _config(tmp_path)
    with pytest.raises(RunStopped, match=r"generator 1: the variable .* is not finite") as stopped:
        _run(config)
    assert stopped.value.status == 3
    (folder,) = tmp_path.glob("bgan_*")
    newest = sorted((folder / "checkpoints").iterdir())[-1]
    arrays, manifest = read_arrays(newest)
    assert manifest["iteration"] == 30
    assert all(np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f")

    fault["left"] = 1
    disk |= {"refuses": "log.csv", "until": 1}
    _run(replace(config, on_nan="restart_member"), folder)
    assert (
        "generator 1 starts again from its sample of iteration 30"
        in (folder / "run.log").read_text()
    )
    arrays, manifest = read_arrays(folder / "checkpoints" / "checkpoint_00000040.npz")
    (restart,) = manifest["restarts"]
    assert (restart["player"], restart["member"], restart["draw"]) == ("generator", 1, 30)
    assert all(np.isfinite(a).all() for a in arrays.values() if a.dtype.kind == "f")
    rows = [line.split(",")[0] for line in (folder / "log.csv").read_text().split()]
    # The row of 30 could not be written before the run went back to 30: it is there once all the same.
    assert disk["count"] == 1
    assert rows == ["iteration", "10", "20", "30", "40"]
    assert json.loads((folder / "summary.json").read_text())["iteration"] == 40

    # The same member at the same place again: to restart it once more would go on for ever.
    fault.update(at=45, left=2)
    with pytest.raises(RunStopped, match="again after it was restarted") as stopped:
        _run(replace(config, on_nan="restart_member", train_iter=60), folder)
    assert stopped.value.status == 3
    assert fault["left"] == 0
    _, manifest = read_arrays(folder / "checkpoints" / "checkpoint_00000045.npz")
    assert [restart["checkpoint"] for restart in manifest["restarts"]] == [30, 45]


def test_logging_survives_a_full_disk(tmp_path: Path) -> None:
    from bayesian_gan.runs.folder import close_logger, run_logger

    (tmp_path / "run.log").mkdir()  # Opening it fails.
    log = run_logger(tmp_path)
    log.info("still here")
    close_logger(log)
    assert logging.getLogger(log.name).handlers == []
