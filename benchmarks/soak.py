"""Faults by the hundred: kills a small run again and again, and compares it with one that was left alone.

    python benchmarks/soak.py kill --trials 100 [--kind streamed|ml_ensemble|wasserstein]
    python benchmarks/soak.py signals --trials 20
    python benchmarks/soak.py steady
    python benchmarks/soak.py readers --trials 1000
    python benchmarks/soak.py full
    python benchmarks/soak.py check_cost

Each prints a line for a trial and a total. `kill` kills a run five times before its end, so that what one kill
spoils is seen there: a state that is wrong once stays so. The runs are on scikit-learn's digits with networks
of width 4, under a temporary folder. docs/reliability.md has the figures.
"""

import argparse
import contextlib
import gc
import multiprocessing
import os
import random
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

# Read when TensorFlow is imported, which is done here once for all runs.
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1"}

import psutil

import bayesian_gan.runs.run  # noqa: F401
from bayesian_gan.data import cache
from bayesian_gan.data.source import MappedImages
from bayesian_gan.errors import UNWRITTEN_STATUS
from bayesian_gan.runs.compare import differences

ROOT = Path(__file__).parents[1]
SMALL = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 2 --z_dim 5 --batch_size 16 --num_gen 2 "
    "--n_save 20 --warm_up 20 --collect_every 10 --max_samples 4 --lr 0.003 --sampler_lr 0.003 "
    "--checkpoint_every 10 --save_samples --save_weights"
)
ITERATIONS = 160
KILLS_OF_A_RUN = 5
# Flags of each kind of run, beside those; see `arguments_of`.
KINDS = {
    "memory": "",
    "streamed": "",
    "ml_ensemble": "--ml_ensemble 2 --num_gen 1",
    "wasserstein": "--wasserstein",
}
# Signal, how often at once, and the exit status asked for.
SIGNALS = (
    (signal.SIGTERM, 1, 143),
    (signal.SIGINT, 1, 130),
    (signal.SIGINT, 2, 130),
    (signal.SIGHUP, 1, 129),
)


class Run:
    """A process that trains in a folder of its own, its output in a file beside.

    It is forked from this process, which has imported TensorFlow and has run nothing of it: the import would
    take as long as the run. From there on it is the entry point, `run_bgan_semi.py`.

    Args:
        out_dir: of the run.
        arguments: of the command line.
        mapped: map every image that is read from the cache; by itself it maps half a gigabyte and more.
    """

    def __init__(self, out_dir: Path, *arguments: str, mapped: bool = False) -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self.out_dir, self.output = out_dir, out_dir / "output"
        self.status: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            become_run(self.output, arguments, mapped)

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


def become_run(output: Path, arguments: Sequence[str], mapped: bool) -> NoReturn:
    """Makes a forked process the run: its own session, signals as a shell gives them, its output in a file."""
    status = 1
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, 1)
        os.dup2(file, 2)
        if mapped:
            cache.HELD_BYTES = 0
        sys.argv = [str(ROOT / "run_bgan_semi.py"), *arguments]
        runpy.run_path(sys.argv[0], run_name="__main__")
        status = 0
    except SystemExit as stop:
        status = int(stop.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        if mapped:
            held = any(isinstance(found, MappedImages) for found in gc.get_objects())
            print("images were mapped:", held)
        sys.stdout.flush()
        os._exit(status)


def arguments_of(kind: str, place: Path) -> list[str]:
    """Flags of a small run of one kind; its data are made under `place` where it needs some.

    streamed: the digits as pictures in folders, whose decoded images are mapped from the cache.
    """
    if kind != "streamed":
        return [*SMALL.split(), *KINDS[kind].split()]
    data = place / "pictures"
    if not data.exists():
        write_pictures(data)
    own = ("--dataset", f"folder:{data}", "--cache_dir", str(place / "cache"))
    return [*SMALL.split(), *own]


def write_pictures(data: Path) -> None:
    """Scikit-learn's digits as PNG files: data/train/CLASS/N.png, and every fifth in data/test."""
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    for n, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        folder = data / ("train" if n % 5 else "test") / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 15).astype("uint8")).save(folder / f"{n}.png")


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
        """Starts a run, or goes on with it: from its beginning where a kill came before it was described."""
        out_dir = self.place / name
        arguments = [*arguments_of(self.kind, self.place), "--train_iter", str(self.iterations)]
        arguments += ["--out_dir", str(out_dir), *extra, *(("--resume", "auto") if again else ())]
        return Run(out_dir, *arguments, mapped=self.kind == "streamed")

    def undisturbed(self) -> Path:
        """The folder of a run that nothing disturbs."""
        run = self.begin("undisturbed")
        if run.finish() or run.folder is None:
            sys.exit(f"the undisturbed run failed:\n{run.output.read_text()}")
        if self.kind == "streamed" and "images were mapped: True" not in run.output.read_text():
            sys.exit("the images were not mapped")
        return run.folder


