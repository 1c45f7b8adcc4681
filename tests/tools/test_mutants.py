"""tools/mutants.py: which changes of a program it makes, and what it says of tests that notice them or not."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mutations(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module tools/mutations.py."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module("mutations")


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a < b", ["(a <= b)", "(a >= b)"]),
        ("a is None", ["(a is not None)"]),
        ("a < b <= c", ["(a <= b <= c)", "(a < b < c)"]),
        ("x = a + b\n", ["x = (a - b)\n"]),
        ("x = 'é' * b\n", ["x = ('é' / b)\n"]),
        ("x += a", ["x -= a"]),
        ("x = a and b", ["x = (a or b)"]),
        ("x = not a", ["x = (a)"]),
        ("x = -a", ["x = (a)"]),
        ("x = 3", ["x = (4)"]),
        ("x = 0.5, 0.0", ["x = (1.0), 0.0", "x = 0.5, (1.0)"]),
        ("x = True", ["x = (False)"]),
        ("x = a if b else c", ["x = (c if b else a)"]),
        ("x = min(a, b)", ["x = (max(a, b))"]),
        ("x = tf.reduce_mean(a, b)", ["x = (tf.reduce_sum(a, b))"]),
        ("f(a)", ["pass"]),
        ("def f():\n    return a", ["def f():\n    return None"]),
        ("def f():\n    return None", []),
        ("def f():\n    return", []),
        ("def f(a=True): pass", ["def f(a=(False)): pass"]),
        ("def f(a, *, b=2): pass", ["def f(a, *, b=(3)): pass"]),
        ("raise ValueError('x' + y)", ["pass"]),
        ("while a:\n    break", ["while a:\n    continue"]),
        ("x = a[(\n    1  # one\n)]", ["x = a[(\n    (2)  # one\n)]"]),
        # What only speaks, or only describes, stays.
        ("print(a + 1)", []),
        ("'''1 < 2'''", []),
        ("x = f'{a + 1}'", []),
        ("x: Literal[1] | None = a", []),
        ("def f(a: 'int' | None) -> 1 | 2: pass", []),
        ("@f(1)\nclass A:\n    '''A.'''", []),
        ("log.warning(1 + a)", []),
        ("x = InputError(a + 1)", []),
        ("x = zip(a, b, strict=True)", []),
        ("if TYPE_CHECKING:\n    x = 1", []),
        ("import a\nassert a < 1", []),
    ],
)
def test_what_is_changed(mutations: ModuleType, source: str, changed: list[str]) -> None:
    made = [
        each.applied(source.encode()).decode()
        for each in mutations.mutants_of(source.encode(), "a.py")
    ]
    assert made == changed


def test_a_mutant_keeps_its_name_and_rank_when_others_change(mutations: ModuleType) -> None:
    source = b"def f(a):\n    return a < 1\n"
    (first, *_) = [m for m in mutations.mutants_of(source, "a.py") if "<=" in m.after]
    (later, *_) = [
        m for m in mutations.mutants_of(b"X = 2\n\n" + source, "a.py") if "<=" in m.after
    ]
    assert first.line == 2
    assert later.line == 4
    assert first.key == later.key == ("a.py", "f", "a < 1", "(a <= 1)", 0)
    assert first.rank(5) == later.rank(5) != first.rank(6)
    twice = mutations.mutants_of(b"def f():\n    x = 1\n    y = 1\n", "a.py")
    assert [m.nth for m in twice] == [0, 1]
    assert twice[0].rank(5) != twice[1].rank(5)


def test_the_nearest_tests_of_the_room_come_first(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(ROOT / "tools")
    files = {
        "bayesian_gan/__init__.py": "",
        "bayesian_gan/gan/__init__.py": "from bayesian_gan.gan.inner import Inner",
        "bayesian_gan/gan/inner.py": "class Inner: ...",
        "bayesian_gan/gan/outer.py": "import bayesian_gan.gan.inner",
        "bayesian_gan/gan/outermost.py": "from bayesian_gan.gan import outer",
        "bayesian_gan/gan/other.py": "",
        "tests/gan/test_inner.py": "# The longest of all, and of the same name.",
        "tests/gan/test_a.py": "import bayesian_gan.gan.other",
        "tests/gan/test_b.py": "from bayesian_gan.gan import outermost",
        "tests/gan/test_c.py": "from bayesian_gan.gan.outer import x",
        "tests/gan/deep/test_d.py": "from bayesian_gan.gan import Inner",
        "tests/gan/test_e.py": "x = 'bayesian_gan.gan.inner'",
        "tests/data/test_inner.py": "import bayesian_gan.gan.inner",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    imports = importlib.import_module("near_tests").Imports(tmp_path)
    found = [
        [Path(each).stem for each in tests]
        for tests in imports.tests_of("bayesian_gan/gan/inner.py")
    ]
    assert found == [["test_inner", "test_e", "test_d"], ["test_c", "test_b", "test_a"]]
    near, _ = imports.tests_of("bayesian_gan/gan/other.py")
    assert [Path(each).stem for each in near] == ["test_a"]
    many = [f"{tmp_path}/tests/gan/test_{name}.py::{k}" for k in range(11) for name in "ca"]
    batches = list(imports.nearest_first("bayesian_gan/gan/other.py", many))
    assert [len(batch) for batch in batches] == [10, 1, 10, 1]
    assert [test for batch in batches for test in batch] == many[1::2] + many[::2]


MODULE = """\
def noticed(a, b):
    return a + b


