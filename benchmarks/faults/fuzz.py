"""Damaged bytes for every reader: one line, set aside, or the same result; nothing else."""

import contextlib
import hashlib
import io
import random
import shutil
import signal
import time
import traceback
import warnings
from collections import Counter
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from bayesian_gan.errors import InputError
from benchmarks.faults.fuzzed import Reader, make_run, readers
from benchmarks.memory import peak_memory

# Of the processor; and of the clock, for what waits. The machine may be busy.
SECONDS, WAIT = 10, 120
# Rounds of all readers, of which a rare one takes part in the first.
ROUNDS = 10
# Beyond what reading the whole files needs.
BYTES = 2**30


class _HangError(BaseException):
    """A reader took too long."""


def fuzz(place: Path, trials: int, seed: int, only: str = "", run: Path | None = None) -> int:
    """Each reader in turn meets a damaged file, another one at each trial.

    Args:
        place: a folder of its own.
        trials: of all readers together.
        seed: of the damages; trial k of a seed is always the same.
        only: a part of the names of the readers that are asked; all by default.
        run: a folder of `make_run`; made where it is not given.
    """
    run = run or make_run(place)
    known = {name: each for name, each in readers(run).items() if only in name}
    whole = {
        name: _prepared(each, place / f"whole{k}") for k, (name, each) in enumerate(known.items())
    }
    counts: dict[str, Counter[str]] = {name: Counter() for name in known}
    bad = 0
    names = [n for r in range(ROUNDS) for n, each in known.items() if not (r and each.rare)]
    for k in range(trials):
        name = names[k % len(names)]
        outcome, what, said = _trial(known[name], place, whole[name], random.Random(f"{seed}/{k}"))
        counts[name][outcome] += 1
        if outcome == "FAILED":
            bad += 1
            print(f"trial {k}, {name}, {what}: {said}", flush=True)
    for name, count in counts.items():
        print(f"{name:32} {dict(sorted(count.items()))}")
    total = sum(counts.values(), Counter())
    print(
        f"fuzz, seed {seed}: {trials} trials of {len(known)} readers: {dict(sorted(total.items()))}"
    )
    return bad


def _prepared(reader: Reader, folder: Path) -> tuple[Path, str]:
    """A reader's whole files, and a digest of what it makes of them."""
    folder.mkdir()
    reader.write(folder)
    missing = [pattern for pattern in reader.files if not any(folder.glob(pattern))]
    if missing:
        raise RuntimeError(f"nothing to damage: {missing} in {sorted(folder.rglob('*'))}")
    return folder, digest(_read(reader, _copied(folder, folder.parent)))


def _copied(folder: Path, place: Path) -> Path:
    now = place / "now"
    shutil.rmtree(now, ignore_errors=True)
    shutil.copytree(folder, now)
    return now


def _trial(
    reader: Reader, place: Path, whole: tuple[Path, str], chance: random.Random
) -> tuple[str, str, str]:
    """The outcome, what was damaged and how, and what was said."""
    now = _copied(whole[0], place)
    pattern = chance.choice(list(reader.files))
    path = chance.choice(sorted(now.glob(pattern)))
    damage = chance.choice(reader.files[pattern])
    data = path.read_bytes()
    damaged = damage(data, chance)
    path.write_bytes(damaged)
    what = f"{path.relative_to(now)} by {damage.__name__}"
    before, start = _peak(reset=True), time.process_time()
    try:
        found = digest(_read(reader, now))
    except InputError as error:
        outcome, said = "refused", str(error)
    except _HangError:
        return "FAILED", what, f"took more than {SECONDS} s, or waited for {WAIT} s"
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        mine = [
            f for f in traceback.extract_tb(error.__traceback__) if "bayesian_gan" in f.filename
        ]
        where = f"{Path(mine[-1].filename).name}:{mine[-1].lineno}" if mine else last.name
        return "FAILED", what, f"{type(error).__name__}: {str(error)[:200]!r} at {where}"
    else:
        outcome, said = "same" if found == whole[1] else "other", ""
        if outcome == "other" and found == digest("set aside"):
            outcome = "set aside"
    more, seconds = _peak() - before, time.process_time() - start
    if outcome == "other" and reader.checked:
        return "FAILED", what, "another result"
    if more > BYTES + 10 * max(len(data), len(damaged)):
        return "FAILED", what, f"{more / 2**20:.0f} MiB more than before"
    if seconds > SECONDS:
        return "FAILED", what, f"took {seconds:.1f} s"
    return outcome, what, said


def _read(reader: Reader, folder: Path) -> Any:
    """What a reader makes of a folder, within the time."""

    def hangs(number: int, frame: FrameType | None) -> None:
        raise _HangError

    timers = (
        (signal.ITIMER_REAL, signal.SIGALRM, WAIT),
        (signal.ITIMER_PROF, signal.SIGPROF, SECONDS),
    )
    for timer, number, limit in timers:
        signal.signal(number, hangs)
        signal.setitimer(timer, limit)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            return reader.read(folder)
    finally:
        for timer, _, _ in timers:
            signal.setitimer(timer, 0.0)


def _peak(reset: bool = False) -> int:
    """The most memory that this process had since the last reset, in bytes."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    return peak_memory()


def digest(value: Any) -> str:
    """A hash of arrays, texts, numbers, dataclasses and lists of these."""
    found = hashlib.blake2b(digest_size=16)
    _feed(found, value)
    return found.hexdigest()


def _feed(found: Any, value: Any) -> None:
    if isinstance(value, np.ndarray):
        found.update(f"{value.dtype}{value.shape}".encode() + value.tobytes())
    elif isinstance(value, dict):
        _feed(found, sorted(value.items()))
    elif isinstance(value, (list, tuple)):
        found.update(f"{len(value)}[".encode())
        for each in value:
            _feed(found, each)
    elif is_dataclass(value):
        _feed(found, [getattr(value, field.name) for field in fields(value)])
    else:
        found.update(repr(value).encode())
