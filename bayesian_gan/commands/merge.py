"""`merge A B ... OUT`: joins the chains of runs that ran apart; see docs/how-to/scaling.md."""

import argparse
from pathlib import Path

from bayesian_gan.runs.calibrate import TEMPERATURE_FILE
from bayesian_gan.runs.merge import merge


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument(
        "paths",
        type=Path,
        nargs="+",
        metavar="PART",
        help="folder of a run, or of its posterior; two or more of one kind",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder for all their chains")
    parser.add_argument(
        "--common", action="store_true", help="merge only iterations of which all have a draw"
    )


def run(arguments: argparse.Namespace) -> int:
    """Merges, and prints what there is now."""
    merged = merge(arguments.paths, arguments.out, arguments.common)
    chains, iterations = merged.config["chains"], merged.iterations
    print(
        f"{arguments.out}: chains {', '.join(map(str, chains))}; {len(iterations)} draws, iterations "
        f"{iterations[0]} to {iterations[-1]}"
    )
    if any((path / TEMPERATURE_FILE).exists() for path in arguments.paths):
        print("the temperatures of the parts are not merged: probabilities are not calibrated")
    return 0