def kill(setup: Setup, trials: int, seed: int) -> int:
    """Kill -9, several times in each run, which goes on each time; its end is compared with the reference's."""
    start = time.monotonic()
    reference = setup.undisturbed()
    longest = time.monotonic() - start
    chance = random.Random(seed)
    kills, runs, bad, number = 0, 0, 0, 0
    during: Counter[str] = Counter()
    while kills < trials:
        run = setup.begin(f"kill_{number}")
        run.wait_until(lambda run=run: run.folder is not None)  # type: ignore[misc]
        for _ in range(min(KILLS_OF_A_RUN, trials - kills)):
            wait_for_moment(run, chance, longest / 3)
            if run.poll() is not None:
                break
            run.send(signal.SIGKILL)
            run.finish()
            kills += 1
            parts = [path.parent.name for path in run.out_dir.rglob(".*.part")]
            during.update(set(parts) or {"neither"})
            at = newest_checkpoint(run.out_dir)
            print(f"{number:3d} killed after checkpoint {at}, half files in {parts}", flush=True)
            run = setup.begin(f"kill_{number}", again=True)
        bad += compare(run, reference, number)
        runs, number = runs + 1, number + 1
    print(
        f"kill, {setup.kind}: {kills} kills of a living run ({dict(during)}) in {runs} runs; "
        f"{runs - bad} of {runs} ended equal bit for bit"
    )
    return bad


def wait_for_moment(run: Run, chance: random.Random, longest: float) -> None:
    """Waits for a moment drawn at random: at any time, in the midst of a checkpoint, or of a draw."""
    kind = chance.choice(("any", "any", "checkpoints", "posterior"))
    further = chance.choice((0, 0, 10, 20)) if kind == "any" else chance.choice((0, 10))
    begun = max(newest_checkpoint(run.out_dir), 0)
    if further:
        run.wait_until(lambda: newest_checkpoint(run.out_dir) >= begun + further, 0.002)
    if kind != "any":
        place = f"bgan_*/{kind}/.*.part"
        run.wait_until(lambda: any(run.out_dir.glob(place)))
        return
    # From the start of the process: while it imports, builds, restores, or trains again.
    end = time.monotonic() + chance.uniform(0.0, 0.3 if further else longest)
    run.wait_until(lambda: time.monotonic() >= end, 0.001)


def compare(run: Run, reference: Path, number: int) -> bool:
    """Waits for a run's last process; prints whether it is as the reference, and removes it if so."""
    status, found = run.finish(), []
    if status:
        found.append(f"exit status {status}")
    elif run.folder is not None:
        found += differences(reference, run.folder)
    if len(list(run.out_dir.glob("bgan_*"))) != 1:
        found.append("not one run")
    print(f"{number:3d} ended: {'; '.join(found[:5]) or 'equal bit for bit'}", flush=True)
    if not found:
        shutil.rmtree(run.out_dir)
    return bool(found)


def newest_checkpoint(out_dir: Path) -> int:
    """Iteration of the newest checkpoint; -1 without one."""
    paths = out_dir.glob("*/checkpoints/checkpoint_*.npz")
    return max((int(path.stem[-8:]) for path in paths), default=-1)


