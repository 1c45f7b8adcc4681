"""Every command that writes: on a bad disk, twice at once, and under a clock that has been set back.

The disk is full, cannot be written, or may not be. A command has one of its own, a tmpfs with a copy
of a run; needs root. What it leaves after a fault is read: a file is whole or is not there, what was
there before is as it was or whole and new, and the command does its work once the fault is gone.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from PIL import Image

from bayesian_gan.commands import main
from benchmarks.faults.fuzzed import make_run
from benchmarks.faults.small_runs import write_pictures

# Commands by name; {R} is the run, {O} a folder for what they write, {P} pictures. A run of folds on digits.
COMMANDS = {
    "predict --csv": "predict {R} {P}/test --csv {O}/predictions.csv",
    "predict --sort_into": "predict {R} {P}/test --csv {O}/p.csv --sort_into {O}/sorted",
    "predict --copy": "predict {R} {P}/test --csv {O}/p.csv --sort_into {O}/sorted --copy",
    "suggest": "suggest {R} --num 10",
    "evaluate": "evaluate {R} --num_images 0",
    "report": "report {R} --num_images 50",
    "report --out": "report {R} --num_images 50 --out {O}/page.html",
    "comparison": "report {R} {R}2 --num_images 50 --out {O}/comparison.html",
    "generate --grid": "generate {R} --grid {O}/grid.png",
    "generate --npz": "generate {R} --num 500 --npz {O}/images.npz",
    "diagnose": "diagnose {R} --out {O}/diagnostics",
    "merge": "merge {R} {R}2 {O}/merged",
    "branch": "branch {R} --temperature 0.1 --out_dir {O}",
    "prior": "prior --dataset digits --df_dim 2 --gf_dim 2 --num_layers 1 --networks 2 --out {O}/prior.png",
    "data example": "data example {O}/pictures",
    "export savedmodel": "export {R} --format savedmodel --output {O}/export --samples last",
    "export keras": "export {R} --format keras --output {O}/export --samples last",
    "export litert": "export {R} --format litert --output {O}/export --samples last",
    "export onnx": "export {R} --format onnx --output {O}/export --samples last",
}
# A second run, of other chains: they can be merged with the first one's.
SECOND = ("--chain_offset", "2")
NOBODY = 65534
DISK = "128m"
# Parts of what the command writes for which there is room.
ROOM = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97)
YEAR = 365 * 24 * 3600.0


@dataclass(frozen=True)
class Manner:
    """How a command is run.

    Attributes:
        user: by whom; None for who runs this.
        copies: how many processes do it at once.
        back: seconds by which the clock says less than it is.
    """

    user: int | None = None
    copies: int = 1
    back: float = 0.0


USUAL = Manner()


@dataclass(frozen=True)
class Outcome:
    """How a command ended: its exit status, and all that it printed."""

    status: int
    said: str


def writes(place: Path, only: str = "") -> int:
    """Every command of `COMMANDS` under every fault.

    Args:
        place: a folder of its own.
        only: a part of the names of the commands that are tried; all by default.

    Returns:
        How many trials left something half done, lost something, or said it in another way than
        by a line.
    """
    place.chmod(0o755)  # Another user comes as far as the disk.
    runs = _made(place / "first"), _made(place / "second", *SECOND)
    write_pictures(place)
    _thin_out(place / "pictures" / "test")
    tried = {name: words for name, words in COMMANDS.items() if only in name}
    found = [each for name, words in tried.items() for each in _command(place, name, words, runs)]
    bad = sum(map(bool, found))
    print(f"writes: {len(found)} trials of {len(tried)} commands, {bad} faults")
    return bad


def _thin_out(folder: Path) -> None:
    """Leaves eight pictures of each class."""
    for path in folder.rglob("*.png"):
        if sorted(path.parent.glob("*.png")).index(path) >= 8:
            path.unlink()


def _command(place: Path, name: str, arguments: str, runs: tuple[Path, Path]) -> list[list[str]]:
    """What was wrong at each trial of one command."""
    with _disk(place, runs) as disk:
        before = _files(disk)
        (outcome,) = _run(disk, place, arguments)
        if outcome.status:
            sys.exit(f"{name} undisturbed: exit status {outcome.status}\n{outcome.said}")
        whole = _files(disk)
    new = sum(size for path, size in whole.items() if before.get(path) != size)
    faults = [(_full(int(part * new)), f"{part:.0%} of {new} bytes") for part in ROOM]
    faults += [(_read_only, "read-only"), (_of(Manner(NOBODY)), "no permission")]
    faults += [(_of(Manner(copies=2)), "two at once"), (_of(Manner(back=YEAR)), "clock set back")]
    return [_trial(place, arguments, runs, fault, whole, name, words) for fault, words in faults]


Fault = Callable[[Path], contextlib.AbstractContextManager[Manner]]


def _trial(
    place: Path,
    arguments: str,
    runs: tuple[Path, Path],
    fault: Fault,
    whole: dict[str, int],
    name: str,
    words: str,
) -> list[str]:
    """What was wrong: nothing, where the list is empty."""
    with _disk(place, runs) as disk:
        before = _files(disk)
        with fault(disk) as manner:
            outcomes = _run(disk, place, arguments, manner)
        after, wrong = _files(disk), []
        for outcome in outcomes:
            lines = outcome.said.splitlines()
            wrong += ["a traceback"] * any("Traceback" in line for line in lines)
            if outcome.status and not any("error:" in line.lower() for line in lines):
                wrong.append("no line of the error")
        if (manner.copies > 1 or manner.back) and all(each.status for each in outcomes):
            wrong.append("nobody did it")
        wrong += [f"{path} is gone" for path in before if path not in after]
        wrong += [
            f"{path} is {problem}"
            for path in after
            if path != "ballast" and (problem := _half(disk / path, path, whole))
        ]
        (again,) = _run(disk, place, arguments)
        if again.status and "exists" not in again.said and "is there" not in again.said:
            wrong.append(f"afterwards: exit status {again.status}: {again.said.strip()[-200:]}")
    last = outcomes[-1].said.strip().splitlines()[-1:] or [""]
    status = " and ".join(str(each.status) for each in outcomes)
    print(
        f"{name:20} {words:22} exit status {status}: {'; '.join(wrong[:4]) or 'whole'} | "
        f"{last[0][:110]}",
        flush=True,
    )
    return wrong


def _half(path: Path, name: str, whole: dict[str, int]) -> str | None:
    """What is wrong with a file; None if an undisturbed command has it too, and it reads to its end."""
    if name not in whole and not _renamed(name, whole):
        return "left over"
    try:
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix in (".png", ".gif"):
            with Image.open(path) as picture:
                picture.load()
        elif path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                [arrays[each] for each in arrays]
        elif path.suffix == ".html":
            return None if path.read_text().rstrip().endswith("</html>") else "cut short"
        elif path.suffix in (".csv", ".md", ".txt"):
            return None if path.read_bytes().endswith(b"\n") else "cut short"
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        return f"no longer whole ({error})"
    return None


def _renamed(name: str, whole: dict[str, int]) -> bool:
    """Whether it differs from a name of the undisturbed command by a number alone, such as a time."""
    plain = str.maketrans("", "", "0123456789_")
    return any(name.translate(plain) == other.translate(plain) for other in whole)


# -------------------------------------------------------------------------------------- disks


@contextlib.contextmanager
def _disk(place: Path, runs: tuple[Path, Path]) -> Iterator[Path]:
    """A tmpfs with the runs, `R` and `R2`, and an empty folder `O`."""
    disk = place / "disk"
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", disk], check=True)
    try:
        for folder, name in zip(runs, ("R", "R2"), strict=True):
            shutil.copytree(folder, disk / name)
        (disk / "O").mkdir()
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def _full(room: int) -> Fault:
    @contextlib.contextmanager
    def fault(disk: Path) -> Iterator[Manner]:
        """A disk with room for so many bytes, by pages."""
        page = os.sysconf("SC_PAGESIZE")
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        with (disk / "ballast").open("wb", buffering=0) as file:
            os.posix_fallocate(file.fileno(), 0, max(page, free - room // page * page))
        try:
            yield USUAL
        finally:
            (disk / "ballast").unlink()

    return fault


@contextlib.contextmanager
def _read_only(disk: Path) -> Iterator[Manner]:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    try:
        yield USUAL
    finally:
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)


def _of(manner: Manner) -> Fault:
    return lambda disk: contextlib.nullcontext(manner)


# ---------------------------------------------------------------------------------- processes


def _made(place: Path, *more: str) -> Path:
    """A small run that a process of its own trains."""
    place.mkdir(parents=True)
    (outcome,) = _forked(place / "said", lambda: int(not make_run(place, *more).exists()))
    if outcome.status:
        sys.exit(f"the run cannot be made:\n{outcome.said}")
    return next(place.glob("bgan_*"))


def _run(disk: Path, place: Path, arguments: str, manner: Manner = USUAL) -> list[Outcome]:
    """A command in processes of its own."""
    words = [
        each.format(R=disk / "R", O=disk / "O", P=place / "pictures") for each in arguments.split()
    ]
    return _forked(place / "said", lambda: main(words), manner)


def _forked(output: Path, action: Callable[[], int], manner: Manner = USUAL) -> list[Outcome]:
    """Processes that are forked from this one, which has imported TensorFlow and has run nothing of it."""
    sys.stdout.flush()
    outputs = [output.with_name(f"{output.name}_{k}") for k in range(manner.copies)]
    children = []
    for each in outputs:
        each.write_bytes(b"")
        children.append(os.fork())
        if not children[-1]:
            _become(each, action, manner)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    said = [each.read_text(errors="replace") for each in outputs]
    return [Outcome(status, words) for status, words in zip(statuses, said, strict=True)]


def _become(output: Path, action: Callable[[], int], manner: Manner) -> NoReturn:
    status, now = 1, time.time
    try:
        file = os.open(output, os.O_WRONLY | os.O_APPEND)
        os.dup2(file, 1)
        os.dup2(file, 2)
        if manner.user is not None:
            os.setgid(manner.user)
            os.setuid(manner.user)
        time.time = lambda: now() - manner.back
        status = action()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _files(disk: Path) -> dict[str, int]:
    """Sizes of all files and links, by their places."""
    return {
        str(path.relative_to(disk)): path.lstat().st_size
        for path in disk.rglob("*")
        if path.is_symlink() or path.is_file()
    }
