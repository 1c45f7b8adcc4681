"""Faults by the hundred: kills a small run again and again, and compares it with one that was left alone.

    python benchmarks/soak.py kill --trials 100
    python benchmarks/soak.py signals --trials 20
    python benchmarks/soak.py steady
    python benchmarks/soak.py readers --trials 1000
    python benchmarks/soak.py full
    python benchmarks/soak.py check_cost

Each prints a line for a trial and a total. The runs are on scikit-learn's digits with networks of width 4,
under a temporary folder. docs/reliability.md has the figures.
"""

import argparse
import contextlib
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bayesian_gan.errors import UNWRITTEN_STATUS
from bayesian_gan.reliability.compare import differences

ROOT = Path(__file__).parents[1]
SMALL = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 2 --z_dim 5 --batch_size 16 --num_gen 2 "
    "--n_save 20 --warm_up 20 --collect_every 10 --max_samples 4 --lr 0.003 --sampler_lr 0.003 "
    "--checkpoint_every 10 --save_samples --save_weights"
)
ITERATIONS = 80


def listen_to_signals() -> None:
    """Undoes what a shell's `&` and `nohup` do: a child inherits the signals that they ignore."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


class Run:
    """A process that trains in a folder of its own, its output in a file beside."""

    def __init__(self, out_dir: Path, *arguments: str, program: str = "run_bgan_semi.py") -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self.out_dir, self.output = out_dir, out_dir / "output"
        with self.output.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / program), *arguments],
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                start_new_session=True,
                preexec_fn=listen_to_signals,
                env=os.environ | {"TF_NUM_INTRAOP_THREADS": "1"},
            )

    @property
    def folder(self) -> Path | None:
        """The run's folder, once it is described."""
        found = [path.parent for path in self.out_dir.glob("bgan_*/config.json")]
        return found[0] if found else None

    def wait_until(self, condition: Callable[[], bool], pause: float = 0.0002) -> bool:
        """Waits; False if the process ended before."""
        while not condition():
            if self.process.poll() is not None:
                return False
            time.sleep(pause)
        return True

    def finish(self) -> int:
        """Waits for the end; returns the exit status."""
        return self.process.wait(timeout=600)


def begin(out_dir: Path, iterations: int = ITERATIONS, *extra: str) -> Run:
    """Starts a run."""
    arguments = [*SMALL.split(), "--train_iter", str(iterations), "--out_dir", str(out_dir)]
    return Run(out_dir, *arguments, *extra)


def resume(out_dir: Path, iterations: int = ITERATIONS) -> Run:
    """Goes on with the run in a folder, or begins it where a kill came before it was described."""
    arguments = [*SMALL.split(), "--train_iter", str(iterations), "--out_dir", str(out_dir)]
    return Run(out_dir, *arguments, "--resume", "auto")


def whole_run(place: Path, iterations: int = ITERATIONS) -> Path:
    """The folder of a run that nothing disturbs."""
    run = begin(place / "undisturbed", iterations)
    if run.finish() or run.folder is None:
        sys.exit(f"the undisturbed run failed:\n{run.output.read_text()}")
    return run.folder


def kill(place: Path, trials: int, seed: int) -> int:
    """Kill -9 at a random moment, during a checkpoint, or during collection; then resume and compare.

    The moment is drawn as a checkpoint of the run (or its beginning) and a time after it.
    """
    reference = whole_run(place)
    chance, bad, alive = random.Random(seed), 0, 0
    for trial in range(trials):
        run = begin(place / f"kill_{trial}")
        kind = ("any", "any", "checkpoints", "posterior")[trial % 4]
        moment = chance.randrange(0, ITERATIONS, 10)
        delay = chance.uniform(0.0, 6.0 if moment == 0 else 0.3)
        run.wait_until(lambda run=run: run.folder is not None)  # type: ignore[misc]
        folder = run.folder
        assert folder is not None
        if kind == "any":
            if moment:
                last = folder / "checkpoints" / f"checkpoint_{moment:08d}.npz"
                run.wait_until(last.exists)
            time.sleep(delay)
        else:
            first = moment if kind == "checkpoints" else max(moment, 20)
            last = folder / "checkpoints" / f"checkpoint_{first:08d}.npz"
            run.wait_until(last.exists)
            run.wait_until(lambda place=folder / kind: any(place.glob(".*.part")), 0.0)  # type: ignore[misc]
        alive += run.process.poll() is None
        os.kill(run.process.pid, signal.SIGKILL)
        run.finish()
        parts = [path.parent.name for path in run.out_dir.rglob(".*.part")]
        checkpoints = sorted(run.out_dir.glob("*/checkpoints/checkpoint_*.npz"))
        at = checkpoints[-1].stem[-3:] if checkpoints else "none"
        again = resume(run.out_dir)
        status = again.finish()
        found = [f"exit status {status}"] if status else differences(reference, folder)
        bad += bool(found)
        print(
            f"{trial:3d} {kind:11} checkpoint {at}, half files in {parts}: "
            f"{'; '.join(found[:5]) or 'equal bit for bit'}",
            flush=True,
        )
        if not found:
            shutil.rmtree(run.out_dir)
    print(
        f"kill: {trials - bad} of {trials} equal bit for bit; {alive} were killed before their end"
    )
    return bad


