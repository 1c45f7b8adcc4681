"""What is declared in setup.py is used, and what is used is declared there."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "bayesian_gan"
HELPERS = [ROOT / name for name in ("tools", "benchmarks", "tests", "examples")]
# Where a module has another name than its package on the index.
MODULES = {
    "absl-py": "absl",
    "ipython": "IPython",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "tensorflow-probability": "tensorflow_probability",
}
# Imported only by programs that have an environment of their own.
ELSEWHERE = {"torch"}
REQUIREMENT = re.compile(r'"([A-Za-z0-9_.-]+)(?:\[[a-z]+\])?>=[^"]*"')


def _declared(after: str, before: str) -> dict[str, bool]:
    """The modules of the requirements in a part of setup.py, and whether a comment says why each is there."""
    part = (ROOT / "setup.py").read_text(encoding="utf-8").split(after)[1].split(before)[0]
    found = {}
    for line in part.splitlines():
        for name in REQUIREMENT.findall(line):
            found[MODULES.get(name, name.replace("-", "_"))] = "#" in line
    return found


RUN = _declared("install_requires=[", "entry_points=")
EXTRAS = _declared("extras_require={", "\n    },")


def imported(source: str) -> Iterator[str]:
    """The top modules that a program imports, by a statement or by `pytest.importorskip`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (each.name.partition(".")[0] for each in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
            case ast.Call(
                func=ast.Attribute(attr="importorskip"), args=[ast.Constant(str(name)), *_]
            ):
                yield name.partition(".")[0]


def _of_others(folders: list[Path]) -> set[str]:
    """The modules of other packages that the programs of some folders import."""
    files = [file for folder in folders for file in folder.rglob("*.py")]
    own = {path.stem for folder in HELPERS for path in folder.rglob("*.py")}
    own |= {path.name for path in ROOT.iterdir()} | {"bad_input"}
    found = {name for file in files for name in imported(file.read_text(encoding="utf-8"))}
    return found - own - set(sys.stdlib_module_names)


def test_what_the_package_imports_is_declared() -> None:
    found = _of_others([PACKAGE])
    assert len(found) > 12
    assert found - set(RUN) - set(EXTRAS) == set()
    # Without an extra it runs, and says what is not there: each such import is inside of a function.
    tops = {
        name
        for file in PACKAGE.rglob("*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        for name in imported(ast.unparse(node))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert tops & (set(EXTRAS) - set(RUN)) == set()


def test_what_the_package_needs_is_imported_or_said_why() -> None:
    found = _of_others([PACKAGE])
    assert [name for name, is_said in RUN.items() if name not in found and not is_said] == []
    assert [name for name, is_said in RUN.items() if name in found and is_said] == []


def test_what_an_extra_brings_is_imported_or_said_why() -> None:
    found = _of_others([PACKAGE, *HELPERS])
    assert len(EXTRAS) > 20
    assert [name for name, is_said in EXTRAS.items() if name not in found and not is_said] == []


def test_what_tests_and_tools_import_is_declared() -> None:
    assert _of_others(HELPERS) - set(RUN) - set(EXTRAS) == ELSEWHERE


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import a.b, c", ["a", "c"]),
        ("from a.b import c", ["a"]),
        ("from . import a", []),
        ("def f():\n    import a", ["a"]),
        ("x = pytest.importorskip('a.b', reason='none')", ["a"]),
    ],
)
def test_imports_are_found(source: str, found: list[str]) -> None:
    assert list(imported(source)) == found
