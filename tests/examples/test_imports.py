"""Examples import the package before Keras and TensorFlow: it chooses the backend and sets both up."""

import ast
from pathlib import Path

import nbformat
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LATER = ("keras", "tensorflow", "tensorflow_probability")


def _imported(source: str) -> list[str]:
    """Top-level packages of the module's own statements, in their order."""
    found: list[str] = []
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import):
            found += [alias.name.split(".")[0] for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            found.append(statement.module.split(".")[0])
    return found


def _source(path: Path) -> str:
    if path.suffix == ".py":
        return path.read_text(encoding="utf-8")
    cells = nbformat.read(path, as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    return "\n".join(
        line for line in "\n".join(code).split("\n") if not line.startswith(("%", "!"))
    )


@pytest.mark.parametrize("name", ["mixing.py", *(f"{n}.ipynb" for n in ("own_data", "own_term"))])
def test_the_package_is_imported_first(name: str) -> None:
    found = _imported(_source(EXAMPLES / name))
    assert set(LATER) & set(found)
    assert found.index("bayesian_gan") < min(found.index(each) for each in LATER if each in found)
