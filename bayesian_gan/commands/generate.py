"""`generate RUN_DIR`: images of a run's generators, or rows of a table, from its folder alone."""

import argparse
import csv
import io
import math
from pathlib import Path

import numpy as np

from bayesian_gan.data.features import Features
from bayesian_gan.data.spreadsheets import neutral
from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import write_atomically, written

MOST_IN_GRID = 10_000
GRID, TABLE = "generated.png", "generated.csv"
# What to do where one cannot be written.
OTHER = "give another file"
# The last column of a table; another name where the table has a column of this one.
GENERATOR = "generator"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument(
        "--num", type=int, default=64, help="images or rows, >= 1 (default: %(default)s)"
    )
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
        "--csv",
        metavar="OUT.csv",
        help="of a run on rows: writes a table in the units of the run's, with the generator of each; "
        f"without --npz by default RUN_DIR/{TABLE}",
    )
    parser.add_argument(
        "--npz",
        metavar="OUT.npz",
        help="writes arrays: images (uint8 [num, height, width, channels]), or x (float64 [num, D], in the "
        "run's units, categories one by one), and generator (int64 [num])",
    )


def run(arguments: argparse.Namespace) -> int:
    """Generates."""
    opened = FinishedRun(arguments.run_dir)
    features = opened.features
    if features is not None and not (arguments.grid or arguments.csv or arguments.npz):
        arguments.csv = str(opened.path / TABLE)
    elif not (arguments.grid or arguments.csv or arguments.npz):
        arguments.grid = str(opened.path / GRID)
    _check(arguments, opened, features)
    posterior = opened.require_samples()
    num, seed, j = arguments.num, arguments.seed, arguments.generator
    if j is None:
        iterations = None if arguments.iteration is None else [arguments.iteration]
        floats, owners = posterior.generate_mixture(num, seed, iterations)
    else:
        floats, owners = posterior.generate(num, j, seed, arguments.iteration), np.full(num, j)
    if features is None:
        _write_images(arguments, floats, owners)
    else:
        _write_rows(arguments, features, floats, owners)
    return 0


def _write_images(arguments: argparse.Namespace, floats: np.ndarray, owners: np.ndarray) -> None:
    from bayesian_gan.data.batches import to_uint8

    images = to_uint8(floats).numpy()
    if arguments.grid:
        from bayesian_gan.monitoring.grids import save_grid

        columns = math.isqrt(len(images) - 1) + 1
        with written(arguments.grid, OTHER):
            save_grid(
                Path(arguments.grid), images, rows=-(-len(images) // columns), columns=columns
            )
        print(arguments.grid)
    if arguments.npz:
        _write_npz(arguments.npz, images=images, generator=owners)


def _write_rows(
    arguments: argparse.Namespace, features: Features, floats: np.ndarray, owners: np.ndarray
) -> None:
    vectors = features.to_units(floats)
    if arguments.csv:
        text = _table(features, vectors, owners)
        with written(arguments.csv, OTHER):
            write_atomically(Path(arguments.csv), lambda file: file.write(text.encode()))
        print(arguments.csv)
    if arguments.npz:
        _write_npz(arguments.npz, x=vectors, generator=owners)


def _table(features: Features, vectors: np.ndarray, owners: np.ndarray) -> str:
    """A CSV of the run's columns and the generator of each row, the texts made neutral."""
    text = io.StringIO()
    last = GENERATOR
    while last in features.names:
        last += "_"
    lines = csv.writer(text)
    lines.writerow([*map(neutral, features.names), last])
    kinds = [column.kind for column in features.columns]
    for cells, owner in zip(features.decode(vectors), owners.tolist(), strict=True):
        # A negative number is no formula.
        row = [
            neutral(c) if kind == "category" else c for c, kind in zip(cells, kinds, strict=True)
        ]
        lines.writerow([*row, owner])
    return text.getvalue()


def _write_npz(name: str, **arrays: np.ndarray) -> None:
    with written(name, OTHER):
        write_atomically(Path(name), lambda file: np.savez_compressed(file, **arrays))  # type: ignore[arg-type]
    print(name)


def _check(arguments: argparse.Namespace, opened: FinishedRun, features: Features | None) -> None:
    """Raises InputError for what is wrong before anything is generated."""
    for name, what, wrong in (
        ("grid", "pictures", features is not None),
        ("csv", "rows of a table", features is None),
    ):
        if getattr(arguments, name) and wrong:
            raise InputError(
                f"--{name} is for {what}, which {opened.path} does not make; leave it out"
            )
    if arguments.num < 1:
        raise InputError(f"--num {arguments.num}: give at least 1")
    if arguments.grid and arguments.num > MOST_IN_GRID:
        raise InputError(
            f"--grid: {arguments.num} images are too many for a picture; give at most {MOST_IN_GRID}, or --npz"
        )
    if not 0 <= arguments.seed < 2**31:
        raise InputError(f"--seed {arguments.seed}: give one in [0, 2^31)")
    for name, suffix in (("grid", ".png"), ("csv", ".csv"), ("npz", ".npz")):
        path = getattr(arguments, name)
        if path is None:
            continue
        if not path.endswith(suffix):
            raise InputError(f"--{name} {path}: give a name that ends in {suffix}")
        if not Path(path).parent.is_dir():
            raise InputError(f"--{name} {path}: no such folder {Path(path).parent}; make it first")
