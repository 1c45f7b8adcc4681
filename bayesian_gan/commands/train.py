"""`train`: the run of `run_bgan_semi.py`, with its flags."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Trains; see `bayesian_gan.main.main`, which reads the flags itself and exits with its own status."""
    from bayesian_gan.main import main as train

    # absl's flags and the run's description take the command from here.
    sys.argv = [sys.argv[0], *arguments]
    train(semi=True)
    return 0