def unnoticed(a):
    return a < 7


def endless(n):
    while n > 3:
        n -= 2
    return n
"""
TESTS = """\
from bayesian_gan.gan.sums import endless, noticed, unnoticed

def test_sums():
    assert unnoticed(5) and not unnoticed(9)
    assert noticed(1, 2) == 3 and noticed(3, 2) == 5
    assert endless(4) == 2 and endless(3) == 3
"""
BROKEN = "def test_that_never_passes():\n    assert False\n"
EQUIVALENT = """\
[[mutant]]
file = "bayesian_gan/gan/sums.py"
inside = "unnoticed"
before = "a < 7"
after = "(a <= 7)"
reason = "a test"
"""
# The tool, on another tree, whose modules need no TensorFlow, with some of its mutants.
PROGRAM = """\
import sys, pathlib, argparse, mutants
root, limit, *some = sys.argv[1:]
mutants.ROOT = pathlib.Path(root)
mutants.ROOMS = ("gan",)
mutants.HEAVY = ("pytest",)
mutants.EQUIVALENT = mutants.ROOT / "equivalent.toml"
draw = mutants.drawn
mutants.drawn = lambda *of: [each for each in draw(*of) if each.after in some]
results = mutants.ROOT / "build" / "results.jsonl"
arguments = dict(seed=1, number=9, limit=float(limit), again=False, backwards=True, results=results)
sys.exit(mutants.main(argparse.Namespace(**arguments, covering=mutants.ROOT / "build" / "covering")))
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small package with tests, under git."""
    files = {
        "bayesian_gan/__init__.py": "",
        "bayesian_gan/gan/__init__.py": "",
        "bayesian_gan/gan/sums.py": MODULE,
        "tests/gan/test_sums.py": TESTS,
        "tests/gan/test_broken.py": BROKEN,
        "pytest.ini": "[pytest]\nmarkers = slow\n",
        "equivalent.toml": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def _mutants(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tree), *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        env={"PYTHONPATH": str(ROOT / "tools"), "PATH": os.environ["PATH"]},
    )


def test_what_is_said_of_the_tests(tree: Path) -> None:
    some = ("(a - b)", "(a >= 7)", "(a <= 7)")
    done = _mutants(tree, "120", *some)
    assert done.returncode == 1, done.stderr
    assert "left out, for it fails without a mutant: tests/gan/test_broken.py" in done.stderr
    records = [json.loads(x) for x in (tree / "build" / "results.jsonl").read_text().splitlines()]
    fates = {(r["before"], r["after"]): (r["status"], r["by"]) for r in records}
    killed = ("killed", "tests/gan/test_sums.py::test_sums")
    assert fates == {
        ("a + b", "(a - b)"): killed,
        ("a < 7", "(a >= 7)"): killed,
        ("a < 7", "(a <= 7)"): ("survived", ""),
    }
    assert (tree / "bayesian_gan" / "gan" / "sums.py").read_text() == MODULE
    assert (
        "lives (survived): bayesian_gan/gan/sums.py:6 unnoticed: a < 7 -> (a <= 7)" in done.stdout
    )
    assert "killed 2 of 3 (67%); 0 are known as equivalent" in done.stdout
    assert "killed when first run: 2 of 3\n" in done.stdout

    # It is judged, and what has run is not run again.
    (tree / "equivalent.toml").write_text(EQUIVALENT)
    done = _mutants(tree, "120", *some)
    assert done.returncode == 0, done.stderr
    assert "3 mutants of seed 1, 0 to run" in done.stdout
    assert "lives" not in done.stdout
    assert "killed 2 of 2 (100%); 1 are known as equivalent" in done.stdout


@pytest.mark.slow
def test_a_mutant_that_does_not_end_is_out_of_time(tree: Path) -> None:
    done = _mutants(tree, "20", "n += 2")
    assert done.returncode == 1, done.stderr
    assert (
        "lives (out of time): bayesian_gan/gan/sums.py:11 endless: n -= 2 -> n += 2" in done.stdout
    )


# Two tests share what one of them runs, and a third has its own; the fourth of the lines none runs.
SHARED = """\
import pytest
from bayesian_gan.gan import sums

