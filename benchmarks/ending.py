"""Runs a command that is ended when the process that asked for it ends, in whatever way.

    python benchmarks/ending.py PID COMMAND...

PID is of that process. The command gets a SIGTERM, by which a run saves its state. (Linux, prctl(2);
the signal is kept through exec.)
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Becomes the command."""
    parent, *command = arguments
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):  # It ended before this was said.
        sys.exit(128 + signal.SIGTERM)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
