"""The entry points' main: flags in, one run, an exit status."""

import contextlib
import os
import sys
from pathlib import Path
from typing import NoReturn

from absl import app, flags

from bayesian_gan import flags as run_flags
from bayesian_gan.data.run_data import load_run_data
from bayesian_gan.data.splits import label_split
from bayesian_gan.errors import USAGE_STATUS, InputError, RunStopped
from bayesian_gan.reliability.environment import check_versions
from bayesian_gan.reliability.resume import resolve
from bayesian_gan.run_folder import check_writable
from bayesian_gan.threads import thread_environment

INTERRUPTED = 130


def main(semi: bool) -> None:
    """Parses the command line, runs the experiment, and exits.

    A user's mistake is one line on the standard error and exit status 2. The others: 0 the run is finished, 3 a
    number was not finite, 4 something could not be written, 128 + n signal n ended it (129 SIGHUP, 130
    Ctrl-C, 143 SIGTERM).

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
        _begin()
    except InputError as error:
        _fail(str(error))
    except RunStopped as stopped:
        _leave(f"{Path(sys.argv[0]).name}: {stopped}", stopped.status)
    except KeyboardInterrupt:
        _fail("stopped before the training began", INTERRUPTED)


def _begin() -> None:
    """Checks all that can be checked, then runs."""
    check_versions()
    config = run_flags.Config.from_flags(flags.FLAGS)
    given = {name for name in config.to_json() if flags.FLAGS[name].present}
    config, folder = resolve(config, given)
    data = load_run_data(config)
    split = label_split(data, config.N, config.label_seed) if config.semi else None
    if folder is None:
        assert config.out_dir is not None
        check_writable(config.out_dir)
    threads = thread_environment(config.side_by_side, os.cpu_count() or 1)
    for name, value in threads.items():
        os.environ.setdefault(name, value)
    # Imported here: TensorFlow takes seconds to load, and a wrong flag or file need not wait for it.
    from bayesian_gan.experiment import run

    run(config, data, split, folder)


def _fail(message: str, status: int = USAGE_STATUS) -> NoReturn:
    line = " ".join(message.split())
    _leave(f"{Path(sys.argv[0]).name}: error: {line}", status)


def _leave(line: str, status: int) -> NoReturn:
    """Prints a line and exits. An output that a full disk refuses would make the status 1 or 120."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)
