"""Which tests of a room are the likeliest to notice a change of one of its modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

NOWHERE = 99  # Further than any import leads.
BATCHES = (10, 40)  # Sizes of the first ones: most mutants do not live longer.


class Imports:
    """What the modules of a tree and its tests import."""

    def __init__(self, root: Path) -> None:
        """Reads all modules of the package.

        Args:
            root: of the tree.
        """
        self.root = root
        self.of: dict[str, set[str]] = {}
        self.defined: dict[str, set[str]] = {}
        for path in sorted((root / "bayesian_gan").rglob("*.py")):
            tree = ast.parse(path.read_bytes())
            name = module_of(path.relative_to(root).as_posix())
            self.of[name] = _imported(tree)
            classes = (n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef))
            self.defined[name] = {node.name for node in classes}

    def tests_of(self, file: str) -> Iterator[list[str]]:
        """The test files of a module's room: those that import or name it, then the others, nearest first.

        Args:
            file: the module's path from the root.
        """
        module, away = module_of(file), self._distances(module_of(file))
        room = Path(file).parts[1]
        parts = module.split(".")
        # A package may hand on what the module defines.
        owners = [".".join(parts[:k]) for k in range(1, len(parts) + 1)]
        handed = {f"{owner}.{name}" for owner in owners for name in self.defined[module]}
        ranked: list[tuple[int, int, str]] = []
        for path in sorted((self.root / "tests" / room).rglob("test_*.py")):
            text = path.read_text(encoding="utf-8")
            imports = _imported(ast.parse(text))
            if path.stem == f"test_{Path(file).stem}":
                rank = 0
            elif module in text or handed & imports:
                rank = 1
            else:
                rank = 2 + min((away[name] for name in imports if name in away), default=NOWHERE)
            ranked.append((rank, len(text), str(path)))
        for near in (True, False):
            if files := [path for rank, _, path in sorted(ranked) if (rank < 2) == near]:
                yield files

    def nearest_first(self, file: str, tests: list[str]) -> Iterator[list[str]]:
        """Tests of a module's room, in batches: those of files that import or name it, then the others.

        Args:
            file: the module's path from the root.
            tests: pytest's names of them, in the order that they shall keep.
        """
        rank = {path: k for k, files in enumerate(self.tests_of(file)) for path in files}
        ranks = [rank.get(test.partition("::")[0], NOWHERE) for test in tests]
        for k in sorted(set(ranks)):
            ordered = [test for test, of in zip(tests, ranks, strict=True) if of == k]
            for size in (*BATCHES, len(ordered)):
                if ordered:
                    yield ordered[:size]
                ordered = ordered[size:]

    def _distances(self, module: str) -> dict[str, int]:
        """How many imports lead from each module to this one, for those from which any do."""
        away, edge = {module: 0}, [module]
        while edge:
            users = {user for user, imports in self.of.items() if imports & set(edge)} - set(away)
            away |= dict.fromkeys(users, away[edge[0]] + 1)
            edge = sorted(users)
        return away


def module_of(file: str) -> str:
    """The dotted name of a module's path."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(tree: ast.Module) -> set[str]:
    """The dotted names of what a program imports: modules, and names in them."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found
