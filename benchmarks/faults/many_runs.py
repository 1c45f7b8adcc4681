"""Many runs, one after the other, in one process: what does each leave behind?

Between them the session is cleared, as Keras advises where a process makes many models.
"""

import logging
import shutil
import threading
import time
from pathlib import Path
from typing import NamedTuple

import keras
import psutil

from benchmarks.faults.fuzzed import run_here
from benchmarks.faults.resources import open_files

# Five iterations with a warm-up, draws, checkpoints, an evaluation, events and health tables.
FLAGS = (
    "--dataset digits --N 20 --df_dim 2 --gf_dim 2 --num_layers 1 --z_dim 2 --batch_size 8 --num_gen 1 "
    "--num_mcmc 1 --train_iter 5 --n_save 5 --warm_up 2 --collect_every 1 --checkpoint_every 2"
)
# Memory may grow by this part after the first tenth of the runs.
GROWTH = 0.01


class Sample(NamedTuple):
    """What the process has after a run: resident bytes, open files, threads of all, and of Python."""

    memory: int
    files: int
    threads: int
    of_python: int


def many_runs(place: Path, trials: int) -> int:
    """Starts and ends runs of five iterations; after a tenth of them nothing may grow.

    Args:
        place: a folder of its own.
        trials: runs.

    Returns:
        How many of memory, open files and threads grew.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)
    process, samples, start = psutil.Process(), list[Sample](), time.monotonic()
    (place / "runs").mkdir()
    for number in range(trials):
        _one(place / "runs")
        memory = process.memory_info().rss
        counts = open_files(process), process.num_threads(), threading.active_count()
        samples.append(Sample(memory, *counts))
        if number % max(1, trials // 20) == 0 or number == trials - 1:
            seconds = time.monotonic() - start
            print(
                f"run {number + 1}: {memory / 2**20:.1f} MiB, {counts}, {seconds:.0f} s", flush=True
            )
    return summary(samples)


def summary(samples: list[Sample]) -> int:
    """Prints what grew from the end of the first tenth of the runs to the last; returns how many did."""
    late = samples[len(samples) // 10 :]
    # Memory breathes: medians of a tenth of the rest, at its beginning and at its end.
    size = max(1, len(late) // 10)
    first, last = (
        sorted(each.memory for each in part)[size // 2] for part in (late[:size], late[-size:])
    )
    growth = last / first - 1.0
    more = [
        max(getattr(each, name) for each in late[-size:])
        - max(getattr(each, name) for each in late[:size])
        for name in ("files", "threads", "of_python")
    ]
    print(
        f"{len(samples)} runs in one process: memory {growth:+.2%} after the first tenth "
        f"({first / 2**20:.1f} to {last / 2**20:.1f} MiB), open files {more[0]:+d}, threads "
        f"{more[1]:+d}, of Python {more[2]:+d}"
    )
    return int(growth >= GROWTH) + sum(each > 0 for each in more)


def _one(out_dir: Path) -> None:
    """One run, from its flags to its summary; its folder is removed."""
    folder = run_here(*FLAGS.split(), "--out_dir", str(out_dir))
    if not (folder / "summary.json").exists():
        raise RuntimeError(f"{folder}: it has no summary")
    shutil.rmtree(folder)
    keras.backend.clear_session()
