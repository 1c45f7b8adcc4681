"""Words of strangers, made harmless in Markdown and in YAML: names of classes, files and data."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

# What marks, links, mentions and mathematics are made of, wherever it stands in a line.
_SIGNS = re.compile(r"([\\`*_\[\]|~$@])")
# What makes a heading, a list or a line across where a line begins with it.
_BEGINNING = re.compile(r"^(\s*\d*)([#=+.)-])(?=[\s#=+-]|$)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def visible(text: str) -> str:
    r"""Text in which what does not print, and the ends of lines, stand as `\n`, `\u202e` and the like.

    So are marks that turn the direction of what follows them, and what is no character at all.
    """
    return "".join(c if c.isprintable() else _code(c) for c in text)


def words(text: str) -> str:
    """Text within a line or a cell of Markdown that shows its characters and nothing else."""
    shown = _SIGNS.sub(r"\\\1", visible(text))
    shown = re.sub("[&<>]", lambda found: _ENTITIES[found[0]], shown)
    shown = re.sub(r"(?i)\bwww\.", lambda found: f"{found[0][:-1]}\\.", shown)
    return _BEGINNING.sub(r"\1\\\2", shown.replace("://", ":\\//"))


def fenced(text: str) -> str:
    """A block of Markdown with text as it was typed."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{visible(text)}\n{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown; cells are escaped here."""
    lines = [header, *rows]
    first, *others = ["| " + " | ".join(words(cell) for cell in row) + " |" for row in lines]
    return "\n".join([first, "|" + " --- |" * len(header), *others])


def yaml(value: Any, indent: int = 0) -> str:
    """A value of dictionaries, lists, strings, numbers and None as YAML 1.1 and 1.2 read it.

    Keys are those of this program. Strings are JSON's, which YAML has in double quotes, but for
    what does not print and for characters beyond 16 bits, whose escapes are YAML's.
    """
    pad = " " * indent
    if isinstance(value, dict):
        return "\n".join(pad + _entry(key, each, indent) for key, each in value.items())
    if isinstance(value, list):
        return "\n".join(pad + _item(each, indent) for each in value)
    return pad + scalar(value)


def scalar(value: str | float | bool | None) -> str:
    """A string, a number, a truth value or nothing, in YAML."""
    if not isinstance(value, str):
        return json.dumps(value, allow_nan=False)
    inner = json.dumps(value, ensure_ascii=False)[1:-1]
    return '"' + "".join(c if c.isprintable() else _code(_storable(c)) for c in inner) + '"'


def _entry(key: str, value: Any, indent: int) -> str:
    if isinstance(value, (dict, list)):
        return f"{key}:\n{yaml(value, indent + 2)}"
    return f"{key}: {scalar(value)}"


def _item(value: Any, indent: int) -> str:
    return "- " + yaml(value, indent + 2).lstrip(" ")


def _code(character: str) -> str:
    if character in "\n\r\t":
        return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}[character]
    point = ord(character)
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _storable(character: str) -> str:
    """Half of a pair of UTF-16, as file names that are no UTF-8 have them, is no character of YAML."""
    return "\ufffd" if 0xD800 <= ord(character) < 0xE000 else character
