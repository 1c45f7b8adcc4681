"""Seconds of an iteration by how TensorFlow's threads are shared, in one run on one machine.

    python benchmarks/threads.py                           # one and ten generators, one and two chains
    python benchmarks/threads.py --systems laptop          # that preset

Threads are `operations at once x threads inside of one`. The first is what TensorFlow takes by itself,
all cores for both. Processes take turns, in alternating order; a ratio is the median of the rounds',
with the smallest and the largest: below 1 it is faster than the first.
"""

# ruff: noqa: E402
import argparse
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).parents[1])

import numpy as np

from bayesian_gan.reliability.hardware import affinity
from bayesian_gan.runs.threads import INTER, INTRA, thread_environment
from benchmarks.command_line import parser_of
from benchmarks.step import Worker, take_turns

SECONDS = 8.0
SIZES = {"paper": ((1, 1), (10, 1), (10, 2)), "laptop": ((1, 2),)}


def shares(discriminators: int, cores: int) -> dict[str, tuple[int, int]]:
    """What is compared, by what is said of it."""
    rule = thread_environment(discriminators, cores)
    return {
        "TensorFlow's own": (cores, cores),
        "none split": (cores, 1),
        "one at a time": (1, cores),
        "the entry points'": (int(rule[INTER]), int(rule[INTRA])),
    }


def rows(system: str, num_gen: int, num_mcmc: int, given: argparse.Namespace) -> list[str]:
    """In Markdown."""
    setting = {
        "system": system,
        "num_gen": num_gen,
        "num_mcmc": num_mcmc,
        "precision": given.precision,
    }
    named = shares(num_mcmc, affinity())
    workers = {
        pair: Worker(setting, dict(zip((INTER, INTRA), map(str, pair), strict=True)))
        for pair in dict.fromkeys(named.values())
    }
    take_turns(list(workers.values()), given.rounds, SECONDS)
    first = np.array(workers[named["TensorFlow's own"]].rounds)
    lines = []
    for pair, worker in workers.items():
        each = np.array(worker.rounds)
        ratios = each / first
        names = ", ".join(name for name, own in named.items() if own == pair)
        lines.append(
            f"| `{system}` | {num_gen} | {num_mcmc} | {pair[0]} x {pair[1]}: {names} | {np.median(each):.4f} | "
            f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f}) |"
        )
        worker.close()
    return lines


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    parser = parser_of(__doc__)
    parser.add_argument("--systems", nargs="+", choices=list(SIZES), default=["paper"])
    parser.add_argument("--precision", default="float32", choices=("float32", "mixed_bfloat16"))
    parser.add_argument("--rounds", type=int, default=4)
    given = parser.parse_args(arguments)
    print("| system | J_g | M | threads | s / iteration | of the first's (rounds) |")
    print(f"|{' --- |' * 6}")
    for system in given.systems:
        for num_gen, num_mcmc in SIZES[system]:
            print("\n".join(rows(system, num_gen, num_mcmc, given)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
