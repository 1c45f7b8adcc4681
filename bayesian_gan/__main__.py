"""`python -m bayesian_gan COMMAND ...`; see `bayesian_gan.commands`."""

import sys

from bayesian_gan.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
