"""Would the tests notice? Changes the program, one place at a time, and runs the tests: `make mutants`.

Each mutant (see `mutations.py`) is written into a copy of the tree, where tests of its own room run: those
that run the changed line, where `covering_tests.py` has recorded them, else all; first those that import the
module. A test that fails has killed it, if it passes without the change. Results are kept line by
line, so that the next call goes on with the mutants that are left.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from multiprocessing.connection import Connection
from pathlib import Path
from shutil import copy2

from covering_tests import FOLDER, Covering
from mutations import Mutant, drawn
from near_tests import Imports

ROOT = Path(__file__).parents[1]
ROOMS = ("gan", "samplers", "posterior", "runs", "reliability", "data")
EQUIVALENT = ROOT / "tools" / "equivalent_mutants.toml"
# Imported once, before the forks; TensorFlow has run nothing then, and forks as if it were not there.
HEAVY = ("scipy.stats", "sklearn", "matplotlib.pyplot", "keras", "tensorflow_probability", "pytest")
KEY = ("file", "inside", "before", "after", "nth")
KILLED, SURVIVED, LATE = "killed", "survived", "out of time"


def main(arguments: argparse.Namespace) -> int:
    """Runs what is left of the first mutants of a seed, and prints the score.

    Returns:
        0, or 1 if a mutant lives that is not known as equivalent.
    """
    chosen = drawn(ROOT, ROOMS, arguments.seed)[: arguments.number]
    results = arguments.results
    done, equivalent = read_results(results), read_equivalent(EQUIVALENT)
    over = {KILLED} if arguments.again else {KILLED, SURVIVED, LATE}
    left = [m for m in chosen if done.get(m.key) not in over and m.key not in equivalent]
    print(f"{len(chosen)} mutants of seed {arguments.seed}, {len(left)} to run", flush=True)
    if left:
        results.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            workshop = Workshop(Path(folder), arguments.limit, arguments.covering)
            for mutant in reversed(left) if arguments.backwards else left:
                if read_results(results).get(mutant.key) in over:
                    continue  # By a process beside this one.
                record = workshop.fate(mutant) | {"seed": arguments.seed, "line": mutant.line}
                print(f"{record['status']:11} {record['seconds']:4} s  {mutant.words}", flush=True)
                # Opened each time: it may be merged with another session's meanwhile.
                with results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(dict(zip(KEY, mutant.key, strict=True)) | record) + "\n")
    first = read_results(results, latest=False)
    tried = [first[m.key] for m in chosen if m.key in first and m.key not in equivalent]
    print(f"killed when first run: {tried.count(KILLED)} of {len(tried)}")
    return summarise(chosen, read_results(results), equivalent)


def summarise(chosen: list[Mutant], done: dict[tuple, str], equivalent: dict[tuple, str]) -> int:
    """Prints the score and what lives; returns the exit status of `main`."""
    counted = [m for m in chosen if m.key not in equivalent and m.key in done]
    alive = [m for m in counted if done[m.key] != KILLED]
    for mutant in alive:
        print(f"lives ({done[mutant.key]}): {mutant.words}")
    same = sum(m.key in equivalent for m in chosen)
    killed = len(counted) - len(alive)
    score = f" ({killed / len(counted):.0%})" if counted else ""
    print(f"killed {killed} of {len(counted)}{score}; {same} are known as equivalent")
    return int(bool(alive))


def read_results(path: Path, *, latest: bool = True) -> dict[tuple, str]:
    """The latest status of each mutant that has run, or its first one, by its key."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines]
    return {_key(each): each["status"] for each in (found if latest else reversed(found))}


def read_equivalent(path: Path) -> dict[tuple, str]:
    """Mutants that compute the same as the program, by their keys, each with the reason."""
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", [])
    return {_key(table): table["reason"] for table in tables}


def _key(of: dict) -> tuple:
    return tuple(({"nth": 0} | of)[name] for name in KEY)


