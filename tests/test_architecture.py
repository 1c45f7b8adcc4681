"""The house: rooms, which of them may import which, and what else its plan forbids.

A room is a folder of the package. `ORDER` lists the rooms from the top of the house to its ground.
A module may import modules of its own room and of rooms further down, and never of a room further
up or beside its own. An import counts wherever it stands: in a function and under
`if TYPE_CHECKING`, too. A module that only a string names is not imported: the term that an option
sets, and the public names of the package's root, which load on first use.

`docs/explanation/architecture.md` says what each room is for. The functions that find faults take the folder of
a tree, so that the tests below can build a fault of every kind and see it found.
"""

import ast
from collections.abc import Callable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

TOP, GROUND = "__main__", "root"
ORDER = (
    (TOP,),  # One line that calls `commands`; the only module of the root that lies above it.
    ("commands",),
    ("report", "synthetic", "estimators"),
    ("runs",),
    ("monitoring",),
    ("evaluation", "reliability"),
    ("gan",),
    ("export",),
    ("posterior",),
    ("networks",),
    ("data",),
    ("options",),
    ("samplers",),
    (GROUND,),
)
ROOT_MODULES = {
    *("__init__", TOP, "backend", "errors", "needed", "quiet", "seeds", "storage", "versions"),
}
LEVELS = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
HEAVY = {"tensorflow", "keras"}
MOST_LINES = 400

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "bayesian_gan"
FOLDERS = ("bayesian_gan", "tests", "benchmarks", "tools")


# ------------------------------------------------------------------------------- reading


def modules(package: Path) -> dict[str, Path]:
    """The file of each module by its dotted name.

    A package's own name stands for its `__init__`.
    """
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, name: str) -> Iterator[tuple[str, str]]:
    """What a module imports, as (module, name in it): the name is "" for `import module`."""
    inside = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = [node.module] if node.module else []
            if node.level:
                origin = inside[: len(inside) - node.level + 1] + origin
            yield from ((".".join(origin), alias.name) for alias in node.names)


def arrows(package: Path) -> dict[str, set[str]]:
    """The modules of the package that each of its modules imports.

    `from room import module` points at the module, `from room import a_name` at the room's
    `__init__`.
    """
    files = modules(package)
    return {
        name: {
            f"{origin}.{what}" if f"{origin}.{what}" in files else origin
            for origin, what in imported(path, name)
            if origin.split(".")[0] == package.name
        }
        for name, path in files.items()
    }


def room(module: str) -> str:
    """The room that a module lies in."""
    _, *inner = module.split(".")
    if not inner or inner[0] in ROOT_MODULES - {TOP}:
        return GROUND
    return inner[0]


# ------------------------------------------------------------------------------- faults


def wrong_arrows(package: Path) -> list[str]:
    """Imports that go up or to a room beside, and every import of the package in `samplers`."""
    wrong = []
    for source, targets in arrows(package).items():
        here = room(source)
        for target in sorted(targets):
            there = room(target)
            down = LEVELS.get(there, -1) > LEVELS.get(here, len(ORDER))
            if here != there and (here == "samplers" or not down):
                wrong.append(f"{source} -> {target}")
    return wrong


def circle(package: Path) -> list[str]:
    """The modules of one circle of imports, the first of them again at its end.

    The list is empty where there is no circle.
    """
    try:
        TopologicalSorter(arrows(package)).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def strays(package: Path) -> list[str]:
    """Modules of the root, and rooms, that the plan does not have."""
    files = {path.stem for path in package.glob("*.py")} - ROOT_MODULES
    rooms = {path.parent.name for path in package.glob("*/__init__.py")} - set(LEVELS)
    return sorted(files | rooms)


def lazy_names(package: Path) -> list[str]:
    """Public names taken from the package's root, which hide the room that they come from."""
    return [
        f"{name}: {what}"
        for name, path in modules(package).items()
        for origin, what in imported(path, name)
        if origin == package.name
        and f"{origin}.{what}" not in modules(package)
        and not (what == "" or what.startswith("__"))
    ]


def heavy_options(package: Path) -> list[str]:
    """Modules of `options` that import TensorFlow or Keras."""
    return [
        name
        for name, path in modules(package).items()
        if room(name) == "options"
        and any(origin.split(".")[0] in HEAVY for origin, _ in imported(path, name))
    ]


def long_files(repository: Path) -> list[str]:
    """Python files of more lines than one idea needs."""
    return [
        f"{path.relative_to(repository)}: {count} lines"
        for folder in FOLDERS
        for path in sorted((repository / folder).rglob("*.py"))
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    ]


# ------------------------------------------------------------------------------- the house


@pytest.mark.parametrize(
    "faults", [wrong_arrows, circle, strays, lazy_names, heavy_options], ids=lambda f: f.__name__
)
def test_the_package_is_built_as_planned(faults: Callable[[Path], list[str]]) -> None:
    assert faults(PACKAGE) == []


