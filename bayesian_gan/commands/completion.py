"""`completion bash|zsh|fish`: a script by which a shell completes commands, options and their choices."""

import argparse

from bayesian_gan.commands.shells import SHELLS
from bayesian_gan.commands.words import declared_commands


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument(
        "shell", choices=SHELLS, help="whose script is printed; see docs/how-to/completion.md"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the script, made from what the commands declare."""
    print(SHELLS[arguments.shell](declared_commands()), end="")
    return 0
