"""Seconds from the start of Python to the first iteration, of this checkout and of another one.

    python benchmarks/starts.py                          # 1 and 10 generators in each of two chains
    python benchmarks/starts.py --other OLD_CHECKOUT     # both, in turns

Networks of width 24 for images of MNIST's size, batch 64. Each start is a process of its own, with the
threads that TensorFlow takes by itself. Rows are medians over the rounds, with the smallest and the
largest of the whole.
"""

# ruff: noqa: E402
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
# Of the checkout that a process of `started` is to import.
CHECKOUT = "STARTS_CHECKOUT"
sys.path[0] = str(ROOT)

import numpy as np

from benchmarks.command_line import parser_of
from benchmarks.memory import peak_memory

PARTS = ("TensorFlow", "networks", "first iteration", "whole", "GiB")
SHAPE, BATCH, Z_DIM, WIDTH = (28, 28, 1), 64, 100, 24


def start(num_gen: int, num_mcmc: int) -> dict[str, float]:
    """Makes one iteration in this process, and says how long its parts took and how much memory it had."""
    sys.path[0] = os.environ[CHECKOUT]
    times = [time.perf_counter()]
    import keras

    from bayesian_gan.gan.model import BayesianGAN
    from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
    from bayesian_gan.samplers import SGHMC, WarmStart

    times.append(time.perf_counter())
    images = np.zeros((60000, *SHAPE), np.uint8)
    images[0] = 255
    labels = np.full(60000, -1)
    labels[:100] = np.arange(100) % 10
    model = BayesianGAN(
        dcgan_generator(SHAPE, Z_DIM, WIDTH),
        dcgan_discriminator(SHAPE, 10, WIDTH),
        num_data=len(images),
        num_gen=num_gen,
        num_mcmc=num_mcmc,
    )
    model.compile(WarmStart(keras.optimizers.Adam(1e-3), SGHMC(1e-3, len(images), seed=1), 5000))
    times.append(time.perf_counter())
    model.fit(images, labels, batch_size=BATCH, epochs=1, steps_per_epoch=1, verbose=0)
    times.append(time.perf_counter())
    peak = peak_memory() / 2**30
    return dict(zip(PARTS, (*np.diff(times), times[-1] - times[0], peak), strict=True))


def started(root: Path, num_gen: int, num_mcmc: int) -> dict[str, float]:
    """What `start` says of a checkout, in a process of its own; the whole has Python's start, too."""
    command = [sys.executable, __file__, "--one", str(num_gen), str(num_mcmc)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", CHECKOUT: str(root.absolute())}
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"starts.py: the process of {root} ended early:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout), "whole": time.perf_counter() - begin}


def row(name: str, num_gen: int, num_mcmc: int, found: list[dict[str, float]]) -> str:
    """In Markdown."""
    whole = [each["whole"] for each in found]
    cells = [f"{np.median([each[part] for each in found]):.1f}" for part in PARTS[:-1]]
    cells[-1] += f" ({min(whole):.1f} to {max(whole):.1f})"
    memory = f"{np.median([each['GiB'] for each in found]):.2f}"
    return f"| {name} | {num_gen} | {num_mcmc} | {' | '.join(cells)} | {memory} |"


def main(arguments: list[str]) -> None:
    """Measures and prints."""
    given = _parse(arguments)
    if given.one:
        print(json.dumps(start(*given.one)))
        return
    roots = {"this": ROOT} | ({"the other": given.other} if given.other else {})
    print(f"| checkout | J_g | M | {' | '.join(PARTS)} |")
    print(f"|{' --- |' * (3 + len(PARTS))}")
    for num_gen, num_mcmc in ((1, 2), (10, 2)):
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in roots}
        for i in range(given.rounds):
            for name in list(roots)[:: 1 if i % 2 == 0 else -1]:
                found[name].append(started(roots[name], num_gen, num_mcmc))
        for name in roots:
            print(row(name, num_gen, num_mcmc, found[name]), flush=True)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--other", type=Path, help="folder of another checkout")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", type=int, nargs=2, metavar=("J_G", "M"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
