"""`train`: the run of `run_bgan_semi.py`, with its flags."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str], program: str) -> int:
    """Trains; see `bayesian_gan.main.main`, which reads the flags itself and exits with its own status.

    Args:
        arguments: of the command line, without the command.
        program: what the user typed to get here, for help and messages.
    """
    from bayesian_gan.main import main as train

    # absl's flags, messages and the run's description take the command from here.
    sys.argv = [program, *arguments]
    train(semi=True)
    return 0
