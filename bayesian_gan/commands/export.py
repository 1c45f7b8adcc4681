"""`export`: a run's posterior as a SavedModel, `.keras`, LiteRT or ONNX; see docs/how-to/export.md."""

import argparse
from pathlib import Path

from bayesian_gan.runs.export import FORMATS, WHAT, Request, export


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="OUT_DIR/bgan_DATASET_UNIXTIME")
    parser.add_argument(
        "--format", required=True, choices=FORMATS, help="of the export; see docs/how-to/export.md"
    )
    parser.add_argument(
        "--output",
        required=True,
        type=Path,
        metavar="PATH",
        help="a folder that does not exist yet",
    )
    parser.add_argument(
        "--samples",
        default="all",
        help="all that were collected; last, one network; or a number of them, spread evenly over the "
        "chains and their draws (default: all)",
    )
    parser.add_argument("--what", default="both", choices=WHAT, help="(default: both)")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an export that is at PATH"
    )
    parser.add_argument(
        "--distill",
        action="store_true",
        help="train one classifier on the probabilities of the average over the unlabelled images, and "
        "export it in the samples' place; needs the run's data",
    )
    parser.add_argument(
        "--distill_epochs", type=int, default=5, metavar="N", help="passes over them (default: 5)"
    )
    parser.add_argument(
        "--data_path", help="where the run's data lie now (default: where the run had them)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exports; returns the exit status."""
    export(Request(**vars(arguments)))
    return 0