def signals(setup: Setup, trials: int, seed: int) -> int:
    """Each signal in turn at a random moment of a run, which then resumes; compared at its end."""
    reference = setup.undisturbed()
    chance, bad = random.Random(seed), 0
    for number in range(trials):
        run = setup.begin(f"signals_{number}")
        for signum, times, expected in SIGNALS:
            begun = max(newest_checkpoint(run.out_dir), 0)
            run.wait_until(lambda run=run, at=begun: newest_checkpoint(run.out_dir) > at)  # type: ignore[misc]
            time.sleep(chance.uniform(0.0, 0.2))
            for _ in range(times):
                run.send(signum)
                time.sleep(0.001)
            status = run.finish()
            bad += status != expected
            at = newest_checkpoint(run.out_dir)
            print(
                f"{number:3d} {times} x {signum.name}: exit status {status} after {at}", flush=True
            )
            run = setup.begin(f"signals_{number}", again=True)
        bad += compare(run, reference, number)
    print(f"signals, {setup.kind}: {trials} runs, each ended by {len(SIGNALS)}; {bad} faults")
    return bad


def open_files(process: psutil.Process) -> int:
    """Open files of a process at rest: one more is open while something is written."""
    counts = []
    for _ in range(10):
        counts.append(process.num_fds())
        time.sleep(0.005)
    return min(counts)


def steady(setup: Setup) -> int:
    """Memory, open files and threads of a run that collects and evaluates every 100 iterations."""
    iterations = setup.iterations
    run = setup.begin(
        "steady",
        "--n_save",
        "100",
        "--collect_every",
        "100",
        "--nosave_weights",
    )
    process = psutil.Process(run.pid)
    samples: list[tuple[int, int, int, int]] = []
    while run.poll() is None:
        time.sleep(0.2)
        folder = run.folder
        table = folder / "log.csv" if folder else None
        if table is None or not table.exists():
            continue
        last = table.read_text().splitlines()[-1].partition(",")[0]
        if not last.isdigit() or (samples and samples[-1][0] == int(last)):
            continue
        try:
            numbers = process.memory_info().rss, open_files(process), process.num_threads()
        except psutil.Error:
            break
        samples.append((int(last), *numbers))
        if int(last) % 1000 == 0:
            print(f"iteration {last}: {numbers[0] / 2**20:.1f} MiB, {numbers[1:]}", flush=True)
    late = [sample for sample in samples if 1000 <= sample[0] < iterations]
    growth = late[-1][1] / late[0][1] - 1.0
    files, threads = ({sample[k] for sample in late} for k in (2, 3))
    print(
        f"from iteration {late[0][0]} to {late[-1][0]}: memory {growth:+.2%}, open files {files}, "
        f"threads {threads}; exit status {run.finish()}"
    )
    return growth >= 0.01 or len(files) > 1 or len(threads) > 1


def read_again_and_again(path: Path, reads: int, results: Any) -> None:
    """A reader in a process of its own: whole draws, and predictions that are probabilities."""
    import numpy as np

    from bayesian_gan.posterior import Posterior

    images, broken = np.zeros((2, 8, 8, 1), np.uint8), []
    posterior = Posterior(path)
    for k in range(reads):
        broken += [problem for problem in posterior.check().values() if problem]
        if k % 50 == 0:
            total = posterior.predict(images).sum(axis=-1)
            broken += [] if np.allclose(total, 1.0) else ["a prediction does not add up"]
    results.put(broken)


