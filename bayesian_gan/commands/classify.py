"""`classify RUN_DIR IMAGE...`: the short form of `predict`, for a few pictures named one by one.

It refuses what `predict` goes on without: a picture that cannot be read, and, without `--resize`, one
of another size or colour. A run without labels is refused too.
"""

import argparse

from bayesian_gan.commands import predict
from bayesian_gan.commands.predict import run

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    predict.add_arguments(parser)
    parser.add_argument(
        "--resize",
        action="store_true",
        help="resize and convert pictures of another size or colour; without it they are refused",
    )
    parser.set_defaults(strict=True, resize=False)
