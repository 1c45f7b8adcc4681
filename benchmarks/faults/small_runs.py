"""Small runs that faults are done to: processes, each training in a folder of its own.

The runs are on scikit-learn's digits, with networks of width 4.
"""

import csv
import gc
import os
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import tensorflow as tf
from PIL import Image
from sklearn.datasets import load_digits

import bayesian_gan.runs.run  # noqa: F401 - what every forked run would import.
from bayesian_gan.data import cache
from bayesian_gan.data.source import MappedImages

ROOT = Path(__file__).parents[2]

SMALL = (
    "--z_dim 5 --batch_size 16 --num_gen 2 --n_save 20 --warm_up 20 --collect_every 10 --max_samples 4 "
    "--lr 0.003 --sampler_lr 0.003 --checkpoint_every 10 --save_weights"
)
# Of pictures, and of rows.
DCGANS, DENSE = "--df_dim 4 --gf_dim 4 --num_layers 2 --save_samples", "--hidden 8"

ITERATIONS = 160
DEVICES = 2
# What a kind must have said at its end, or it was another kind.
SAID = {"streamed": "images were mapped: True", "mirrored": f"devices: {DEVICES}"}

DIGITS = "--dataset digits --N 20"
# Flags of each kind of run, beside those; {P} is the folder of its own data, which `DATA` makes.
KINDS = {
    "memory": DIGITS,
    "unsupervised": "--dataset digits --nosemi",
    "ml_ensemble": f"{DIGITS} --ml_ensemble 2 --num_gen 1",
    "wasserstein": f"{DIGITS} --wasserstein",
    "random_scan": f"{DIGITS} --generators_per_step 1",
    "generators_first": f"{DIGITS} --order generators_first",
    "labels_csv": "--data {P}/pictures/train --labels {P}/labels.csv --cache_dir {P}/cache",
    "streamed": "--dataset folder:{P}/pictures --N 20 --cache_dir {P}/cache",
    "table": "--data {P}/rows.csv --label_column digit",
    "mirrored": f"{DIGITS} --strategy mirrored --shards {DEVICES}",
}


class Run:
    """A process that trains in a folder of its own, its output in a file beside.

    It is forked from this process, which has imported TensorFlow and has run nothing of it: the
    import would take as long as the run. From there on it is the entry point, `run_bgan_semi.py`.

    Args:
        out_dir: of the run.
        arguments: of the command line.
        kind: "streamed": map every image that is read from the cache, which by itself maps half a
            gigabyte and more; "mirrored": the processor is two devices; others: nothing more.
    """

    def __init__(self, out_dir: Path, *arguments: str, kind: str = "memory") -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self.out_dir, self.output = out_dir, out_dir / "output"
        self.status: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            become_run(self.output, arguments, kind)

    def poll(self) -> int | None:
        """The exit status, -n where signal n killed it; None while it runs."""
        if self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if ended else None
        return self.status

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    @property
    def folder(self) -> Path | None:
        """The run's folder, once it is described."""
        found = [path.parent for path in self.out_dir.glob("bgan_*/config.json")]
        return found[0] if found else None

    def wait_until(self, condition: Callable[[], bool], pause: float = 0.0002) -> bool:
        """Waits; False if the process ended before."""
        while not condition():
            if self.poll() is not None:
                return False
            time.sleep(pause)
        return True

    def finish(self) -> int:
        """Waits for the end; returns the exit status."""
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status


def become_run(output: Path, arguments: Sequence[str], kind: str) -> NoReturn:
    """Makes a forked process the run: its own session, a shell's signals, its output in a file."""
    status = 1
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, 1)
        os.dup2(file, 2)
        if kind == "streamed":
            cache.HELD_BYTES = 0
        if kind == "mirrored":
            (processor,) = tf.config.list_physical_devices("CPU")
            tf.config.set_logical_device_configuration(
                processor, [tf.config.LogicalDeviceConfiguration()] * DEVICES
            )
        sys.argv = [str(ROOT / "run_bgan_semi.py"), *arguments]
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as stop:
        status = int(stop.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        if kind == "streamed":
            held = any(isinstance(found, MappedImages) for found in gc.get_objects())
            print("images were mapped:", held)
        if kind == "mirrored":
            print("devices:", len(tf.config.list_logical_devices("CPU")))
        sys.stdout.flush()
        os._exit(status)


def arguments_of(kind: str, place: Path) -> list[str]:
    """Flags of a small run of one kind; its data are made under `place` where it needs some.

    "streamed" has the digits as pictures in folders, and maps the decoded images from the cache.
    """
    place.mkdir(exist_ok=True)
    if kind in DATA and not (place / DATA[kind][0]).exists():
        DATA[kind][1](place)
    networks = DENSE if kind == "table" else DCGANS
    return [*SMALL.split(), *networks.split(), *KINDS[kind].format(P=place).split()]


def write_pictures(place: Path) -> None:
    """Scikit-learn's digits as PNG files: pictures/train/CLASS/N.png, every fifth in pictures/test."""
    digits = load_digits()
    for n, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        folder = place / "pictures" / ("train" if n % 5 else "test") / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 15).astype("uint8")).save(folder / f"{n}.png")


def write_labels(place: Path) -> None:
    """The pictures, and labels.csv: every seventh of `pictures/train` has its label, and is named there."""
    write_pictures(place)
    paths = sorted((place / "pictures" / "train").rglob("*.png"))
    with (place / "labels.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(("path", "label"))
        table.writerows((path, path.parent.name) for path in paths[::7])


def write_rows(place: Path) -> None:
    """rows.csv: the 64 pixels of scikit-learn's digits, and their class for every tenth."""
    digits = load_digits()
    with (place / "rows.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow((*(f"pixel_{k}" for k in range(digits.data.shape[1])), "digit"))
        for n, (row, label) in enumerate(zip(digits.data, digits.target, strict=True)):
            table.writerow((*row.astype(int), "" if n % 10 else label))


# What a kind's own data is called, and what makes it.
DATA = {
    "streamed": ("pictures", write_pictures),
    "labels_csv": ("labels.csv", write_labels),
    "table": ("rows.csv", write_rows),
}


@dataclass(frozen=True)
class Setup:
    """What all runs of one fault share.

    Attributes:
        kind: of `KINDS`.
        place: a folder of its own; runs are in folders under it.
        iterations: of each run.
    """

    kind: str
    place: Path
    iterations: int = ITERATIONS

    def begin(self, name: str, *extra: str, again: bool = False) -> Run:
        """Starts a run, or goes on with it; from its beginning where nothing describes it yet."""
        out_dir = self.place / name
        arguments = [*arguments_of(self.kind, self.place), "--train_iter", str(self.iterations)]
        arguments += ["--out_dir", str(out_dir), *extra, *(("--resume", "auto") if again else ())]
        return Run(out_dir, *arguments, kind=self.kind)

    def undisturbed(self) -> Path:
        """The folder of a run that nothing disturbs."""
        run = self.begin("undisturbed")
        if run.finish() or run.folder is None:
            sys.exit(f"the undisturbed run failed:\n{run.output.read_text()}")
        said = SAID.get(self.kind, "")
        if said not in run.output.read_text():
            sys.exit(f"the undisturbed run does not say {said!r}")
        return run.folder


def newest_checkpoint(out_dir: Path) -> int:
    """Iteration of the newest checkpoint; -1 without one."""
    paths = out_dir.glob("*/checkpoints/checkpoint_*.npz")
    return max((int(path.stem[-8:]) for path in paths), default=-1)