@pytest.fixture(scope="module")
def three():
    return sums.noticed(1, 2)

@pytest.mark.parametrize("n", ["a", "b::c"])
def test_shared(three, n):
    assert three == 3

def test_own():
    assert sums.unnoticed(5)

def test_broken():
    assert sums.unnoticed(9)

@pytest.mark.slow
def test_slow():
    assert sums.endless(1)
"""
RECORD = """\
import json, sys, pathlib, covering_tests
covering_tests.ROOT = pathlib.Path(sys.argv[1])
pathlib.Path(sys.argv[1], "gan.json").write_text(json.dumps(covering_tests.record("gan")))
"""


def test_tests_are_found_by_the_lines_that_they_run(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "tests" / "gan" / "test_sums.py").write_text(SHARED)
    found = subprocess.run(
        [sys.executable, "-c", RECORD, str(tree)],
        capture_output=True,
        text=True,
        cwd=tree,
        env={"PYTHONPATH": f"{tree}:{ROOT / 'tools'}", "PATH": os.environ["PATH"]},
    )
    assert found.returncode == 0, found.stderr
    monkeypatch.syspath_prepend(ROOT / "tools")
    covering = importlib.import_module("covering_tests").Covering(tree, tree)

    def of(line: int) -> set[str]:
        tests = covering.tests_of("bayesian_gan/gan/sums.py", line)
        return {test.rpartition("/")[2] for test in tests}

    both = {"test_sums.py::test_shared[a]", "test_sums.py::test_shared[b::c]"}
    assert of(2) == both  # The fixture's, whoever asked first.
    assert of(6) == {"test_sums.py::test_own"}
    assert of(1) == of(10) == set()
    # Of a module that has changed since, nothing is known.
    (tree / "bayesian_gan" / "gan" / "sums.py").write_text(f"{MODULE}\n")
    assert of(2) == set()


def test_a_line_belongs_to_its_innermost_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "tools")
    statement_of = importlib.import_module("covering_tests").statement_of
    source = b"if (\n    a\n    and b\n):\n    f(\n        1,\n        2,\n    )\nelse:\n    g()\n"
    lines = [list(statement_of(source, line)) for line in range(1, 11)]
    assert lines[:4] == [[1, 2, 3, 4]] * 4
    assert lines[4:8] == [[5, 6, 7, 8]] * 4
    assert lines[9] == [10]
