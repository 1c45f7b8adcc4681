"""`diagnose RUN_DIR`: whether a run's chains agree, as a table, a verdict and plots, and for ArviZ."""

import argparse
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.storage import written

if TYPE_CHECKING:
    import numpy as np

FOLDER = "diagnostics"
ROW = "{:12}{:>10}{:>11}{:>9}{:>10}{:>10}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help=f"for trace.png, rank.png and ess.png; by default RUN_DIR/{FOLDER}",
    )
    parser.add_argument(
        "--netcdf",
        type=Path,
        metavar="FILE",
        help="write the draws in ArviZ's format as well; needs ArviZ",
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints R-hat and effective sample sizes of each functional and the verdicts; draws the plots."""
    opened = FinishedRun(arguments.run_dir)
    if arguments.netcdf is not None:
        _check_netcdf(arguments.netcdf)
    from bayesian_gan.evaluation.draws import MIN_DRAWS
    from bayesian_gan.monitoring.health_log import chain_functionals

    iterations, draws = chain_functionals(opened.path, opened.config)
    if len(draws) < MIN_DRAWS:
        raise InputError(
            f"{opened.path}: {len(draws)} draws of its predictions, and chains are compared from {MIN_DRAWS} "
            f"on; they begin after the warm-up of {opened.config.warm_up} iterations: wait, or give a run "
            "that has come so far"
        )
    chains, count = draws.shape[1:]
    print(
        f"{len(draws)} draws of {chains} chains, iterations {iterations[0]} to {iterations[-1]}: log-odds of "
        f"what each chain predicts of {count} test images"
    )
    _print(opened, draws)
    _plot(arguments.out or opened.path / FOLDER, iterations, draws)
    if arguments.netcdf is not None:
        _write_netcdf(arguments.netcdf, draws)
    return 0


def _check_netcdf(path: Path) -> None:
    """Raises InputError where the file could not be written in the end."""
    if find_spec("arviz") is None:
        raise InputError("--netcdf needs ArviZ, which is not installed: pip install arviz")
    if not path.parent.is_dir():
        raise InputError(
            f"--netcdf {path}: there is no folder {path.parent}; make it, or give another"
        )


def _print(opened: FinishedRun, draws: "np.ndarray") -> None:
    from bayesian_gan.evaluation.draws import draws_verdict
    from bayesian_gan.monitoring.convergence import convergence
    from bayesian_gan.report.mixing import HEADER, mixing_rows
    from bayesian_gan.report.tables import read_table
    from bayesian_gan.report.verdicts import sampling_verdicts

    print(ROW.format(*HEADER))
    for row in mixing_rows(draws):
        print(ROW.format(*row))
    found = convergence(draws)
    health = read_table(opened.path / "health.csv")
    verdicts = (
        sampling_verdicts(opened.config, health, found)
        if len(health)
        else [draws_verdict(opened.config, found)]
    )
    for verdict in verdicts:
        print(f"{verdict.level}: {verdict.subject}: {verdict.text}")


def _plot(folder: Path, iterations: "np.ndarray", draws: "np.ndarray") -> None:
    from bayesian_gan.report.charts import save_panels
    from bayesian_gan.report.mixing import panels

    with written(folder, "give another --out"):
        folder.mkdir(exist_ok=True)
        for name, each in panels(iterations, draws).items():
            save_panels(folder / f"{name}.png", each)
    print(f"{folder}: trace.png, rank.png and ess.png")


def _write_netcdf(path: Path, draws: "np.ndarray") -> None:
    from bayesian_gan.samplers.inference_data import inference_data

    with written(f"--netcdf {path}", "give another"):
        inference_data({"log_odds": draws.swapaxes(0, 1)}).to_netcdf(str(path))
    print(f"{path}: log_odds [chain, draw, image]")
