"""`report RUN_DIR [RUN_DIR ...]`: one self-contained page of a run, or of several side by side.

Beside the page of one run it writes the run's card.
"""

import argparse
from pathlib import Path

from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun

NUM_IMAGES = 2000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dirs", nargs="+", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.html",
        help="the page; by default RUN_DIR/report.html, for several runs comparison.html in this folder",
    )
    parser.add_argument(
        "--data_path", help="folder of the data sets; by default where the runs had them"
    )
    parser.add_argument(
        "--num_images",
        type=int,
        default=NUM_IMAGES,
        help="test images, >= 1, that every posterior sample predicts (default: %(default)s)",
    )
    parser.add_argument(
        "--gif",
        action="store_true",
        help="also draw RUN_DIR/training.gif, what the generators made of one z at each save, into the page",
    )


def run(arguments: argparse.Namespace) -> int:
    """Writes the page; what cannot be shown is named in it."""
    runs = [FinishedRun(path) for path in arguments.run_dirs]
    if arguments.num_images < 1:
        raise InputError(f"--num_images {arguments.num_images}: give at least 1")
    default = runs[0].path / "report.html" if len(runs) == 1 else Path("comparison.html")
    out = arguments.out or default
    if not out.parent.is_dir():
        raise InputError(f"--out {out}: there is no folder {out.parent}; make it, or give another")
    from bayesian_gan.report.animation import write_film
    from bayesian_gan.report.findings import find
    from bayesian_gan.report.page import page
    from bayesian_gan.report.summary import verdicts_of
    from bayesian_gan.runs.card import write_card
    from bayesian_gan.storage import write_atomically, written

    films = [write_film(opened.path) if arguments.gif else None for opened in runs]
    found = [find(opened, arguments.data_path, arguments.num_images) for opened in runs]
    for one, film in zip(found, films, strict=True):
        one.film = film
    text = page(found).encode()
    with written(out, "give another --out"):
        write_atomically(out, lambda file: file.write(text))
    print(f"{out}: {len(text) / 1e6:.1f} MB")
    if len(runs) == 1:
        judged = [v for v in verdicts_of(found[0]) if v.subject == "Calibration"]
        known = judged[0] if found[0].predictions is not None else None
        print(write_card(out.parent, runs[0], known))
    for opened, one in zip(runs, found, strict=True):
        for reason in one.left_out:
            print(f"{opened.path}: left out: {reason}")
    return 0
