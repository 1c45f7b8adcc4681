"""A part of `requirements.lock` with its hashes: what some packages need, and nothing else.

    python tools/lock.py                   # what this package needs to run, without the extras
    python tools/lock.py setuptools wheel  # those, and all that they need

The lock says below each package which others asked for it. Needs nothing but Python itself.
"""

import ast
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
# A package's pin with its marker and hashes, then who asked for it.
ENTRY = re.compile(
    r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==(?:.*\\\n)*.*\n((?: +#.*\n)*)", re.MULTILINE
)
ASKED_BY = re.compile(r"# (?:via)? *([a-z0-9][a-z0-9._-]*)")


def part(lock: str, names: list[str]) -> str:
    """The entries of some packages and of all that they need, in the lock's order.

    Args:
        lock: the text of the lock.
        names: packages of it.

    Raises:
        KeyError: a name is not in the lock.
    """
    found = part_names(lock, names)
    entries = [each for each in ENTRY.finditer(lock) if each[1] in found]
    return "".join(each[0].removesuffix(each[2]) for each in entries)


def part_names(lock: str, names: list[str]) -> set[str]:
    """Some packages and all that they need, by name; arguments and errors as `part`."""
    needs = needed_by(lock)
    found: set[str] = set()
    waiting = [normal(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs[name])
    return found


def needed_by(lock: str) -> dict[str, list[str]]:
    """For each package of a lock those that it asked for."""
    asked_by = {entry[1]: set[str]() for entry in ENTRY.finditer(lock)}
    for entry in ENTRY.finditer(lock):
        asked_by[entry[1]] |= set(ASKED_BY.findall(entry[2]))
    return {name: [n for n, askers in asked_by.items() if name in askers] for name in asked_by}


def declared(extra: str | None = None) -> list[str]:
    """The packages that `setup.py` asks for.

    Args:
        extra: of an extra, or None for what the package needs to run.
    """
    asked = _argument("extras_require")[extra] if extra else _argument("install_requires")
    return [normal(re.split(r"[\[<>=~! ]", each)[0]) for each in asked]


def extras() -> list[str]:
    """The extras of `setup.py`."""
    return list(_argument("extras_require"))


def _argument(name: str) -> Any:
    """The value of an argument of `setup` in `setup.py`."""
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg == name]
    return ast.literal_eval(found[0].value)


def normal(name: str) -> str:
    """A package's name as indices write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    print(f"# A part of requirements.lock: python tools/lock.py {' '.join(sys.argv[1:])}".rstrip())
    print(part(LOCK.read_text(encoding="utf-8"), sys.argv[1:] or declared()), end="")
