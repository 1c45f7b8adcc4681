"""Two chains in one process against two processes of one chain each, on the cores of this machine.

    python benchmarks/processes.py [--num_gen 2] [--rounds 5]

No operation is split over threads, as with `--chain_offset`. The two ways take turns; the ratio is
the median of the rounds', with the smallest and the largest. Another job troubles it less than the
times.
"""

# ruff: noqa: E402
import argparse
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

import numpy as np

from bayesian_gan.runs.threads import INTRA
from benchmarks.step import Worker

SECONDS = 10.0


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num_gen", type=int, default=2, help="J_g")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    unsplit = {INTRA: "1"}
    setting = {"system": "paper", "dataset": "mnist", "num_gen": given.num_gen, "df_dim": 24}
    together = Worker({**setting, "num_mcmc": 2}, unsplit)
    apart = [Worker({**setting, "num_mcmc": 1}, unsplit) for _ in range(2)]
    for i in range(given.rounds):
        for way in ([together], apart) if i % 2 == 0 else (apart, [together]):
            for worker in way:
                worker.start(SECONDS)
            for worker in way:
                worker.finish()
    one = np.array(together.rounds)
    two = np.mean([worker.rounds for worker in apart], axis=0)
    ratios = one / two
    memory = [sum(worker.close() for worker in way) / 2**30 for way in ([together], apart)]
    print(f"J_g {given.num_gen}, two chains, seconds per iteration of both:")
    print(f"one process:   {np.median(one):.4f}, {memory[0]:.2f} GiB")
    print(f"two processes: {np.median(two):.4f}, {memory[1]:.2f} GiB")
    print(f"ratio {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})")


if __name__ == "__main__":
    main()
