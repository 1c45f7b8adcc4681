"""Whether two versions of this package train the same weights, bit for bit.

    git worktree add ../before fa9c4c0
    python benchmarks/same_weights.py --before ../before [--out DIR] [--cases demo laptop]

Each case is one command of the driver scripts on the digits, of 200 iterations of which the first
hundred are the warm-up. Both trees run it with this Python on this machine; every array of the weights at the
end and of the posterior is compared. Prints a table; the exit status is 1 where something differs.

A tree's results are kept in DIR by the commit it is at, so that the old version runs once.
"""

import argparse
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).parents[1]
SEMI, UNSUPERVISED, SYNTHETIC = "run_bgan_semi.py", "run_bgan.py", "run_bgan_synth.py"
SHORT = (
    "--train_iter=200",
    "--warm_up=100",
    "--collect_every=50",
    "--n_save=100",
    "--save_weights",
    "--random_seed=7",
)
DIGITS = (
    "--dataset=digits",
    "--N=50",
    "--num_layers=2",
    "--gf_dim=8",
    "--df_dim=8",
    "--z_dim=8",
    "--batch_size=32",
    *SHORT,
)


@dataclass(frozen=True)
class Case:
    """One command: its script and its flags."""

    script: str
    flags: tuple[str, ...]


CASES = {
    "demo": Case(SEMI, ("--flagfile=examples/digits.flags", *SHORT)),
    "authors": Case(SEMI, (*DIGITS, "--objective=authors", "--num_gen=2", "--num_mcmc=2")),
    "wasserstein": Case(
        SEMI, (*DIGITS, "--wasserstein", "--gradient_penalty=10", "--num_gen=2", "--num_mcmc=2")
    ),
    "weight_clip": Case(UNSUPERVISED, (*DIGITS, "--wasserstein", "--num_gen=2")),
    "generators_per_step": Case(
        SEMI, (*DIGITS, "--num_gen=4", "--generators_per_step=2", "--num_mcmc=2")
    ),
    "pairs_per_step": Case(SEMI, (*DIGITS, "--num_gen=4", "--pairs_per_step=2", "--num_disc=2")),
    "ml_ensemble": Case(SEMI, (*DIGITS, "--ml_ensemble=3")),
    "unsupervised": Case(
        UNSUPERVISED, (*DIGITS, "--num_gen=2", "--num_mcmc=2", "--pairing_reduction=sum")
    ),
    "laptop": Case(SEMI, ("--preset=laptop", "--dataset=digits", "--N=50", *SHORT)),
    "laptop_balanced": Case(
        SEMI,
        (
            "--preset=laptop_balanced",
            "--dataset=digits",
            "--N=50",
            *SHORT,
            "--labelled_weight=0.1",
            "--consistency_ramp=50",
            "--shards=2",
            "--mixed_precision",
        ),
    ),
    "synthetic": Case(
        SYNTHETIC,
        (
            "--x_dim=20",
            "--hidden=50",
            "--numz=2",
            "--train_iter=200",
            "--warm_up=100",
            "--save_weights",
        ),
    ),
}


def commit(tree: Path) -> str:
    """Where a tree is, and whether it has changes that are not committed."""
    described = ["git", "-C", str(tree), "describe", "--always", "--dirty", "--exclude", "*"]
    return subprocess.run(described, check=True, capture_output=True, text=True).stdout.strip()


def train(tree: Path, case: Case, place: Path) -> Path:
    """Runs a case in a tree; returns the run's folder. A finished one is taken as it is, if it is committed."""
    found = sorted(place.glob("*/summary.json"))
    if found and not place.parent.name.endswith("-dirty"):
        return found[-1].parent
    place.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(tree), "TF_CPP_MIN_LOG_LEVEL": "3"}
    with (place / "log.txt").open("w") as log:
        subprocess.run(
            [sys.executable, case.script, *case.flags, f"--out_dir={place}"],
            cwd=tree,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=True,
        )
    return max(place.glob("*/summary.json"), key=lambda path: path.stat().st_mtime).parent


def arrays(folder: Path) -> dict[str, np.ndarray]:
    """Every array of the weights and of the posterior in a run's folder, by file and name."""
    found: dict[str, np.ndarray] = {}
    for path in sorted([*folder.glob("weights_*.npz"), *folder.glob("posterior/draw_*.npz")]):
        with np.load(path) as file:
            # Keras counts names up; the order in a file is the networks'.
            names = [name for name in file.files if isinstance(file[name], np.ndarray)]
            found |= {f"{path.name}:{i}": file[name] for i, name in enumerate(names)}
    return found


def differing(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> list[str]:
    """Names of arrays that are not the same to the last bit, or not there."""
    return [
        name
        for name in sorted(before.keys() | after.keys())
        if name not in before
        or name not in after
        or before[name].tobytes() != after[name].tobytes()
    ]


def main() -> int:
    """Runs the cases in both trees; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, required=True, help="tree of the old version")
    parser.add_argument("--after", type=Path, default=HERE, help="of the new one (this one)")
    parser.add_argument("--out", type=Path, default=HERE / "runs" / "same_weights")
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    given = parser.parse_args()
    trees = [tree.resolve() for tree in (given.before, given.after)]
    out = given.out.resolve()
    print(f"{'case':22}{'arrays':>8}{'numbers':>12}{'differing':>11}")
    bad = False
    for name in given.cases:
        before, after = (
            arrays(train(tree, CASES[name], out / commit(tree) / name)) for tree in trees
        )
        odd = differing(before, after)
        bad |= bool(odd) or not before
        numbers = sum(array.size for array in before.values())
        print(f"{name:22}{len(before):8d}{numbers:12d}{len(odd):11d}", flush=True)
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
