"""Cells that no spreadsheet program runs, and that are read back as they were."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bayesian_gan
from bayesian_gan.commands import generate, suggest
from bayesian_gan.commands.prediction_rows import Columns, Row, encoded
from bayesian_gan.data.csv_file import read_csv
from bayesian_gan.data.features import Column, Features
from bayesian_gan.data.label_table import read_label_table
from bayesian_gan.data.spreadsheets import MARK, RUNS, neutral, original, unmarked
from bayesian_gan.data.standardised import Standardised
from bayesian_gan.options.config import Config
from bayesian_gan.report.label_page import SCRIPT
from bayesian_gan.runs.kept_labels import LABELS_FILE, keep_labels
from bayesian_gan.runs.suggest import Suggestion, Suggestions

PACKAGE = Path(bayesian_gan.__file__).parent
# What begins a formula, what only looks so, and what CSV itself must not stumble over.
TEXTS = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", "＋1", "－1", "＠SUM(A1)", "-1.5"),
    *("=cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "a=b", "a,=1", 'q"=1', "a;=1", "a\n=1"),
    *("'", "''", "'=1", "'tis", "x", "\u202e=1", "é", "=" + "x" * 1000),
)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_formulas_are_marked(text: str) -> None:
    assert neutral(text) == "'" + text
    assert original(neutral(text)) == text


@pytest.mark.parametrize("text", ["", "cat", "a=b", "'quoted", "''", "'=1"])
def test_every_text_comes_back(text: str) -> None:
    assert original(neutral(text)) == text
    assert not neutral(text).startswith(("=", "+", "-", "@"))


# ------------------------------------------------------------------------------- all writers


def _labels(folder: Path) -> Path:
    """What a run keeps of `--labels`."""
    given = folder / "given.csv"
    rows = [[neutral(text), neutral(text), ""] for text in TEXTS]
    with given.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["path", "label", "split"], *rows])
    config = Config(dataset="digits", labels=str(given))
    keep_labels(folder, config)
    return folder / LABELS_FILE


def _suggested(folder: Path) -> Path:
    chosen = tuple(Suggestion(k, text, text, -0.5, (), text, ()) for k, text in enumerate(TEXTS))
    found: Any = Suggestions(None, (), chosen, (), {}, ())  # type: ignore[arg-type]
    path = folder / "suggest.csv"
    path.write_bytes(suggest._csv(found).encode())
    return path


def _predicted(folder: Path) -> Path:
    columns = Columns(TEXTS, (0,), sets=True)
    p = [1.0 / len(TEXTS)] * len(TEXTS)
    row = Row("", "", True, -1.5, "", -0.5, 0.0, -0.0, p, [""], [])
    rows = [replace(row, path=t, reason=t, label=t, votes=[t], members=[t]) for t in TEXTS]
    path = folder / "predicted.csv"
    lines = [columns.csv_line(columns.names), *(columns.csv_line(columns.cells(r)) for r in rows)]
    path.write_bytes(b"".join(map(encoded, lines)))
    return path


def _generated(folder: Path) -> Path:
    names = sorted(TEXTS)
    one = Standardised(np.zeros(len(names) + 2), np.ones(len(names) + 2))
    columns = (
        Column("=number", "number"),
        Column("-category", "category", tuple(names)),
        Column("@other", "number"),
    )
    vectors = np.column_stack(
        [np.full(len(names), -1.5), np.eye(len(names)), np.full(len(names), -2.0)]
    )
    text = generate._table(Features(columns, scaling=one), vectors, np.arange(len(names)))
    path = folder / "generated.csv"
    path.write_bytes(text.encode())
    return path


# By the module that writes it, a file with all `TEXTS`, and the columns that hold them.
WRITERS: dict[str, tuple[Callable[[Path], Path], tuple[str, ...]]] = {
    "runs/kept_labels.py": (_labels, ("path", "label")),
    "commands/suggest.py": (_suggested, ("path", "guess", "why")),
    "commands/prediction_rows.py": (_predicted, ("path", "label", "chain_0", "reason")),
    "commands/generate.py": (_generated, ("-category",)),
}
# They write numbers below names that are the package's own.
OF_NUMBERS = {"monitoring/callbacks.py", "monitoring/health_log.py", "synthetic/experiment.py"}


def test_no_writer_is_forgotten() -> None:
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"csv\.(Dict)?[wW]riter|to_csv|savetxt", path.read_text(encoding="utf-8"))
    }
    assert found == set(WRITERS) | OF_NUMBERS


@pytest.mark.parametrize("writer", WRITERS)
def test_no_cell_runs_and_every_text_is_read_back(writer: str, tmp_path: Path) -> None:
    write, texts = WRITERS[writer]
    path = write(tmp_path)
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    runs = [cell for cell in cells if cell.startswith(RUNS)]
    # Negative numbers are numbers.
    assert all(re.fullmatch(r"-\d+(\.\d+)?", cell) for cell in runs), runs
    assert writer != "commands/generate.py" or "-1.5" in runs
    table = read_csv(path)
    for name in texts:
        column = [row[table.header.index(name)] for row in table.rows]
        assert sorted(column) == sorted(TEXTS), name
    assert [unmarked(name) for name in table.header] == table.header


def test_what_predict_says_serves_as_labels(tmp_path: Path) -> None:
    table = read_label_table(_predicted(tmp_path))
    assert [row.path for row in table.rows] == [row.label for row in table.rows] == list(TEXTS)


def test_the_page_of_labels_marks_the_same_cells() -> None:
    (found,) = re.findall(r"/\^\[(.*?)\]/\.test\(text\)", SCRIPT.read_text(encoding="utf-8"))
    signs = found.replace(r"\t", "\t").replace(r"\r", "\r").replace(r"\n", "\n").replace("\\-", "-")
    assert sorted(signs) == sorted((*RUNS, MARK))
