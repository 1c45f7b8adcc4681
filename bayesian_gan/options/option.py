"""What one option is, declared once: a field of a dataclass, which all else about the option follows from.

A class of options is a frozen dataclass that inherits from `Group`, or from several such. Name, type and
choices of an option are the field's name and annotation, the string below it is what the option is, in whole
sentences, and `option` says the rest. The flags, the refusals, the
help, the page of the documentation, `config.json`, and what may differ when a run resumes are read from there.
"""

import ast
import inspect
import math
import textwrap
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

from bayesian_gan.errors import InputError

_KEY = "option"


@dataclass(frozen=True)
class Need:
    """What an option needs of others where its value is not the default.

    Attributes:
        met: whether a configuration has it.
        what: it, its reason and what to do about it, in words that follow "--NAME needs"; `{name}` is NAME.
    """

    met: Callable[[Any], bool]
    what: str


@dataclass(frozen=True)
class Option:
    """The declaration of an option.

    Attributes:
        default: its value where nothing gives another.
        text: what it is, in whole sentences, without its range and its default.
        low: least value.
        high: greatest value.
        above: what a value must be greater than.
        below: what a value must be less than; goes with `low`.
        choices: the values that a user can give, where they are not those of the annotation.
        unit: of a number, in the plural.
        noun: what a refusal calls a value that lies in an interval.
        alias: another name on the command line.
        needs: of the other options.
        may_differ: where the value may differ from that of the run that is gone on with: "resume", or "branch",
            at the end of the warm-up.
        kind: what data it is for, where it is for one kind alone.
        term: of the energies, which the option weighs, as "module:class".
        at_parse: whether the parser refuses what lies out of `low`, `high` and `above`, in words of its own, or
            the class does, which says more.
        why: the least value's reason, which ends the refusal.
        since: the version that brought it, if runs of older ones can go on: they have its default, which is
            what those versions did.
    """

    default: Any
    text: str = ""
    low: float | None = None
    high: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    noun: str = "value"
    alias: str | None = None
    needs: tuple[Need, ...] = ()
    may_differ: tuple[Literal["resume", "branch"], ...] = ()
    kind: Literal["", "pictures", "vectors"] = ""
    term: str | None = None
    at_parse: bool = True
    why: str = ""
    since: str = ""

    def holds(self, value: Any) -> bool:
        """Whether a value lies in the range; NaN lies in none that has a bound."""
        return (
            (self.low is None or value >= self.low)
            and (self.high is None or value <= self.high)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    @property
    def interval(self) -> str:
        """Such as "[0, 1)"; empty without a bound on both sides."""
        if self.high is None and self.below is None:
            return ""
        last = f"{self.below:g})" if self.high is None else f"{self.high:g}]"
        return f"[{self.low:g}, {last}"

    @property
    def range(self) -> str:
        """Such as "at least 1", "more than 0" or "in [0, 1)"; empty without a bound."""
        if self.interval:
            return f"in {self.interval}"
        if self.above is not None:
            return f"more than {self.above:g}"
        return "" if self.low is None else f"at least {self.low:g}"

    @property
    def must(self) -> str:
        """What a value must do, with the reason: "be at least 1", "be greater than 0" or "lie in [0, 1)"."""
        if self.interval:
            return f"lie {self.range}"
        words = self.range if self.above is None else f"greater than {self.above:g}"
        return " ".join(filter(None, ("be", words, self.why)))


def option(default: Any, **declaration: Any) -> Any:
    """The field of an option in the body of a class; the arguments are the attributes of `Option`.

    Its text is the string that stands below it, or `text` where that is computed.
    """
    return field(default=default, metadata={_KEY: Option(default, **declaration)})


def adapted(group: type, name: str, **changes: Any) -> Any:
    """The field of an option of another class, with other attributes: the same in another program.

    What it has to do with other options and with runs that go on is that program's, and left out.
    """
    own = {"needs": (), "may_differ": (), "term": None} | changes
    declared = replace(options_of(group)[name].option, **own)
    return field(default=declared.default, metadata={_KEY: declared})


class Group:
    """Options that the help shows together.

    Attributes:
        title: of the group. Classes of one title are one group.
    """

    title: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Gives each option of the class the text that stands below it."""
        for name, text in _texts(cls).items():
            each = vars(cls)[name]
            each.metadata = {_KEY: replace(each.metadata[_KEY], text=text)}


def _texts(group: type) -> dict[str, str]:
    """The string below each option in the source of a class, where tools of documentation read it too.

    Raises:
        RuntimeError: the source is not there, as in an installation without its .py files.
    """
    try:
        source = inspect.getsource(group)
    except (OSError, TypeError) as error:
        raise RuntimeError(
            f"{group.__module__}.{group.__qualname__}: the source, which says what its options are, cannot "
            f"be read ({error}); install the package with its .py files"
        ) from error
    (body,) = ast.parse(textwrap.dedent(source)).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for declared, below in pairwise(body.body):
        if isinstance(declared, ast.AnnAssign) and isinstance(below, ast.Expr):
            text = ast.literal_eval(below.value)
            found[ast.unparse(declared.target)] = " ".join(text.split())
    return found


@dataclass(frozen=True)
class Declared:
    """An option with what its field says.

    Attributes:
        name: of the option.
        group: title of its group.
        kind: bool, int, float, str, or tuple for a list of strings.
        choices: values that a user can give, of a number the words in its place; empty if any, or none.
        option: the rest.
        may_lack: whether None is a value: that nothing is given.
    """

    name: str
    group: str
    kind: type
    choices: tuple[str, ...]
    option: Option
    may_lack: bool = False

    @property
    def values(self) -> str:
        """What a user can give: "integer, at least 1", "number in [0, 1)", "paper or authors", "text"."""
        if self.kind is bool:
            return "on or off"
        words = " or ".join(filter(None, (", ".join(self.choices[:-1]), *self.choices[-1:])))
        if self.choices and not self.is_number:
            return words
        kinds = {int: "integer", float: "number", tuple: "list", str: "text"}
        joint = " " if self.option.interval else ", "
        known = joint.join(filter(None, (self.option.unit or kinds[self.kind], self.option.range)))
        return ", or ".join(filter(None, (known, words)))

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers, but for words that stand in their place."""
        return self.kind in (int, float)

    def holds(self, value: Any) -> bool:
        """Whether a value lies in the range, or is a word that stands in the place of a number."""
        if self.is_number and isinstance(value, str):
            return value in self.choices
        return self.option.holds(value)

    def takes(self, value: Any) -> bool:
        """Whether a value is of the type, as `config.json` holds it, whatever its range."""
        if value is None:
            return self.may_lack
        if self.is_number and isinstance(value, str):
            return value in self.choices
        if self.kind is tuple:
            return isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value)
        if isinstance(value, bool):
            return self.kind is bool
        # By NumPy's numbers, too: a program may have counted with it.
        kinds = {int: Integral, float: Real}
        return isinstance(value, kinds.get(self.kind, self.kind))

    def shown(self, value: Any) -> str:
        """A value as a user would give it; empty if it is None: that nothing is given."""
        if value is None:
            return ""
        if self.kind is bool:
            return "on" if value else "off"
        return ",".join(value) if self.kind is tuple else str(value)