def newest_checkpoint(out_dir: Path) -> int:
    """Iteration of the newest checkpoint; -1 without one."""
    paths = out_dir.glob("*/checkpoints/checkpoint_*.npz")
    return max((int(path.stem[-8:]) for path in paths), default=-1)


def signals(place: Path, trials: int, seed: int) -> int:
    """Each signal in turn at a random moment of a run, which then resumes; compared at its end."""
    iterations = 3000
    reference = whole_run(place, iterations)
    chance, bad = random.Random(seed), 0
    kinds = [(signal.SIGTERM, 1, 143), (signal.SIGINT, 1, 130)]
    kinds += [(signal.SIGINT, 2, 130), (signal.SIGHUP, 1, 129)]
    for trial in range(trials):
        run = begin(place / f"signals_{trial}", iterations)
        for number, times, status in kinds:
            before = newest_checkpoint(run.out_dir)
            while newest_checkpoint(run.out_dir) <= max(before, 0) and run.process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.uniform(0.0, 0.2))
            for _ in range(times):
                run.process.send_signal(number)
                time.sleep(0.001)
            ended = run.finish()
            bad += ended != status
            at = newest_checkpoint(run.out_dir)
            print(f"{trial:3d} {times} x {number.name}: exit status {ended} after {at}", flush=True)
            run = resume(run.out_dir, iterations)
        found = [] if run.finish() == 0 and run.folder else ["the last did not end"]
        if run.folder is not None:
            found += differences(reference, run.folder)
        bad += bool(found)
        print(f"{trial:3d} resumed: {'; '.join(found[:5]) or 'equal bit for bit'}", flush=True)
        if not found:
            shutil.rmtree(run.out_dir)
    return bad


def open_files(process: psutil.Process) -> int:
    """Open files of a process at rest: one more is open while something is written."""
    counts = []
    for _ in range(10):
        counts.append(process.num_fds())
        time.sleep(0.005)
    return min(counts)


def steady(place: Path, iterations: int) -> int:
    """Memory, open files and threads of a run that collects and evaluates every 100 iterations."""
    run = begin(
        place / "steady",
        iterations,
        "--n_save",
        "100",
        "--collect_every",
        "100",
        "--nosave_weights",
    )
    process = psutil.Process(run.process.pid)
    samples: list[tuple[int, int, int, int]] = []
    while run.process.poll() is None:
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
    from bayesian_gan.model import BayesianGAN
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


def full(place: Path) -> int:
    """A run on a disk of its own that fills up (a tmpfs; needs root), then has room again."""
    reference = whole_run(place)
    out_dir = place / "full"
    out_dir.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", out_dir], check=True)
    try:
        run = begin(out_dir)
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
        again = resume(out_dir)
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

    from bayesian_gan.model import BayesianGAN
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
    parser.add_argument("--iterations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="soak_"))
    print(f"in {place}", flush=True)
    bad = {
        "kill": lambda: kill(place, arguments.trials, arguments.seed),
        "signals": lambda: signals(place, arguments.trials, arguments.seed),
        "steady": lambda: steady(place, arguments.iterations),
        "readers": lambda: readers(place, arguments.trials),
        "full": lambda: full(place),
        "check_cost": check_cost,
    }[arguments.fault]()
    if not bad:
        shutil.rmtree(place)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
