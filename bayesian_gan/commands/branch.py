"""`branch RUN_DIR`: begins a run where another's warm-up ended; see docs/how-to/resume.md."""

import argparse
from pathlib import Path
from typing import Any

from absl import flags

from bayesian_gan.errors import InputError
from bayesian_gan.options import flags as run_flags
from bayesian_gan.options.config import AFTER_WARM_UP, Config
from bayesian_gan.options.option import options_of
from bayesian_gan.runs.branch import branch
from bayesian_gan.runs.resume import resume_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument(
        "run_dir", type=Path, metavar="RUN_DIR", help="OUT_DIR/bgan_DATASET_UNIXTIME"
    )
    parser.add_argument(
        "--out_dir",
        type=Path,
        help="folder that the new run's folder is made in; by default the one that RUN_DIR lies in",
    )
    for name in AFTER_WARM_UP:
        declared = options_of(Config)[name]
        text = f"{declared.option.text} [{declared.values}; by default as RUN_DIR]"
        parser.add_argument(f"--{name}", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Makes the new run's folder, and says how to train it."""
    changes = _changes({n: v for n in AFTER_WARM_UP if (v := getattr(arguments, n)) is not None})
    if not changes:
        raise InputError(f"give at least one of --{', --'.join(AFTER_WARM_UP)}")
    out_dir = arguments.out_dir or arguments.run_dir.resolve().parent
    folder = branch(arguments.run_dir, out_dir, changes)
    command = resume_command(folder, "bayesian-gan train")
    print(f"{folder}: at the end of the warm-up of {arguments.run_dir}; train it with\n{command}")
    return 0


def _changes(given: dict[str, str]) -> dict[str, Any]:
    """Values of flags, checked as those of a run are.

    Raises:
        InputError: one is no number, or out of its range.
    """
    values = flags.FlagValues()
    run_flags.define(values, semi=True)
    try:
        values(["branch", *(f"--{name}={value}" for name, value in given.items())])
    except flags.Error as error:
        raise InputError(str(error)) from error
    return {name: values[name].value for name in given}
