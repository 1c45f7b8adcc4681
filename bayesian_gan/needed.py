"""What a program says in the place of a traceback where the packages that this one needs are not installed."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from bayesian_gan.errors import USAGE_STATUS

PACKAGE = "bayesian_gan"


@contextlib.contextmanager
def packages_needed() -> Iterator[None]:
    """Ends the process with one line and status 2 where a module of another package is not there."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == PACKAGE:
            raise
        print(f"{Path(sys.argv[0]).name}: error: {how_to_install(error.name)}", file=sys.stderr)
        sys.exit(USAGE_STATUS)


def how_to_install(module: str) -> str:
    """One line for a module that is not there.

    Args:
        module: its name.
    """
    root = Path(__file__).parents[1]
    ways = [f"pip install {PACKAGE.replace('_', '-')}"]
    if (root / "requirements.lock").exists():  # A checkout.
        here = f"-C {root} " if root != Path.cwd() else ""
        ways = [
            f"make {here}setup, which installs all into {root / '.venv'}, and call that folder's bin/python",
            f"pip install {root}",
        ]
    return f"{sys.executable} has no module {module.partition('.')[0]!r}: give {', or '.join(ways)}"
