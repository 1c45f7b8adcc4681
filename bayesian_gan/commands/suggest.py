"""`suggest RUN_DIR`: the pictures whose labels would help most, as a list and as a page to label them on."""

import argparse
import csv
import io
import math
import shlex
from pathlib import Path

from bayesian_gan.data.spreadsheets import neutral
from bayesian_gan.errors import InputError
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.suggest import WAYS, Request, Suggestions, suggest
from bayesian_gan.storage import write_atomically, written

CSV_FILE, PAGE_FILE = "suggest.csv", "suggest.html"
COLUMNS = ("path", "guess", "probability", "why")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the command line."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="folder of a run")
    parser.add_argument(
        "--num", type=int, default=20, help="pictures to label, >= 1 (default: %(default)s)"
    )
    parser.add_argument(
        "--by",
        choices=WAYS,
        default=Request.by,
        help="typical: the middles of the largest clusters without a label; uncertain: pictures that the "
        "samples disagree on, unlike each other; random (default: %(default)s)",
    )
    parser.add_argument(
        "--among",
        type=int,
        default=Request.among,
        metavar="PICTURES",
        help="choose among so many pictures without a label, drawn at random (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of all that is drawn, in [0, 2^32) (default: 0)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the two files; by default RUN_DIR"
    )
    parser.add_argument(
        "--data_path", help="folder of the data set; by default where the run had it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Chooses, and writes the list and the page; all arguments are looked at first."""
    opened = FinishedRun(arguments.run_dir)
    out = arguments.out or opened.path
    if not out.is_dir():
        raise InputError(f"--out {out}: no such folder; make it first")
    request = Request(arguments.num, arguments.by, arguments.among, arguments.seed)
    found = suggest(opened, request, arguments.data_path)
    from bayesian_gan.report.label_page import label_page

    texts = {CSV_FILE: _csv(found), PAGE_FILE: label_page(opened, found, arguments.data_path)}
    for name, text in texts.items():
        _write(out / name, text)
    for note in found.notes:
        print(note)
    print(f"{out / CSV_FILE}: {len(found.chosen)} pictures, by {request.by}")
    print(
        f"{out / PAGE_FILE}: open it in a browser, label them, download labels.csv; then train with"
    )
    print(f"  {_next(opened)}")
    return 0


def _csv(found: Suggestions) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for each in found.chosen:
        probability = "" if math.isnan(each.probability) else f"{each.probability:.6g}"
        writer.writerow([neutral(each.path), neutral(each.guess), probability, neutral(each.why)])
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    data = text.encode("utf-8")
    with written(path, "give another --out"):
        write_atomically(path, lambda file: file.write(data))


def _next(opened: FinishedRun) -> str:
    kind, _, place = opened.config.dataset.partition(":")
    named = f"--data {shlex.quote(place)}" if place else f"--dataset {kind}"
    return f"bayesian-gan train {named} --labels labels.csv ..."