class Workshop:
    """A copy of the tree, in which mutants are tried one after the other."""

    def __init__(self, folder: Path, limit: float, covering: Path) -> None:
        """Copies the tree.

        Args:
            folder: an empty folder for it.
            limit: seconds of the clock that the tests of a mutant may take.
            covering: the folder of which tests run which lines; it may be missing.
        """
        self.folder, self.limit = folder.resolve(), limit
        self.sound: dict[str, bool] = {}  # Whether a test passes without a mutant.
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
            if name and (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                copy2(ROOT / name, self.folder / name)
        os.environ |= {"PYTHONPATH": str(self.folder), "TF_CPP_MIN_LOG_LEVEL": "3"}
        self.imports, self.covering = Imports(self.folder), Covering(covering, self.folder)
        for name in HEAVY:
            __import__(name)

    def fate(self, mutant: Mutant) -> dict[str, str | int]:
        """Its status, the test that killed it or "", and the seconds that it took."""
        path = self.folder / mutant.file
        source = path.read_bytes()
        began = time.monotonic()
        status, by = SURVIVED, ""
        known = self.covering.tests_of(mutant.file, mutant.line)
        ordered = self.imports.nearest_first(mutant.file, known)
        for tests in ordered if known else self.imports.tests_of(mutant.file):
            failed = self._failed(tests, path, mutant.applied(source), began + self.limit)
            if failed != "":
                status, by = (LATE, "") if failed is None else (KILLED, failed)
                break
        return {"status": status, "by": by, "seconds": round(time.monotonic() - began)}

    def _failed(self, tests: list[str], path: Path, changed: bytes, ends: float) -> str | None:
        """The first test that only the change lets fail, "" for none, None if the time is over."""
        source = path.read_bytes()
        while True:
            self._write(path, changed)
            try:
                failed = self._run(tests, ends - time.monotonic())
            finally:
                self._write(path, source)
            if not failed or self._is_sound(failed):
                return failed

    def _is_sound(self, test: str) -> bool:
        """Whether a test passes without a mutant; what does not pass is left out from then on."""
        if test not in self.sound:
            self.sound[test] = self._run([test], self.limit) == ""
            if not self.sound[test]:
                print(f"left out, for it fails without a mutant: {test}", file=sys.stderr)
        return self.sound[test]

    def _run(self, tests: list[str], seconds: float) -> str | None:
        """The first test that fails, "" for none, None if the time is over."""
        if seconds <= 0:
            return None
        left_out = [f"--deselect={test}" for test, sound in self.sound.items() if not sound]
        receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
        child = multiprocessing.get_context("fork").Process(
            target=_test, args=(self.folder, [*left_out, *tests], sender)
        )
        child.start()
        sender.close()
        child.join(seconds)
        late = child.is_alive()
        if late:
            with contextlib.suppress(ProcessLookupError):  # It has no group of its own yet.
                os.killpg(child.pid or 0, signal.SIGKILL)
            child.kill()
            child.join()
        try:
            return None if late else receiver.recv()
        except EOFError:
            return tests[0]  # The mutant took the process with it.

    def _write(self, path: Path, source: bytes) -> None:
        path.write_bytes(source)
        # Python tells a stale one by size and whole seconds alone.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()


def _test(folder: Path, arguments: list[str], sender: Connection) -> None:
    """Runs pytest in a copy of the tree, in a process of its own, and sends the first test that fails."""
    os.setsid()
    os.chdir(folder)
    others = [p for p in sys.path if Path(p).resolve() not in (ROOT, ROOT / "tools")]
    sys.path[:] = [str(folder), *others]
    log = os.open(folder / "mutants.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    import pytest

    class First:
        failed = ""

        def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
            if report.failed and not self.failed:
                self.failed = report.nodeid

        pytest_runtest_logreport = pytest_collectreport = note

    first = First()
    options = ["-x", "-q", "-m", "not slow", "-p", "no:cacheprovider"]
    status = pytest.main([*options, *arguments], plugins=[first])
    import bayesian_gan

    assert Path(bayesian_gan.__file__ or "").is_relative_to(folder), bayesian_gan.__file__
    passed = status in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    sender.send("" if passed else first.failed or arguments[-1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="which mutants are drawn")
    parser.add_argument(
        "--number", type=int, default=20, help="of mutants, the first that are drawn"
    )
    parser.add_argument("--limit", type=float, default=600, help="seconds for a mutant")
    parser.add_argument(
        "--covering", type=Path, default=FOLDER, help="what covering_tests.py has recorded"
    )
    parser.add_argument("--again", action="store_true", help="run those that lived once more")
    parser.add_argument(
        "--backwards", action="store_true", help="from the last one: beside a process that does not"
    )
    parser.add_argument("--results", type=Path, default=ROOT / "build" / "mutants.jsonl")
    sys.exit(main(parser.parse_args()))
