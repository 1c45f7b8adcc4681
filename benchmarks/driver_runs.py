"""Runs that benchmarks make: each in a place of its own, found again, gone on with."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bayesian_gan
from bayesian_gan.storage import json_checksum

ROOT = Path(__file__).parents[1]
_ENDING = str(Path(__file__).with_name("ending.py"))


class RunError(Exception):
    """A command that a benchmark started has failed; it has said why.

    Attributes:
        status: its exit status.
    """

    def __init__(self, command: str, status: int, log: Path | None) -> None:
        where = "" if log is None else f": {_last_line(log)} (all of it: {log})"
        super().__init__(f"{command} failed with status {status}{where}")
        self.status = status


def _last_line(log: Path) -> str:
    """What a program said last."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")


def place_name(name: str, *decided: Any) -> str:
    """A name for the place of a run: `name`, and a checksum of all that decides the run.

    Args:
        name: for the eye.
        decided: flags and numbers, as JSON takes them.
    """
    return f"{name}_{json_checksum([bayesian_gan.__version__, *decided])[:8]}"


def newest(place: Path) -> Path | None:
    """The run folder in a place that was written to last; None where there is none."""
    return max(place.glob("bgan_*"), key=lambda path: path.stat().st_mtime, default=None)


def finished(place: Path) -> Path | None:
    """The newest run folder in a place, if its run has made all its iterations; None otherwise."""
    folder = newest(place)
    if folder is None or not (folder / "summary.json").exists():
        return None
    # A run that a signal has ended has a summary too.
    wanted = read(folder, "config.json")["flags"]["train_iter"]
    return folder if read(folder, "summary.json")["iteration"] >= wanted else None


def train(
    script: str,
    flags: Sequence[str],
    place: Path,
    *,
    threads: int | None = None,
    log: Path | None = None,
) -> Path:
    """Trains, or goes on with what was broken off in this place; returns the run folder.

    Args:
        script: name of a driver script.
        flags: of it, without `--out_dir` and `--resume`.
        place: `--out_dir`; made if it is not there.
        threads: of TensorFlow, in an operation and between them; None leaves that to it.
        log: file that what the script prints is appended to; None prints it.

    Raises:
        RunError: it failed.
    """
    place.mkdir(parents=True, exist_ok=True)
    start([str(ROOT / script), *flags, f"--out_dir={place}", "--resume=auto"], threads, log)
    folder = newest(place)
    assert folder is not None
    return folder


def start(command: Sequence[str], threads: int | None = None, log: Path | None = None) -> None:
    """Runs a command of this Python, which finds this package wherever it stands; see `train`.

    It is ended when this process ends, or the thread that waits for it.

    Raises:
        RunError: it failed.
    """
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    if threads is not None:
        names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
        environment |= dict.fromkeys(names, str(threads))
    with contextlib.ExitStack() as stack:
        output = None if log is None else stack.enter_context(log.open("a", encoding="utf-8"))
        status = subprocess.run(
            [sys.executable, _ENDING, str(os.getpid()), sys.executable, *command],
            env=environment,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            check=False,
        ).returncode
    if status:
        raise RunError(f"{' '.join(command[:3])} ...", status, log)


def read(folder: Path, name: str) -> dict[str, Any]:
    """A JSON file of a run folder."""
    return json.loads((folder / name).read_text(encoding="utf-8"))
