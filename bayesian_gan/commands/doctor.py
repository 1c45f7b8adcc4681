"""`doctor`: whether this machine is fit for runs, and what to send with a report of a bug."""

import argparse

FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument(
        "--quick", action="store_true", help="leave out the self-test, 20 iterations on each device"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints a line for each check; returns 1 where one fails."""
    from bayesian_gan.runs.checkup import check_up

    failed = 0
    for check in check_up(test=not arguments.quick):
        failed += not check.ok
        print(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.text}", flush=True)
    print(
        f"{failed} of these fail. With a report of a bug, send"
        if failed
        else "All is well. With a report of a bug, send"
    )
    print("  these lines; the command that failed; what it printed; config.json of its run folder")
    return FAILED if failed else 0
