"""What the command lines of benchmarks share: their parsers, and one line for what goes wrong."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from absl import flags

from bayesian_gan.errors import USAGE_STATUS, InputError, RunStopped
from benchmarks.driver_runs import RunError


def parser_of(description: str | None, *, hands_on: bool = False) -> argparse.ArgumentParser:
    """A parser whose `--help` begins with a benchmark's docstring, as it stands.

    Args:
        description: the docstring.
        hands_on: whether the benchmark hands flags that it does not know on to a run; no flag may
            be abbreviated then.
    """
    return argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=not hands_on,
    )


def status_of(script: str, work: Callable[[], int | None]) -> int:
    """Does the work of a benchmark; says in one line why it ended early.

    Args:
        script: `__file__` of the benchmark, whose name begins the line.
        work: returns the exit status, or None for 0.

    Returns:
        The exit status: 2 for a user's mistake, that of the run where a run failed or stopped.
    """
    try:
        return work() or 0
    except (InputError, flags.Error) as error:
        line, status = f"error: {error}", USAGE_STATUS
    except RunError as error:
        line, status = f"error: {error}", error.status
    except RunStopped as error:
        line, status = f"stopped: {error}", error.status
    print(f"{Path(script).name}: {line}", file=sys.stderr)
    return status
