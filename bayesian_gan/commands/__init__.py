"""The commands: `bayesian-gan COMMAND ...`, a module of this package for each.

Such a module has `add_arguments(parser)`, which defines its command line, and `run(arguments) -> int`, which
does the work and returns the exit status. It is imported only when its command is asked for, and imports
TensorFlow, if at all, inside `run`: help and a wrong argument need not wait for it.

A command with the flags of a run has `start()` in their place: it reads them from `sys.argv` and exits with
a status of its own. Their class is the module's `OPTIONS`. The programs `run_bgan.py`, `run_bgan_semi.py` and
`run_bgan_synth.py` call it too.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from bayesian_gan import __version__
from bayesian_gan.backend import check_backend
from bayesian_gan.errors import USAGE_STATUS, InputError
from bayesian_gan.needed import packages_needed
from bayesian_gan.runs.devices import set_environment

# Each command's module, `bayesian_gan.commands.NAME`, and what it does.
COMMANDS: dict[str, str] = {
    "branch": "begins a run where another's warm-up ended, with another temperature for example",
    "check": "reads every draw of a run's posterior, and says which are damaged",
    "classify": "the short form of predict, for a few pictures",
    "completion": "a script for bash, zsh or fish, which completes commands and options at a TAB",
    "data": "which data sets there are, what is in one, and an example of your own",
    "diagnose": "whether a run's chains agree: R-hat, effective sample sizes, plots, ArviZ",
    "doctor": "whether this machine is fit for runs; what to send with a report of a bug",
    "evaluate": "scores a run's posterior: classification, calibration, uncertainty, generated images",
    "export": "a posterior as a SavedModel, .keras, LiteRT or ONNX",
    "generate": "images of a run's generators, from the run folder alone",
    "merge": "joins the chains of runs that ran apart",
    "predict": "what a run's posterior says of pictures: folders of them, as a CSV or sorted",
    "prior": "what a run's prior says before any data: pictures, class probabilities",
    "report": "one self-contained page of a run, or of several side by side",
    "suggest": "the pictures whose labels would help most, and a page to label them on",
    "synth": "the synthetic experiment, with the flags of run_bgan_synth.py",
    "train": "a run, with the flags of run_bgan_semi.py",
    "watch": "a live table of a run in the terminal",
}


def main(arguments: Sequence[str]) -> int:
    """Runs one command; a user's mistake is one line on the standard error and exit status 2.

    Args:
        arguments: of the command line, the command first; without any, the help is printed.

    Returns:
        The exit status.
    """
    set_environment()
    with packages_needed():
        return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    # Imported here: it needs packages.
    from bayesian_gan.commands.entry import closed_pipe_is_fine

    parser = _parser()
    if not arguments:
        with closed_pipe_is_fine():
            parser.print_help()
        return 0
    name = parser.parse_args(arguments[:1]).command
    called = f"{program()} {name}"
    module = importlib.import_module(f"bayesian_gan.commands.{name}")
    if hasattr(module, "start"):
        # absl's flags, messages and a run's description take the command from here.
        sys.argv = [called, *arguments[1:]]
        module.start()
        return 0
    command = argparse.ArgumentParser(prog=called, description=COMMANDS[name])
    module.add_arguments(command)
    try:
        with closed_pipe_is_fine():
            parsed = command.parse_args(arguments[1:])
            check_backend()
            return int(module.run(parsed))
    except InputError as error:
        print(f"{called}: error: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE_STATUS
    return 0


def _parser() -> argparse.ArgumentParser:
    """Reads the first word of the command line."""
    parser = argparse.ArgumentParser(
        prog=program(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n" + "\n".join(f"  {name:10} {text}" for name, text in COMMANDS.items()),
    )
    parser.add_argument("--version", action="version", version=f"bayesian-gan {__version__}")
    parser.add_argument("command", choices=list(COMMANDS), metavar="COMMAND")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="see COMMAND --help")
    return parser


def program() -> str:
    """How this program was called: `bayesian-gan`, or `python -m bayesian_gan`."""
    return "bayesian-gan" if Path(sys.argv[0]).stem == "bayesian-gan" else "python -m bayesian_gan"


def console() -> int:
    """Runs the command line of this process: `bayesian-gan`, which setup.py installs, is this function."""
    return main(sys.argv[1:])