def options_of(group: type) -> Mapping[str, Declared]:
    """The options of a class by name: group by group as its bases are, in order of declaration."""
    found: list[Declared] = []
    for owner in group.__mro__:
        own = inspect.get_annotations(owner)
        for each in fields(owner) if is_dataclass(owner) else ():
            if each.name in own and _KEY in each.metadata:
                declared = each.metadata[_KEY]
                kind, choices = _kind(each.type)
                title = owner.title  # type: ignore[attr-defined]
                choices = declared.choices or choices
                may_lack = types.NoneType in get_args(each.type)
                found.append(Declared(each.name, title, kind, choices, declared, may_lack))
    titles = list(dict.fromkeys(each.group for each in found))
    return {each.name: each for each in sorted(found, key=lambda each: titles.index(each.group))}


def _kind(annotation: Any) -> tuple[type, tuple[str, ...]]:
    """The type of a value that is given, and its choices."""
    given = get_args(annotation) if _is_union(annotation) else (annotation,)
    kinds = [a for a in given if a is not types.NoneType and get_origin(a) is not Literal]
    choices = tuple(word for a in given if get_origin(a) is Literal for word in get_args(a))
    if not kinds:
        return str, choices
    (kind,) = kinds
    return get_origin(kind) or kind, choices


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def check_types(config: Any) -> None:
    """Refuses values of other types than the options', as a file may hold them.

    Raises:
        InputError: the first such value, in order of the groups.
    """
    for name, declared in options_of(type(config)).items():
        value = getattr(config, name)
        if not declared.takes(value):
            raise InputError(f"--{name} must be {declared.values}, not {repr(value)[:50]}")


def check_ranges(config: Any) -> None:
    """Refuses values that are not finite or out of their range.

    Raises:
        InputError: the first such value, in order of the groups.
    """
    for name, declared in options_of(type(config)).items():
        value = getattr(config, name)
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"--{name} must be a finite number, not {value}")
        if value is not None and not declared.holds(value):
            words = [f" or {word}" for word in declared.choices if declared.is_number]
            raise InputError(f"--{name} must {declared.option.must}{''.join(words)}, not {value}")


def check_needs(config: Any) -> None:
    """Refuses options that lack what they need of others.

    Raises:
        InputError: the first such option, in order of the groups.
    """
    for name, declared in options_of(type(config)).items():
        if getattr(config, name) == declared.option.default:
            continue
        for need in declared.option.needs:
            if not need.met(config):
                raise InputError(f"--{name} needs {need.what.format(name=name)}")


def to_json(config: Any) -> dict[str, Any]:
    """All values by name, in order of the groups."""
    return {name: getattr(config, name) for name in options_of(type(config))}
