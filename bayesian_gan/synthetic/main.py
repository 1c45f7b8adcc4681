"""The main of `run_bgan_synth.py`: flags in, one run, an exit status."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from absl import app, flags

from bayesian_gan.errors import USAGE_STATUS, InputError, RunStopped
from bayesian_gan.run_folder import check_writable
from bayesian_gan.synthetic import options


def main() -> None:
    """Parses the command line, runs the experiment, and exits.

    A user's mistake is one line on the standard error and exit status 2. The others: 0 the run is finished, 3 a
    number was not finite, 4 something could not be written, 130 Ctrl-C.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    options.define(flags.FLAGS)
    app.run(_run, flags_parser=_parse)


def _parse(argv: list[str]) -> list[str]:
    if any(argument in ("--help", "-help", "--helpshort", "-h") for argument in argv[1:]):
        print(f"usage: {Path(argv[0]).name} --out_dir DIR [flags]")
        print(flags.FLAGS.module_help(options.__name__))
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
        config = options.SynthConfig.from_flags(flags.FLAGS)
        assert config.out_dir is not None
        check_writable(config.out_dir)
        # Imported here: TensorFlow takes seconds to load, and a wrong flag need not wait for it.
        from bayesian_gan.synthetic.experiment import run

        run(config)
    except InputError as error:
        _fail(str(error))
    except RunStopped as stopped:
        print(f"{Path(sys.argv[0]).name}: {stopped}", file=sys.stderr)
        sys.exit(stopped.status)
    except KeyboardInterrupt:
        _fail("stopped", 130)


def _fail(message: str, status: int = USAGE_STATUS) -> NoReturn:
    print(f"{Path(sys.argv[0]).name}: error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)