def test_every_room_of_the_plan_is_there() -> None:
    assert {room(name) for name in modules(PACKAGE)} == set(LEVELS)


def test_files_are_short() -> None:
    assert long_files(REPOSITORY) == []


# ------------------------------------------------------------------------------- made-up faults


def build(folder: Path, **texts: str) -> Path:
    """A package `house` that has all root modules, and these: `gan__model` is gan/model.py."""
    package = folder / "house"
    texts = dict.fromkeys(ROOT_MODULES, "") | texts
    for name, text in texts.items():
        is_root = name in ROOT_MODULES
        path = package / f"{name if is_root else name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not is_root:
            (path.parent / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")
    return package


@pytest.mark.parametrize(
    "text",
    [
        "import house.runs.folder",
        "import house.runs.folder as folder",
        "from house.runs.folder import RunFolder",
        "from house.runs import folder",
        "from house.runs import *",
        "from house import runs",
        "from ..runs import folder",
        "from ..runs.folder import RunFolder",
        "def read():\n    from house.runs.folder import RunFolder",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import house.runs.folder",
    ],
)
def test_an_arrow_that_goes_up_is_found(tmp_path: Path, text: str) -> None:
    package = build(tmp_path, runs__folder="RunFolder = 1", gan__model=text)
    assert len(wrong_arrows(package)) == 1
    assert wrong_arrows(package)[0].startswith("house.gan.model -> house.runs")


@pytest.mark.parametrize(
    ("here", "text", "found"),
    [
        ("export__run", "from house.gan.model import page", ["export.run -> house.gan.model"]),
        (
            "synthetic__run",
            "from house.report.page import page",
            ["synthetic.run -> house.report.page"],
        ),
        ("errors", "from house.runs import page", ["errors -> house.runs"]),
        ("gan__terms__prior", "from ...runs import page", ["gan.terms.prior -> house.runs"]),
        ("gan__model", "from house.attic.box import Box", ["gan.model -> house.attic.box"]),
        ("runs__train", "from house.gan import model\nfrom . import folder\nimport numpy", []),
        ("gan__model", "TERM = 'house.runs.folder:RunFolder'", []),
        ("__main__", "from house.commands import main", []),
        ("storage", "from house.errors import InputError", []),
    ],
)
def test_which_arrows_are_wrong(tmp_path: Path, here: str, text: str, found: list[str]) -> None:
    package = build(
        tmp_path,
        **(
            {"runs__folder": "", "report__page": "", "attic__box": "", "gan__model": ""}
            | {here: text}
        ),
    )
    assert wrong_arrows(package) == [f"house.{arrow}" for arrow in found]


@pytest.mark.parametrize("text", ["from house.errors import InputError", "import house"])
def test_samplers_that_import_the_package_are_found(tmp_path: Path, text: str) -> None:
    own = "from house.samplers.noise import draw"
    package = build(tmp_path, samplers__noise="def draw(): ...", samplers__sgld=f"{own}\n{text}")
    assert len(wrong_arrows(package)) == 1
    assert wrong_arrows(package)[0].startswith("house.samplers.sgld -> house")


def test_a_circle_of_two_modules_is_found(tmp_path: Path) -> None:
    package = build(
        tmp_path, gan__model="from house.gan.step import step", gan__step="from . import model"
    )
    found = circle(package)
    assert found[0] == found[-1]
    assert set(found) == {"house.gan.model", "house.gan.step"}


def test_a_circle_within_a_function_is_found(tmp_path: Path) -> None:
    package = build(
        tmp_path,
        gan__model="from house.gan.step import step",
        gan__step="def step():\n    from house.gan.model import Model",
    )
    assert len(circle(package)) == 3


def test_stray_modules_and_rooms_are_found(tmp_path: Path) -> None:
    package = build(tmp_path, attic__box="", gan__model="")
    (package / "helpers.py").touch()
    assert strays(package) == ["attic", "helpers"]


def test_a_public_name_taken_from_the_root_is_found(tmp_path: Path) -> None:
    text = "from house import __version__, errors, Posterior"
    package = build(tmp_path, gan__model=text)
    assert lazy_names(package) == ["house.gan.model: Posterior"]


@pytest.mark.parametrize("text", ["import tensorflow as tf", "from keras.ops import add"])
def test_options_that_load_tensorflow_are_found(tmp_path: Path, text: str) -> None:
    package = build(
        tmp_path,
        gan__model="import tensorflow",
        options__flags=f"def f():\n    {text}",
        options__presets="import kerastuner",
    )
    assert heavy_options(package) == ["house.options.flags"]


def test_long_files_are_found(tmp_path: Path) -> None:
    for folder, lines in (("tests", MOST_LINES + 1), ("benchmarks", MOST_LINES), ("docs", 1000)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file.py").write_text("pass\n" * lines, encoding="utf-8")
    assert long_files(tmp_path) == [f"{Path('tests/file.py')}: 401 lines"]
