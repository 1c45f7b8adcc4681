"""Strategies against one device: the same state after 50 steps, equal copies, and processes that are lost."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bayesian_gan.storage import read_arrays

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).with_name("programs.py")
FLAGS = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 1 --z_dim 5 --batch_size 8 --num_gen 2 "
    "--shards 2 --n_save 20 --warm_up 20 --collect_every 20 --lr 0.003 --checkpoint_every 20"
)


def _ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _cluster(count: int = 2) -> list[dict[str, str]]:
    """The environment of each process of a cluster on this machine."""
    workers = [f"127.0.0.1:{port}" for port in _ports(count)]
    return [
        {
            "TF_CONFIG": json.dumps(
                {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
            )
        }
        for index in range(count)
    ]


def _start(arguments: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finished(process: subprocess.Popen) -> str:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err[-3000:]
    return str(out)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state that one device reached, after it was compared with two logical devices."""
    path = tmp_path_factory.mktemp("alone") / "state.npz"
    out = _finished(_start([str(PROGRAMS), "mirrored", str(path)]))
    assert out.splitlines()[-1] == "equal"
    state, _ = read_arrays(path)  # Each of its variables has a second copy, and each was compared.
    assert f"copies compared: {len(state)}" in out.splitlines()
    return path


@pytest.mark.slow
def test_two_logical_devices_equal_one(alone: Path) -> None:
    # What the fixture compared is what it should be: all weights moved, of every player and chain.
    state, _ = read_arrays(alone)
    assert sum(name.startswith("generator_0") for name in state) > 20
    assert int(state[next(name for name in state if name.endswith("iteration"))]) == 50


def test_what_is_measured_on_two_devices_is_what_it_is_on_one() -> None:
    assert _finished(_start([str(PROGRAMS), "health"])).splitlines()[-1] == "equal"


@pytest.mark.slow
def test_two_processes_equal_one(alone: Path) -> None:
    processes = [_start([str(PROGRAMS), "worker", str(alone)], task) for task in _cluster()]
    for process in processes:
        assert _finished(process).splitlines()[-1] == "equal"


def test_a_gradient_that_is_not_finite_on_one_replica_stops_all() -> None:
    assert "stopped" in _finished(_start([str(PROGRAMS), "not_finite"]))


def _run(out_dir: Path, task: dict[str, str], *more: str) -> subprocess.Popen:
    arguments = [str(ROOT / "run_bgan_semi.py"), *FLAGS.split(), "--out_dir", str(out_dir)]
    return _start([*arguments, "--strategy", "multiworker", *more], task)


def _until(condition: Callable[[], bool], *processes: subprocess.Popen) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        if time.monotonic() > deadline or any(p.poll() is not None for p in processes):
            for process in processes:
                process.kill()
            raise AssertionError([p.communicate()[1][-3000:] for p in processes])
        time.sleep(0.05)


@pytest.mark.slow
def test_a_worker_that_is_killed_ends_the_others_and_all_resume(tmp_path: Path) -> None:
    iterations = ("--train_iter", "4000", "--resume", "auto")
    chief, worker = (_run(tmp_path, task, *iterations) for task in _cluster())

    def newest() -> int:
        paths = tmp_path.glob("bgan_*/checkpoints/checkpoint_*.npz")
        return max((int(path.stem[-8:]) for path in paths), default=-1)

    _until(lambda: newest() >= 40, chief, worker)
    worker.send_signal(signal.SIGKILL)
    _, said = chief.communicate(timeout=300)
    assert chief.returncode == 5, said[-3000:]
    line = said.strip().splitlines()[-1]
    assert "a process that trained together with this one was lost" in line
    assert "Traceback" not in said
    worker.wait()
    (folder,) = tmp_path.glob("bgan_*")
    before = newest()

    # All of them go on where the chief's last checkpoint is; a signal to one stops both.
    chief, worker = (_run(tmp_path, task, *iterations) for task in _cluster())
    _until(lambda: newest() >= before + 20, chief, worker)
    worker.send_signal(signal.SIGTERM)
    for process in (chief, worker):
        _, said = process.communicate(timeout=300)
        assert process.returncode == 143, said[-3000:]
    assert [path.name for path in tmp_path.glob("bgan_*")] == [folder.name]
    stopped = newest()
    assert stopped > before

    # And once more to the end, which only the chief reports.
    end = ("--train_iter", str(stopped // 20 * 20 + 20), "--resume", str(folder))
    chief, worker = (_run(tmp_path, task, *end) for task in _cluster())
    assert "summary" not in _finished(worker)
    _finished(chief)
    assert json.loads((folder / "summary.json").read_text())["iteration"] == int(end[1])
    rows = np.loadtxt(folder / "log.csv", delimiter=",", skiprows=1)[:, 0]
    np.testing.assert_array_equal(np.diff(rows), 20)


@pytest.mark.slow
def test_processes_with_other_flags_are_refused(tmp_path: Path) -> None:
    tasks = _cluster()
    processes = [
        _run(tmp_path, task, "--train_iter", "20", "--lr", lr)
        for task, lr in zip(tasks, ("0.003", "0.004"), strict=True)
    ]
    for process in processes:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 2, said[-3000:]
        assert "have other flags or other data than each other" in said.splitlines()[-1]
