"""`check PATH`: reads every draw of a posterior, and says which are damaged."""

import argparse
from pathlib import Path

from bayesian_gan.errors import USAGE_STATUS, InputError
from bayesian_gan.runs.finished import FinishedRun, holds_posterior


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument(
        "path", type=Path, metavar="PATH", help="folder of a run, or of its posterior"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints a line for each draw; returns 0 where all are whole, else 2."""
    path: Path = arguments.path
    if (path / "config.json").exists():
        posterior = FinishedRun(path).posterior
    elif holds_posterior(path):
        # Imported here: TensorFlow takes seconds to load, and a wrong folder need not wait for it.
        from bayesian_gan.posterior import Posterior

        posterior = Posterior(path)
    else:
        lacking = "no posterior here" if path.is_dir() else "no such folder"
        raise InputError(f"{path}: {lacking}; give the folder of a run, or of its posterior")
    found = posterior.check()
    for iteration, problem in found.items():
        print(f"iteration {iteration}: {problem or 'whole'}")
    damaged = sum(problem is not None for problem in found.values())
    print(f"{posterior.path}: {len(found)} draws, {damaged} damaged")
    return USAGE_STATUS if damaged else 0
