"""What a run uses: memory, open files and threads, a disk that fills up, the time of its checks."""

import contextlib
import subprocess
import time
from collections.abc import Callable

import numpy as np
import psutil
from keras.optimizers import Adam

from bayesian_gan.errors import UNWRITTEN_STATUS
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.reliability.finite import FiniteCheck
from bayesian_gan.runs.compare import differences
from benchmarks.faults.small_runs import Setup


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
    """Seconds of the checks for finite numbers, as part of a step of the authors' widths."""
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
