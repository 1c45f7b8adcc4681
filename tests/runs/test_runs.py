"""Whole runs that are stopped, killed and resumed, compared with one that was left alone."""

import os
import random
import shutil
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
from conftest import DISTURBED_FLAGS, disturbed_config, run_configured

from bayesian_gan.data.catalogue import load
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.monitoring.events import read_events
from bayesian_gan.reliability.lock import RunLock
from bayesian_gan.runs.compare import differences
from bayesian_gan.runs.run import run
from bayesian_gan.storage import read_arrays, write_arrays

ROOT = Path(__file__).parents[2]


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


def _until(process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    while not condition():
        assert process.poll() is None, "the run ended before it was stopped"
        time.sleep(0.0005)


@pytest.mark.slow
def test_a_run_killed_six_times_and_stopped_by_signals_ends_as_if_left_alone(
    tmp_path: Path,
) -> None:
    # Long enough that every fault finds iterations still to be made.
    longer = ("--train_iter", "400", "--n_save", "100")
    whole = run_configured(disturbed_config(tmp_path / "whole", *longer))
    chance = random.Random(0)
    process = _start(tmp_path, *DISTURBED_FLAGS.split(), "--out_dir", str(tmp_path), *longer)
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
    other = run_configured(disturbed_config(tmp_path, "--label_seed", "1", "--train_iter", "10"))
    found = differences(undisturbed, other)
    assert "log.csv differs" in found
    assert "tensorboard differs" in found
    assert any("draw_00000040" in line for line in found)
    assert differences(undisturbed, undisturbed) == []


def test_what_compares_runs_names_each_difference(undisturbed: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(undisturbed, tmp_path / "other"))
    assert differences(undisturbed, other) == []
    (other / "new.png").touch()
    (other / "log.csv").write_text((other / "log.csv").read_text() + "1\n")
    checkpoint = max((other / "checkpoints").glob("checkpoint_*.npz"))
    arrays, metadata = read_arrays(checkpoint)
    (name, *_) = [name for name, array in arrays.items() if array.dtype == np.float32]
    write_arrays(checkpoint, arrays | {name: arrays[name] + 1}, metadata)
    expected = ["only one has new.png", "log.csv differs", f"the state {name} differs"]
    assert differences(undisturbed, other) == expected
    assert differences(other, undisturbed) == expected
    write_arrays(checkpoint, arrays | {"more": arrays[name]}, metadata)
    assert differences(undisturbed, other)[2:] == ["the last checkpoints hold different variables"]
    checkpoint.rename(checkpoint.with_name("checkpoint_00000099.npz"))
    said = "the last checkpoints are of different iterations"
    assert differences(undisturbed, other)[2] == said


def test_a_longer_run_is_the_one_that_was_longer_from_the_start(
    undisturbed: Path, tmp_path: Path
) -> None:
    # 17 is no save, no draw and no multiple of a call: its row, written at the end, gives way.
    config = disturbed_config(tmp_path, "--train_iter", "17")
    folder = run_configured(config)
    assert "17," in (folder / "log.csv").read_text()
    run_configured(replace(config, train_iter=40), folder)
    for path in (*folder.glob("*_17.*"), *folder.glob("*.damaged")):
        path.unlink()  # Pictures, results and weights of the iteration that ended the first.
    assert differences(undisturbed, folder) == []


def test_pictures_and_weights_are_written_at_every_save_where_they_are_asked_for(
    undisturbed: Path, run_folder: Path
) -> None:
    saves = (10, 20, 30, 40)
    assert {p.name for p in undisturbed.glob("RAW_*.png")} == {f"RAW_{i}.png" for i in saves}
    of_generators = [p.stem.rpartition("_")[2] for p in undisturbed.glob("B_DCGAN_*.png")]
    assert sorted(of_generators) == sorted(2 * [str(i) for i in saves])
    weights = {p.name for p in undisturbed.glob("weights_*.npz")}
    assert weights == {f"weights_{i}.npz" for i in saves}
    assert not [p for p in run_folder.iterdir() if p.name.startswith(("RAW", "B_DCGAN", "weights"))]


def test_a_finished_run_that_resumes_has_nothing_twice(undisturbed: Path) -> None:
    table = (undisturbed / "log.csv").read_text()
    (events,) = (undisturbed / "tensorboard").iterdir()
    steps = [event.step for event in read_events(events.read_bytes())]
    run_configured(disturbed_config(undisturbed.parent), undisturbed)
    assert [row.split(",")[0] for row in (undisturbed / "log.csv").read_text().split()] == [
        row.split(",")[0] for row in table.split()
    ]
    assert [event.step for event in read_events(events.read_bytes())] == steps


def test_a_corrupt_checkpoint_is_passed_over_and_the_run_ends_the_same(
    undisturbed: Path, tmp_path: Path
) -> None:
    config = disturbed_config(tmp_path, "--train_iter", "20")
    folder = run_configured(config)
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
    run_configured(replace(config, train_iter=40), folder)
    said = (folder / "run.log").read_text()
    assert "checkpoint_00000020.npz: cannot be read" in said
    assert "draw_00000015.npz: this draw cannot be read" in said
    for damaged in (path, draw):
        damaged.with_name(damaged.name + ".damaged").unlink()
    assert differences(undisturbed, folder) == []


def test_other_data_and_fewer_iterations_are_refused(undisturbed: Path) -> None:
    config = disturbed_config(undisturbed.parent)
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
        run_configured(disturbed_config(undisturbed.parent), undisturbed)
    assert {path: path.stat().st_mtime_ns for path in undisturbed.rglob("*")} == before
    lock.release()


# ---------------------------------------------------------------------------------- other kinds of run


@pytest.mark.slow
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
    config = disturbed_config(tmp_path / "mapped")
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
    assert set(held) == {data.test_images.nbytes}


KINDS = {
    "ml_ensemble": "--ml_ensemble 2 --num_gen 1",
    "wasserstein": "--wasserstein",
    "consistency": "--consistency 1 --entropy 0.3 --class_frequencies 3 --num_gen 1",
    "gradient_penalty": "--wasserstein --gradient_penalty 10 --num_gen 1",
}


@pytest.mark.slow  # Their parts go on bit for bit in quicker tests.
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_run_resumes_bit_for_bit(kind: str, tmp_path: Path) -> None:
    more = (*KINDS[kind].split(), "--train_iter", "20")
    whole = run_configured(disturbed_config(tmp_path / "whole", *more))
    config = disturbed_config(tmp_path / "parts", *more)
    # 13: within the sampling, between two draws and two saves.
    folder = run_configured(replace(config, train_iter=13))
    run_configured(config, folder)
    for path in folder.glob("*_13.*"):
        path.unlink()
    assert differences(whole, folder) == []
