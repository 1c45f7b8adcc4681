"""What `--help` prints of a class of options: one screen to start with, one group, or all.

`--help` shows the first group and names the others, `--help GROUP` shows a group, `--helpfull` all of them.
"""

import textwrap
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from bayesian_gan.errors import InputError
from bayesian_gan.options.option import Declared, options_of

WIDTH = 100
_NAMES = 25
_SHORT = ("--help", "-help", "--helpshort", "-helpshort", "-h")
_FULL = ("--helpfull", "-helpfull")


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
        InputError: there is no such group.
    """
    titles = _titles(group)
    usage = f"usage: {program} --out_dir DIR [flags]"
    if any(argument in _FULL for argument in arguments):
        return "\n\n".join([usage, *(_group(group, title, defaults) for title in titles)])
    for argument, following in pairwise([*arguments, ""]):
        name, _, title = argument.partition("=")
        if name in _SHORT:
            title = title or ("" if following.startswith("-") else following)
            if title:
                return _group(group, _find(title, titles), defaults)
            return "\n".join([usage, "", _group(group, titles[0], defaults), "", *_others(titles)])
    return None


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
    advice = "--help GROUP shows one of them (its first word will do), --helpfull all, docs/options.md too"
    return [*textwrap.wrap(names, WIDTH), advice]


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
