"""The results file: JSON lines, one for each cell; runs are of one version of the program."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bayesian_gan.errors import InputError
from bayesian_gan.evaluation.baselines import BASELINES
from benchmarks.table.cells import Cell

# Lines of version 1.1.0 have no `ece`.
REQUIRED = ("dataset", "N", "system", "label_seed", "preset", "errors", "n", "nll", "version")


def read_results(path: Path) -> list[dict[str, Any]]:
    """The lines of a file of the table's results; see `read_lines`."""
    return read_lines(path, REQUIRED)


def read_lines(path: Path, required: Iterable[str]) -> list[dict[str, Any]]:
    """The lines of a results file; none where there is no file.

    Args:
        path: of the file.
        required: names that every line has.

    Raises:
        InputError: a line that is not a result.
    """
    if not path.exists():
        return []
    lines = []
    for k, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            line = json.loads(text)
            missing = [name for name in required if name not in line]
        except (ValueError, TypeError) as error:
            raise InputError(f"{path}, line {k}: not a result ({error}); remove it") from error
        if missing:
            raise InputError(f"{path}, line {k}: lacks {', '.join(missing)}; remove it")
        lines.append(line)
    return lines


def check_version(path: Path, lines: Sequence[dict[str, Any]], version: str) -> None:
    """Raises InputError where a run of another version of the program made a line.

    Further runs are not mixed with these. A baseline, which no run makes, stands beside them.

    Args:
        path: of the file.
        lines: all that it holds.
        version: of this program.
    """
    for k, line in enumerate(lines, 1):
        if line["version"] != version and line.get("system") not in BASELINES:
            raise InputError(
                f"{path}, line {k}: a result of version {line['version']}, and this is {version}: give "
                "another --results file, or move this one away"
            )


def append_result(path: Path, line: dict[str, Any]) -> None:
    """Adds a line to the file, on the disk before this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())


def find(lines: Iterable[dict[str, Any]], cell: Cell) -> dict[str, Any] | None:
    """The result of a cell, or None."""
    for line in lines:
        same = all(
            line[name] == getattr(cell, name)
            for name in ("dataset", "N", "system", "label_seed", "preset")
        )
        same = same and line.get("equal_cost", False) == cell.equal_cost
        if same and line.get("temperature") == cell.own_temperature:
            return line
    return None
