"""`watch RUN_DIR`: a live table of a run in the terminal, until it is finished or Ctrl-C."""

import argparse
import time

from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun

SECONDS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument("--once", action="store_true", help="print the table once and end")
    parser.add_argument(
        "--every",
        type=float,
        default=SECONDS,
        metavar="SECONDS",
        help="between refreshes, in [0.5, 3600] (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Shows the table; reads files only, so the run does not notice."""
    opened = FinishedRun(arguments.run_dir)
    if not 0.5 <= arguments.every <= 3600:
        raise InputError(f"--every {arguments.every:g}: give seconds in [0.5, 3600]")
    from rich.console import Console
    from rich.live import Live

    from bayesian_gan.report.live import live_table

    console = Console()
    if arguments.once:
        console.print(live_table(opened))
        return 0
    try:
        with Live(live_table(opened), console=console, auto_refresh=False) as live:
            while not _finished(opened):
                time.sleep(arguments.every)
                opened = FinishedRun(arguments.run_dir)
                live.update(live_table(opened), refresh=True)
    except KeyboardInterrupt:
        pass
    return 0


def _finished(opened: FinishedRun) -> bool:
    summary = opened.summary
    return summary is not None and summary["iteration"] >= opened.config.train_iter
