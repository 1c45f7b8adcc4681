"""Small changes of a program, each of which its tests should notice: what `tools/mutants.py` tries.

A mutant is one expression or statement of a module in another form. Strings, docstrings, annotations,
decorators and what an error or a warning says stay as they are. So does `strict` of `zip`: that lengths
differ is a mistake in this package that no input brings about.
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
# Names of functions and methods, and what stands in their place.
CALLED = {
    **{"min": "max", "any": "all", "minimum": "maximum", "reduce_min": "reduce_max"},
    **{"argmin": "argmax", "floor": "ceil", "reduce_any": "reduce_all", "cumsum": "cumprod"},
    **{"zeros": "ones", "zeros_like": "ones_like", "reduce_mean": "reduce_sum", "mean": "sum"},
}
CALLED |= {new: old for old, new in CALLED.items()}
# What only speaks: the words of an error, a warning, a log, a line on the screen.
SPEAKING = {
    "print",
    "warn",
    "warning",
    "info",
    "debug",
    "error",
    "log",
    "echo",
    "say",
    "note",
    "tell",
}


@dataclass(frozen=True)
class Mutant:
    """One change of a module."""

    file: str  # From the root of the tree.
    inside: str  # The class and function, or "" at the module's top.
    before: str
    after: str
    nth: int  # Among the same changes inside the same function, from 0.
    line: int
    start: int  # Bytes of the module that `after` replaces.
    end: int

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names the mutant, whatever is written elsewhere in the module."""
        return self.file, self.inside, self.before, self.after, self.nth

    @property
    def words(self) -> str:
        """A line for a reader."""
        return f"{self.file}:{self.line} {self.inside}: {self.before} -> {self.after}"

    def rank(self, seed: int) -> str:
        """A number in [0, 16^64), as text: the order in which a seed draws the mutants.

        It depends on nothing but the key, so that a change elsewhere draws the same mutants.
        """
        return hashlib.sha256(repr((seed, *self.key)).encode()).hexdigest()

    def applied(self, source: bytes) -> bytes:
        """The module, changed.

        Args:
            source: the module's bytes, from which the mutant was made.
        """
        return source[: self.start] + self.after.encode() + source[self.end :]


def mutants_of(source: bytes, file: str) -> list[Mutant]:
    """All mutants of a module, in the order of its lines.

    Args:
        source: its bytes, UTF-8.
        file: its path, for the mutants' names.

    Raises:
        SyntaxError: it is no Python.
    """
    lines = [0]
    for line in source.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    found = []
    for inside, node, after in _changes(ast.parse(source)):
        start = lines[node.lineno - 1] + node.col_offset
        end = lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        found.append(Mutant(file, inside, ast.unparse(node), after, 0, node.lineno, start, end))
    found.sort(key=lambda mutant: (mutant.start, mutant.end))
    seen = Counter[tuple]()
    for k, mutant in enumerate(found):
        found[k] = replace(mutant, nth=seen[mutant.key])
        seen[mutant.key] += 1
    return found


def drawn(root: Path, rooms: tuple[str, ...], seed: int) -> list[Mutant]:
    """All mutants of some rooms of the package, in the order that a seed draws them."""
    files = [file for room in rooms for file in (root / "bayesian_gan" / room).rglob("*.py")]
    every = [m for f in files for m in mutants_of(f.read_bytes(), f.relative_to(root).as_posix())]
    return sorted(every, key=lambda mutant: mutant.rank(seed))


def _changes(tree: ast.Module) -> Iterator[tuple[str, ast.expr | ast.stmt, str]]:
    """Where (class and function), what, and the source that replaces it."""
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        inside, node = waiting.pop()
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            inside = f"{inside}.{node.name}".lstrip(".")
        if isinstance(node, ast.stmt):
            yield from ((inside, node, after) for after in _statements(node))
        if isinstance(node, ast.expr):
            # Brackets: it may stand anywhere in a longer expression, over several lines.
            yield from ((inside, node, f"({after})") for after in _expressions(node))
        waiting.extend((inside, part) for part in _parts(node))


def _parts(node: ast.AST) -> list[ast.AST]:
    """The parts of a node that may be changed."""
    match node:
        case ast.JoinedStr() | ast.Raise() | ast.Assert() | ast.Import() | ast.ImportFrom():
            return []
        case ast.FunctionDef():
            return [*node.args.defaults, *(d for d in node.args.kw_defaults if d), *node.body]
        case ast.ClassDef():
            return [*node.body]
        case ast.AnnAssign():
            return [node.value] if node.value else []
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return []
        case ast.Call(func=func) if _name(func) in SPEAKING or _name(func).endswith("Error"):
            return []
        case ast.Call(func=func):
            named = [k.value for k in node.keywords if (_name(func), k.arg) != ("zip", "strict")]
            return [func, *node.args, *named]
        case ast.Subscript(slice=ast.Constant()):
            return [node.value, node.slice]
    return list(ast.iter_child_nodes(node))


def _name(func: ast.expr) -> str:
    """The last part of a function's name."""
    return getattr(func, "attr", getattr(func, "id", ""))


def _statements(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Expr(value=ast.Call(func=func)) if _name(func) not in SPEAKING:
            yield "pass"
        case ast.Raise():
            yield "pass"
        case ast.Return(value=value) if value and ast.unparse(value) != "None":
            yield "return None"
        case ast.Continue():
            yield "break"
        case ast.Break():
            yield "continue"
        case ast.AugAssign(op=op) if type(op) in COMPUTED:
            new = ast.AugAssign(node.target, COMPUTED[type(op)](), node.value)
            yield ast.unparse(new)


def _expressions(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Compare(ops=[op]):
            for other in COMPARED[type(op)]:
                yield ast.unparse(ast.Compare(node.left, [other()], node.comparators))
        case ast.Compare(ops=[*ops]):
            for k, op in enumerate(ops):
                new = [*ops[:k], COMPARED[type(op)][0](), *ops[k + 1 :]]
                yield ast.unparse(ast.Compare(node.left, new, node.comparators))
        case ast.BinOp(op=op) if type(op) in COMPUTED:
            yield ast.unparse(ast.BinOp(node.left, COMPUTED[type(op)](), node.right))
        case ast.BoolOp(op=op):
            other_op = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield ast.unparse(ast.BoolOp(other_op, node.values))
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield ast.unparse(operand)
        case ast.IfExp():
            yield ast.unparse(ast.IfExp(node.test, node.orelse, node.body))
        case ast.Constant(value=bool() as value):
            yield repr(not value)
        case ast.Constant(value=int() as value):
            yield repr(value + 1)
        case ast.Constant(value=float() as value):
            yield repr(2 * value or 1.0)
        case ast.Call(func=ast.Name(id=name)) if name in CALLED:
            yield ast.unparse(ast.Call(ast.Name(CALLED[name]), node.args, node.keywords))
        case ast.Call(func=ast.Attribute(value=owner, attr=name)) if name in CALLED:
            func = ast.Attribute(owner, CALLED[name])
            yield ast.unparse(ast.Call(func, node.args, node.keywords))
