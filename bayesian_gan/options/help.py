"""What `--help` prints of a class of options: one screen to start with, one group, or all.

`--help` shows the first group and names the others, `--help GROUP` shows a group, `--helpfull` all of them.
"""

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from bayesian_gan.errors import InputError
from bayesian_gan.options.option import Declared, options_of

WIDTH = 100
_NAMES = 25
_HELP = re.compile(r"--?(help|helpshort|h|\?|helpfull|helpxml)(?:=(.*))?", re.DOTALL)
# What absl takes for a flag that is on or off.
_ON = ("true", "t", "1")
_OFF = ("false", "f", "0")


def requested_help(
    arguments: Sequence[str], program: str, group: type, **defaults: Any
) -> str | None:
    """The help that a command line asks for.

    Args:
        arguments: of the command line, without the program.
        program: its name.
        group: the class of its options.
        **defaults: by name, where the program has others than the class.

    Returns:
        The text, without a newline at its end; None if no help is asked for.

    Raises:
        InputError: there is no such group, or the help is to be XML.
    """
    asked = list(_asked(arguments))
    if not asked:
        return None
    names = [name for name, _ in asked]
    if "helpxml" in names:
        raise InputError("--helpxml: there is no help in XML; give --help or --helpfull")
    titles = _titles(group)
    usage = f"usage: {program} [flags]"
    if "helpfull" in names:
        return "\n\n".join([usage, *(_group(group, title, defaults) for title in titles)])
    _, title = asked[0]
    if title:
        return _group(group, _find(title, titles), defaults)
    return "\n".join([usage, "", _group(group, titles[0], defaults), "", *_others(titles)])


def _asked(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every flag that asks for help, without its dashes, and the group it names, or ""."""
    for argument, following in pairwise([*arguments, ""]):
        match = _HELP.fullmatch(argument)
        if match is None:
            continue
        name, value = match.groups()
        if value is None:
            yield name, "" if following.startswith("-") else following
        elif value.lower() not in _OFF:
            yield name, "" if value.lower() in _ON else value


def _titles(group: type) -> list[str]:
    return list(dict.fromkeys(declared.group for declared in options_of(group).values()))


def _find(title: str, titles: Sequence[str]) -> str:
    for known in titles:
        if title.lower() in (known, known.split()[0]):
            return known
    words = ", ".join(known.split()[0] for known in titles)
    raise InputError(f"--help {title}: no such group of flags; give one of {words}")


def _others(titles: Sequence[str]) -> list[str]:
    names = f"other groups: {', '.join(titles[1:])}"
    advice = (
        "--help GROUP shows one (its first word will do), --helpfull all; docs/reference/options.md"
    )
    return [*textwrap.wrap(names, WIDTH), *textwrap.wrap(advice, WIDTH)]


def _group(group: type, title: str, defaults: dict[str, Any]) -> str:
    shown = [declared for declared in options_of(group).values() if declared.group == title]
    return "\n".join([f"{title}:", *(_option(declared, defaults) for declared in shown)])


def _option(declared: Declared, defaults: dict[str, Any]) -> str:
    """A hanging paragraph: the name on the left, what it is and what it can be on the right."""
    rule = declared.option
    left = f"  --{'[no]' if declared.kind is bool else ''}{declared.name}"
    default = declared.shown(defaults.get(declared.name, rule.default))
    free = declared.kind is bool or (declared.kind is str and not declared.choices)
    notes = (
        "" if free else declared.values,
        f"default {default}" if default else "",
        f"also --{rule.alias}" if rule.alias else "",
    )
    bracket = "; ".join(filter(None, notes))
    text = f"{rule.text} [{bracket}]" if bracket else rule.text
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=f"{left:{_NAMES - 1}} ",
        subsequent_indent=" " * _NAMES,
        break_on_hyphens=False,
        break_long_words=False,
    )
