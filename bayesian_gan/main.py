"""The entry points' main: flags in, one run, an exit status."""

import os
import sys
from pathlib import Path

from absl import app, flags

from bayesian_gan import flags as run_flags
from bayesian_gan.data.catalogue import load
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import InputError
from bayesian_gan.run_folder import check_writable
from bayesian_gan.threads import thread_environment

USAGE_ERROR = 2


def main(semi: bool) -> None:
    """Parses the command line, runs the experiment, and exits.

    A user's mistake is one line on the standard error and exit status 2.

    Args:
        semi: whether `--semi` is on by default.
    """
    # TensorFlow's C++ start-up messages (no CUDA, oneDNN is on) would bury the one line that matters.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run_flags.define(flags.FLAGS, semi)
    app.run(_run, flags_parser=_parse)


def _parse(argv: list[str]) -> list[str]:
    if any(argument in ("--help", "-help", "--helpshort", "-h") for argument in argv[1:]):
        print(f"usage: {Path(argv[0]).name} --out_dir DIR [flags]")
        print(flags.FLAGS.module_help(run_flags.__name__))
        sys.exit(0)
    try:
        rest = flags.FLAGS(argv)
    except flags.Error as error:
        _fail(str(error))
    if len(rest) > 1:
        _fail(f"unexpected argument {rest[1]!r}; see --help")
    return rest


def _run(argv: list[str]) -> None:
    del argv
    try:
        config = run_flags.Config.from_flags(flags.FLAGS)
        data = load(config.dataset, config.data_path, config.data_options())
        split = label_split(data, config.N, config.label_seed) if config.semi else None
        check_writable(config.out_dir)
        threads = thread_environment(config.num_mcmc * config.num_disc, os.cpu_count() or 1)
        for name, value in threads.items():
            os.environ.setdefault(name, value)
        # Imported here: TensorFlow takes seconds to load, and a wrong flag or file need not wait for it.
        from bayesian_gan.experiment import run

        run(config, data, split)
    except InputError as error:
        _fail(str(error))


def _fail(message: str) -> None:
    line = " ".join(message.split())
    print(f"{Path(sys.argv[0]).name}: error: {line}", file=sys.stderr)
    sys.exit(USAGE_ERROR)
