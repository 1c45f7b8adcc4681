"""Whether two runs came to the same end, bit for bit."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.monitoring.events import CONFIGURATION, read_events
from bayesian_gan.runs.folder import SPLIT_FILE
from bayesian_gan.storage import read_arrays

# What the clock decides.
CLOCK = ("seconds", "timestamp")


def differences(first: Path, second: Path) -> list[str]:
    """Names what differs between two run folders; an empty list if nothing does.

    Compared are the names of all files and the contents of: the last checkpoint, every posterior draw, saved
    weights and pictures, byte for byte; the table, the results, the summary and TensorBoard's events, all but
    times of the clock.
    """
    problems = []
    names = [_names(folder) for folder in (first, second)]
    problems += [f"only one has {name}" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1]):
        read = _reader(name)
        if read is not None and read(first / name) != read(second / name):
            problems.append(f"{name} differs")
    checkpoints = [
        sorted((f / "checkpoints").glob("checkpoint_*.npz"))[-1] for f in (first, second)
    ]
    if checkpoints[0].name != checkpoints[1].name:
        problems.append("the last checkpoints are of different iterations")
    states = [read_arrays(path)[0] for path in checkpoints]
    if states[0].keys() != states[1].keys():
        problems.append("the last checkpoints hold different variables")
    else:
        for name, array in states[0].items():
            if not np.array_equal(array, states[1][name]):
                problems.append(f"the state {name} differs")
    return problems


def _names(folder: Path) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    own = ("checkpoints/", "tensorboard/")  # These have names of their own; see below.
    return {str(path) for path in paths if not str(path).startswith(own)} | {"tensorboard"}


def _reader(name: str) -> Callable[[Path], Any] | None:
    if name == "tensorboard":
        return _events
    if name in ("log.csv", "health.csv", "functionals.csv"):
        return _table
    if name in ("summary.json",) or name.startswith("results_"):
        return lambda path: _without_clock(json.loads(path.read_bytes()))
    if name.endswith((".npz", ".png")) or name == SPLIT_FILE:
        return Path.read_bytes
    return None  # Descriptions of the processes: config.json, run.log, lock and the like.


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [_without_clock(row) for row in csv.DictReader(file)]


def _without_clock(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in CLOCK}


def _events(folder: Path) -> list[tuple[int, str, bytes]]:
    """(step, tag, value) of every event, in the order of the file."""
    return [
        (event.step, value.tag, value.tensor.SerializeToString(deterministic=True))
        for path in sorted(folder.iterdir())
        for event in read_events(path.read_bytes())
        for value in event.summary.value
        if value.tag not in (*CLOCK, CONFIGURATION)
    ]