def readers(place: Path, reads: int) -> int:
    """Two processes read a posterior while a third collects into it, keeping four draws."""
    from bayesian_gan.gan.model import BayesianGAN
    from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
    from bayesian_gan.posterior import Posterior

    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2),
        dcgan_discriminator((8, 8, 1), 10, width=4, num_layers=2),
        num_data=100,
        num_gen=2,
    )
    writer = Posterior.create(place / "posterior", model, max_samples=4)
    writer.collect(model)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [
        context.Process(target=read_again_and_again, args=(writer.path, reads // 2, results))
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    draws = 0
    while any(process.is_alive() for process in processes) and results.qsize() < 2:
        draws += 1
        model.iteration.assign(draws)
        writer.collect(model)
    broken = [problem for _ in processes for problem in results.get()]
    for process in processes:
        process.join()
    print(f"{reads} reads while {draws} draws were written: {len(broken)} broken {broken[:3]}")
    return len(broken)


def full(setup: Setup) -> int:
    """A run on a disk of its own that fills up (a tmpfs; needs root), then has room again."""
    reference = setup.undisturbed()
    out_dir = setup.place / "full"
    out_dir.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", out_dir], check=True)
    try:
        run = setup.begin("full")
        first = "bgan_*/checkpoints/checkpoint_00000010.npz"
        run.wait_until(lambda: any(out_dir.glob(first)))
        with (out_dir / "ballast").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        status, folder = run.finish(), run.folder
        assert folder is not None
        empty = [str(p) for p in folder.rglob("*") if p.is_file() and p.suffix in (".part",)]
        print(f"full disk: exit status {status}, half files {empty}", flush=True)
        print(run.output.read_text(errors="replace")[-600:], flush=True)
        (out_dir / "ballast").unlink()
        again = setup.begin("full", again=True)
        found = [] if again.finish() == 0 else ["did not end"]
        found += differences(reference, folder)
        print(f"resumed with room: {'; '.join(found) or 'equal bit for bit'}")
        return (status != UNWRITTEN_STATUS) + len(empty) + len(found)
    finally:
        subprocess.run(["umount", "-l", out_dir], check=True)


def check_cost() -> int:
    """Seconds of the checks for finite numbers, as a part of a step, at the authors' default widths."""
    import numpy as np
    from keras.optimizers import Adam

    from bayesian_gan.gan.model import BayesianGAN
    from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
    from bayesian_gan.reliability.finite import FiniteCheck

    images = np.random.default_rng(0).integers(0, 256, (256, 28, 28, 1), dtype=np.uint8)
    model = BayesianGAN(
        dcgan_generator((28, 28, 1), 100, width=32, num_layers=3),
        dcgan_discriminator((28, 28, 1), 1, width=32, num_layers=3),
        num_data=len(images),
        num_gen=2,
    )
    model.compile(Adam(1e-4), Adam(1e-4))
    model.fit(images, batch_size=64, steps_per_epoch=2, verbose=0)
    finite = FiniteCheck(model, None)
    finite.check_state()

    def least(action: Callable[[], object], times: int, repeats: int) -> float:
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            for _ in range(times):
                action()
            seconds.append((time.perf_counter() - start) / times)
        return min(seconds)

    start = time.perf_counter()
    model.fit(images, batch_size=64, steps_per_epoch=12, verbose=0)
    traced = time.perf_counter() - start
    start = time.perf_counter()
    model.fit(images, batch_size=64, steps_per_epoch=32, verbose=0)
    step = (time.perf_counter() - start - traced) / 20
    energies, state = least(finite.check_energies, 200, 5), least(finite.check_state, 10, 5)
    print(
        f"a step {1e3 * step:.1f} ms; check of the energies {1e3 * energies:.3f} ms "
        f"({energies / step:.3%} of a step), of the state {1e3 * state:.2f} ms "
        f"(once in 100 steps: {state / step / 100:.3%})"
    )
    return 0


def main() -> None:
    """Runs one kind of fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    faults = ["kill", "signals", "steady", "readers", "full", "check_cost"]
    parser.add_argument("fault", choices=faults)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--iterations", type=int, help="of each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", choices=list(KINDS), default="memory")
    parser.add_argument(
        "--place", type=Path, help="folder for the runs; a temporary one by default"
    )
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="soak_", dir=arguments.place))
    print(f"in {place}", flush=True)
    usual = {"steady": 10_000, "signals": 600}.get(arguments.fault, ITERATIONS)
    setup = Setup(arguments.kind, place, arguments.iterations or usual)
    many = (setup, arguments.trials, arguments.seed)
    bad = {
        "kill": lambda: kill(*many),
        "signals": lambda: signals(*many),
        "steady": lambda: steady(setup),
        "readers": lambda: readers(place, arguments.trials),
        "full": lambda: full(setup),
        "check_cost": check_cost,
    }[arguments.fault]()
    if not bad:
        shutil.rmtree(place)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
