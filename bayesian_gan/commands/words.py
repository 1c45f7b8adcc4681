"""The words that a command line may have, read from what declares them: commands, options, choices."""

import argparse
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bayesian_gan.commands import COMMANDS
from bayesian_gan.options.option import Declared, options_of


@dataclass(frozen=True)
class Flag:
    """An option of a command.

    Attributes:
        name: with its dashes.
        text: what it is.
        takes: whether a value follows.
        choices: of the value; empty where it may be anything, a path for example.
    """

    name: str
    text: str
    takes: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Command:
    """A command, or a command below one.

    Attributes:
        path: its words, such as ("data", "list").
        text: what it does.
        flags: its options.
        choices: of its first argument; empty where that may be anything.
        below: the commands below it, one of which is its first argument.
    """

    path: tuple[str, ...]
    text: str
    flags: tuple[Flag, ...]
    choices: tuple[str, ...] = ()
    below: tuple["Command", ...] = ()


def declared_commands() -> list[Command]:
    """All commands; imports their modules, and with them no TensorFlow."""
    found = []
    for name, text in COMMANDS.items():
        module = importlib.import_module(f"bayesian_gan.commands.{name}")
        if hasattr(module, "start"):
            found.append(Command((name,), text, _flags_of_options(module.OPTIONS)))
            continue
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
        found.append(_of_parser((name,), text, parser))
    return found


def with_those_below(commands: Sequence[Command]) -> Iterator[Command]:
    """All commands, each before those below it."""
    for command in commands:
        yield command
        yield from with_those_below(command.below)


def _flags_of_options(group: type) -> tuple[Flag, ...]:
    """The flags of a program whose options absl reads; two of its own are beside them."""
    found = [flag for each in options_of(group).values() for flag in _of_option(each)]
    found.append(Flag("--flagfile", "A file with flags, one a line."))
    return (*found, Flag("--help", "Help.", False), Flag("--helpfull", "All help.", False))


def _of_option(declared: Declared) -> Iterator[Flag]:
    text = declared.option.text
    if declared.kind is bool:
        yield Flag(f"--{declared.name}", text, False)
        yield Flag(f"--no{declared.name}", text, False)
        return
    for name in filter(None, (declared.name, declared.option.alias)):
        yield Flag(f"--{name}", text, True, declared.choices)


def _of_parser(path: tuple[str, ...], text: str, parser: argparse.ArgumentParser) -> Command:
    flags, first, below = list[Flag](), None, list[Command]()
    # argparse has no other way to say what a parser takes.
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            texts = {each.dest: each.help or "" for each in action._choices_actions}
            for name, under in action.choices.items():
                below.append(_of_parser((*path, name), texts.get(name, ""), under))
            continue
        choices = tuple(map(str, action.choices or ()))
        if not action.option_strings:
            first = choices if first is None else first
            continue
        said = parser._get_formatter()._expand_help(action) if action.help else ""
        flags += [
            Flag(name, said, action.nargs != 0, choices)
            for name in action.option_strings
            if name.startswith("--")
        ]
    return Command(path, text, tuple(flags), first or (), tuple(below))
