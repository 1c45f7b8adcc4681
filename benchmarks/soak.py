"""Faults by the hundred: kills a small run again and again, and compares it with one that was left alone.

    python benchmarks/soak.py kill --trials 100
    python benchmarks/soak.py signals --trials 20
    python benchmarks/soak.py steady --iterations 10000

Each prints a line for a trial and a total. The runs are on scikit-learn's digits with networks of width 4,
under a temporary folder. docs/reliability.md has the figures.
"""

import argparse
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

from bayesian_gan.reliability.compare import differences

ROOT = Path(__file__).parents[1]
SMALL = (
    "--dataset digits --N 20 --df_dim 4 --gf_dim 4 --num_layers 2 --z_dim 5 --batch_size 16 --num_gen 2 "
    "--n_save 20 --warm_up 20 --collect_every 10 --max_samples 4 --lr 0.003 --sampler_lr 0.003 "
    "--checkpoint_every 10 --save_samples --save_weights"
)
ITERATIONS = 80


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


def whole_run(place: Path) -> Path:
    """The folder of a run that nothing disturbs."""
    run = begin(place / "undisturbed")
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


def main() -> None:
    """Runs one kind of fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("fault", choices=["kill"])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="soak_"))
    print(f"in {place}", flush=True)
    bad = kill(place, arguments.trials, arguments.seed)
    if not bad:
        shutil.rmtree(place)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
