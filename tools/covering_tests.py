#!/usr/bin/env python
"""Which tests run which lines: by it `mutants.py` asks the tests that can notice a change, fastest first.

    python tools/covering_tests.py --room gan      # runs the room's tests; writes build/covering/gan.json

It takes as long as the tests, and half as long again. What is recorded holds for a module until the
module changes. Lines that TensorFlow's AutoGraph rewrites, and those that only other processes run,
are seen by no test: ask for those by `near_tests.py`.
"""

import argparse
import ast
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "covering"
MOST = 300  # Tests kept of a line, the fastest.


class Covering:
    """What has been recorded of a room."""

    def __init__(self, folder: Path, root: Path) -> None:
        """Reads what there is.

        Args:
            folder: of the records.
            root: of the tree whose tests are asked for.
        """
        self.root = root
        self.rooms = {path.stem: json.loads(path.read_bytes()) for path in folder.glob("*.json")}

    def tests_of(self, file: str, line: int) -> list[str]:
        """The tests that run the statement of a line, fastest first; none where none is known.

        Args:
            file: the module's path from the root.
            line: where the change begins.
        """
        room = self.rooms.get(Path(file).parts[1], {})
        source = (self.root / file).read_bytes()
        if room.get("hashes", {}).get(file) != _hash(source):
            return []
        lines = room["lines"].get(file, {})
        # Tests are numbered from the fastest on.
        found = {k for n in statement_of(source, line) for k in lines.get(str(n), [])}
        return [f"{self.root}/{room['tests'][k]}" for k in sorted(found)]


def statement_of(source: bytes, line: int) -> range:
    """The lines of the innermost statement around a line; of one that holds others, its head."""
    around = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or 0):
            inner = [n.lineno for n in ast.walk(node) if isinstance(n, ast.stmt) and n is not node]
            end = min(inner, default=(node.end_lineno or 0) + 1)
            around.append(range(node.lineno, max(end, node.lineno + 1)))
    holding = (lines for lines in around if line in lines)
    return min(holding, key=len, default=range(line, line + 1))


def record(room: str) -> dict[str, Any]:
    """Runs a room's quick tests; the lines that each of them runs.

    Args:
        room: a folder of `bayesian_gan` and of `tests`.
    """
    import coverage
    import pytest

    measure = coverage.Coverage(
        data_file=None, config_file=False, source=[str(ROOT / "bayesian_gan" / room)]
    )
    recorder = _recorder(measure)
    measure.start()
    options = ["-q", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist"]
    pytest.main([*options, str(ROOT / "tests" / room)], plugins=[recorder])
    measure.stop()
    passed = recorder.seconds.keys() - recorder.others
    fastest = sorted(passed, key=lambda test: recorder.seconds[test])
    number = {test: k for k, test in enumerate(fastest)}
    users: dict[str, list[int]] = {test: [k] for test, k in number.items()}
    for test, k in number.items():
        for fixture in recorder.shared.get(test, ()):
            users.setdefault(fixture, []).append(k)
    lines, hashes = {}, {}
    data = measure.get_data()
    for measured in data.measured_files():
        file = Path(measured).relative_to(ROOT).as_posix()
        hashes[file] = _hash(Path(measured).read_bytes())
        lines[file] = {
            line: sorted({k for context in contexts for k in users.get(context, ())})[:MOST]
            for line, contexts in data.contexts_by_lineno(measured).items()
        }
    return {"tests": fastest, "hashes": hashes, "lines": lines}


def _recorder(measure: Any) -> Any:
    """A plugin that tells the measurement which test runs, or which fixture that tests share."""
    import pytest

    class Recorder:
        def __init__(self) -> None:
            self.seconds: dict[str, float] = {}
            self.others = set[str]()  # Failed or skipped, in one of the phases.
            self.shared: dict[str, set[str]] = {}
            self.now = ""

        def pytest_runtest_logstart(self, nodeid: str) -> None:
            self.now = nodeid
            measure.switch_context(nodeid)

        def pytest_runtest_setup(self, item: pytest.Function) -> None:
            every = [d[-1] for d in item._fixtureinfo.name2fixturedefs.values()]
            self.shared[item.nodeid] = {_name(d) for d in every if d.scope != "function"}

        @pytest.hookimpl(wrapper=True)
        def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef) -> Any:
            if fixturedef.scope == "function":
                return (yield)
            measure.switch_context(_name(fixturedef))
            try:
                return (yield)
            finally:
                measure.switch_context(self.now)

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            known = self.seconds.get(report.nodeid, 0.0)
            self.seconds[report.nodeid] = known + report.duration
            if report.outcome != "passed":
                self.others.add(report.nodeid)

    return Recorder()


def _name(fixture: Any) -> str:
    return f"{fixture.baseid} {fixture.argname}"


def _hash(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--room", required=True, help="a folder of bayesian_gan and of tests")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    found = record(arguments.room)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    path = arguments.folder / f"{arguments.room}.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    print(f"{path}: {len(found['tests'])} tests, {len(found['lines'])} modules", file=sys.stderr)
