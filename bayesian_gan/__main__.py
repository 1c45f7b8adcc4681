"""`python -m bayesian_gan COMMAND ...`, which is `bayesian-gan COMMAND ...`; see `bayesian_gan.commands`."""

import sys

from bayesian_gan.commands import console

if __name__ == "__main__":
    sys.exit(console())
