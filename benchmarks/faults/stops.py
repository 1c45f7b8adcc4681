"""Runs that are killed, or ended by a signal, at random moments, and go on."""

import random
import shutil
import signal
import time
from collections import Counter
from pathlib import Path

from bayesian_gan.runs.compare import differences
from benchmarks.faults.small_runs import Run, Setup, newest_checkpoint

KILLS_OF_A_RUN = 5

# Signal, how often at once, and the exit status asked for.
SIGNALS = (
    (signal.SIGTERM, 1, 143),
    (signal.SIGINT, 1, 130),
    (signal.SIGINT, 2, 130),
    (signal.SIGHUP, 1, 129),
)


def kill(setup: Setup, trials: int, seed: int) -> int:
    """Kills each run several times with signal 9, and lets it go on each time.

    Its end is compared with that of a run that nobody disturbed.
    """
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
    """Waits for a moment drawn at random: any, or in the midst of a checkpoint or a draw."""
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
    """Waits for a run's last process, and compares the run with the reference.

    It prints whether they are the same, and removes the run if so.
    """
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
