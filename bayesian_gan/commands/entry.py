"""What the entry points share: flags in, one run, one line for a mistake, an exit status."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TextIO

from absl import app, flags

from bayesian_gan.backend import check_backend
from bayesian_gan.errors import USAGE_STATUS, InputError, RunStopped
from bayesian_gan.options.flags import define_options
from bayesian_gan.options.help import requested_help
from bayesian_gan.runs.devices import set_environment

INTERRUPTED = 130


def run_program(
    options: type,
    begin: Callable[[], None],
    stopped: str,
    **defaults: Any,
) -> None:
    """Parses the command line, begins, and exits.

    Args:
        options: the class of the program's options.
        begin: does the work from the parsed `absl.flags.FLAGS`.
        stopped: what is said of a Ctrl-C that `begin` leaves through.
        **defaults: by name, where the program has others than the class.
    """
    set_environment()
    define_options(flags.FLAGS, options, **defaults)
    app.run(
        lambda _: run(begin, stopped), flags_parser=lambda argv: parse(argv, options, **defaults)
    )


def parse(argv: list[str], options: type, **defaults: Any) -> list[str]:
    """Reads `absl.flags.FLAGS` from the command line; exits on `--help`, and on what is no flag.

    Args:
        argv: the program, then its arguments.
        options: as of `run_program`.
        **defaults: as of `run_program`.
    """
    try:
        text = requested_help(argv[1:], Path(argv[0]).name, options, **defaults)
    except InputError as error:
        _fail(str(error))
    if text is not None:
        with closed_pipe_is_fine():
            print(text)
        sys.exit(0)
    try:
        rest = flags.FLAGS(argv)
    except (flags.Error, ValueError) as error:  # The latter for a value of --noFLAG.
        _fail(str(error))
    if len(rest) > 1:
        _fail(f"unexpected argument {rest[1]!r}; see --help")
    return rest


def run(begin: Callable[[], None], stopped: str) -> None:
    """Calls `begin`; a user's mistake is one line and status 2, a run that stops has its own status."""
    try:
        check_backend()
        begin()
    except InputError as error:
        _fail(str(error))
    except RunStopped as error:
        _leave(f"{Path(sys.argv[0]).name}: {error}", error.status)
    except KeyboardInterrupt:
        _fail(stopped, INTERRUPTED)


@contextlib.contextmanager
def closed_pipe_is_fine() -> Iterator[None]:
    """Ends quietly what prints to a reader that has gone: `... | head`."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)


def _fail(message: str, status: int = USAGE_STATUS) -> NoReturn:
    line = " ".join(message.split())
    _leave(f"{Path(sys.argv[0]).name}: error: {line}", status)


def _silence(stream: TextIO) -> None:
    """Sends what a stream still holds nowhere: at the end of the process it would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _leave(line: str, status: int) -> NoReturn:
    """Prints a line and exits. An output that a full disk refuses would make the status 1 or 120."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _silence(stream)
    sys.exit(status)
