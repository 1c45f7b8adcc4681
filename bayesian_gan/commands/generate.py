"""`generate RUN_DIR`: images of a run's generators, from its folder alone."""

import argparse
import math
from pathlib import Path

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import write_atomically

MOST_IN_GRID = 10_000
GRID = "generated.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument("--num", type=int, default=64, help="images, >= 1 (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of z, in [0, 2^31) (default: %(default)s)"
    )
    parser.add_argument(
        "--generator",
        type=int,
        metavar="j",
        help="one generator, 0 <= j < M * J_g; by default all in equal parts, in random order",
    )
    parser.add_argument(
        "--iteration", type=int, help="the draw collected then; by default the last"
    )
    parser.add_argument(
        "--grid",
        metavar="GRID.png",
        help=f"writes a picture of all images; without --npz by default RUN_DIR/{GRID}",
    )
    parser.add_argument(
        "--npz",
        metavar="OUT.npz",
        help="writes arrays: images (uint8 [num, height, width, channels]) and generator (int64 [num])",
    )


def run(arguments: argparse.Namespace) -> int:
    """Generates."""
    opened = FinishedRun(arguments.run_dir)
    if not (arguments.grid or arguments.npz):
        arguments.grid = str(opened.path / GRID)
    _check(arguments)
    posterior = opened.require_samples()
    from bayesian_gan.data.batches import to_uint8

    num, seed, j = arguments.num, arguments.seed, arguments.generator
    if j is None:
        iterations = None if arguments.iteration is None else [arguments.iteration]
        floats, owners = posterior.generate_mixture(num, seed, iterations)
    else:
        floats, owners = posterior.generate(num, j, seed, arguments.iteration), np.full(num, j)
    images = to_uint8(floats).numpy()
    try:
        if arguments.grid:
            from bayesian_gan.monitoring.grids import save_grid

            columns = math.isqrt(num - 1) + 1
            save_grid(Path(arguments.grid), images, rows=-(-num // columns), columns=columns)
            print(arguments.grid)
        if arguments.npz:
            write_atomically(
                Path(arguments.npz),
                lambda file: np.savez_compressed(file, images=images, generator=owners),
            )
            print(arguments.npz)
    except OSError as error:
        raise InputError(f"cannot write there ({error}); give another file") from error
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Raises InputError for what is wrong whatever the run."""
    if arguments.num < 1:
        raise InputError(f"--num {arguments.num}: give at least 1")
    if arguments.grid and arguments.num > MOST_IN_GRID:
        raise InputError(
            f"--grid: {arguments.num} images are too many for a picture; give at most {MOST_IN_GRID}, or --npz"
        )
    if not 0 <= arguments.seed < 2**31:
        raise InputError(f"--seed {arguments.seed}: give one in [0, 2^31)")
    for name, suffix in (("grid", ".png"), ("npz", ".npz")):
        path = getattr(arguments, name)
        if path is None:
            continue
        if not path.endswith(suffix):
            raise InputError(f"--{name} {path}: give a name that ends in {suffix}")
        if not Path(path).parent.is_dir():
            raise InputError(f"--{name} {path}: no such folder {Path(path).parent}; make it first")
