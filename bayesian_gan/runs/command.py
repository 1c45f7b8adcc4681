"""The command that began a run, as it can be typed again."""

import shlex
from collections.abc import Sequence
from pathlib import Path

CALLED = ("bayesian-gan", "python -m bayesian_gan")


def typed(command: Sequence[str]) -> str:
    """One line for a shell.

    Args:
        command: the words of the process: its program, then its arguments.
    """
    if not command:
        return "not noted"
    program, *arguments = command
    for called in CALLED:
        if program.startswith(f"{called} "):  # The command is a part of the program's name.
            return shlex.join([*program.split(), *arguments])
    words = ["python", program] if Path(program).suffix == ".py" else [program]
    return shlex.join([*words, *arguments])
