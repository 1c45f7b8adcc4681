"""Scripts that complete the command line of `bayesian-gan` in bash, zsh and fish."""

import re
import shlex
import textwrap
from collections.abc import Callable, Sequence

from bayesian_gan.commands.words import Command, Flag, with_those_below

PROGRAM = "bayesian-gan"
MADE = f"# Made by `{PROGRAM} completion`: make it again with another version of the package."
WIDTH = 70  # Of what is said of an option.

BASH = """\
{made}
_bayesian_gan() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} asked=${{COMP_WORDS[1]}}
    local flags= first= values=
    # --name=value is three words here.
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = ]]; then
        before=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W {commands} -- "$word"))
        return
    fi
    case "$asked ${{COMP_WORDS[2]}}" in
        {below}) ((COMP_CWORD > 2)) && asked="$asked ${{COMP_WORDS[2]}}" ;;
    esac
    case "$asked $before" in
{values}
    esac
    case $asked in
{flags}
    esac
    if [[ -n $values ]]; then
        COMPREPLY=($(compgen -W "$values" -- "$word"))
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$word"))
    elif [[ -n $first ]]; then
        COMPREPLY=($(compgen -W "$first" -- "$word"))
    fi
}}
# Where nothing is completed, files are.
complete -o default -F _bayesian_gan {program}
"""


def bash(commands: Sequence[Command]) -> str:
    """The script for bash, 4 or newer; it needs no bash-completion."""
    values, flags, below = [], [], []
    for command in with_those_below(commands):
        asked = " ".join(command.path)
        if len(command.path) > 1:
            below.append(f'"{asked}"')
        for flag in command.flags:
            if flag.takes:
                # A value of any kind: a path is completed.
                do = f"values={shlex.quote(' '.join(flag.choices))}" if flag.choices else "return"
                values.append(f'        "{asked} {flag.name}") {do} ;;')
        names = " ".join(flag.name for flag in command.flags)
        first = shlex.quote(" ".join(_first(command)))
        flags.append(f'        "{asked}") flags={shlex.quote(names)} first={first} ;;')
    return BASH.format(
        made=MADE,
        commands=shlex.quote(" ".join(command.path[0] for command in commands)),
        below=" | ".join(below),
        values="\n".join(values),
        flags="\n".join(flags),
        program=PROGRAM,
    )


ZSH = """\
#compdef {program}
{made}
_bayesian-gan() {{
    local -a commands=(
{commands}
    )
    if ((CURRENT == 2)); then
        _describe command commands
        return
    fi
    shift words
    ((CURRENT--))
    case $words[1] in
{cases}
    esac
}}
if [[ $funcstack[1] == _bayesian-gan ]]; then
    _bayesian-gan "$@"
else
    compdef _bayesian-gan {program}
fi
"""


def zsh(commands: Sequence[Command]) -> str:
    """The script for zsh: a file `_bayesian-gan` of `$fpath`, or to be sourced after `compinit`."""
    listed = [f"        {shlex.quote(f'{c.path[0]}:{c.text}')}" for c in commands]
    cases = [_zsh_case(command, 2) for command in commands]
    return ZSH.format(
        program=PROGRAM, made=MADE, commands="\n".join(listed), cases="\n".join(cases)
    )


def _zsh_case(command: Command, depth: int) -> str:
    """What completes the words after those of a command, as a branch of a `case`."""
    pad = "    " * depth
    lines = [f"{pad}{command.path[-1]})"]
    if command.below:
        names = " ".join(each.path[-1] for each in command.below)
        under = [_zsh_case(each, depth + 2) for each in command.below]
        lines += [
            f"{pad}    if ((CURRENT == 2)); then",
            f"{pad}        compadd {names}",
            f"{pad}        return",
            f"{pad}    fi",
            f"{pad}    shift words",
            f"{pad}    ((CURRENT--))",
            f"{pad}    case $words[1] in",
            *under,
            f"{pad}    esac",
        ]
    else:
        rest = f"1:word:({' '.join(command.choices)})" if command.choices else "*:file:_files"
        specs = [*map(_zsh_flag, command.flags), rest]
        lines += [
            f"{pad}    _arguments \\",
            " \\\n".join(f"{pad}        {shlex.quote(spec)}" for spec in specs),
        ]
    return "\n".join([*lines, f"{pad}    ;;"])


def _zsh_flag(flag: Flag) -> str:
    said = re.sub(r"([\\\]])", r"\\\1", _short(flag.text))
    if not flag.takes:
        return f"{flag.name}[{said}]"
    value = f"({' '.join(flag.choices)})" if flag.choices else "_files"
    return f"{flag.name}=[{said}]:value:{value}"


FISH = """\
{made}
function __bayesian_gan_words
    commandline --tokenize --cut-at-cursor --current-process
end
function __bayesian_gan_asked
    set -l words (__bayesian_gan_words)
    test "$words[2..]" = "$argv"; or string match --quiet -- "$argv *" "$words[2..]"
end
{lines}
"""


def fish(commands: Sequence[Command]) -> str:
    """The script for fish."""
    lines = [_fish_word("", c.path[0], c.text) for c in commands]
    for command in with_those_below(commands):
        asked = " ".join(command.path)
        lines += [_fish_word(asked, c.path[-1], c.text) for c in command.below]
        lines += [_fish_word(asked, choice, "") for choice in command.choices]
        lines += [_fish_flag(asked, flag) for flag in command.flags]
    return FISH.format(made=MADE, lines="\n".join(lines))


def _fish_word(asked: str, word: str, text: str) -> str:
    """A word that may stand first after those that are there."""
    condition = f"test (count (__bayesian_gan_words)) -eq {len(asked.split()) + 1}"
    if asked:
        condition = f"__bayesian_gan_asked {asked}; and {condition}"
    parts = ["complete", "-c", PROGRAM, "-f", "-n", _fish_quote(condition), "-a", word]
    return " ".join(parts + (["-d", _fish_quote(_short(text))] if text else []))


def _fish_flag(asked: str, flag: Flag) -> str:
    condition = _fish_quote(f"__bayesian_gan_asked {asked}")
    parts = ["complete", "-c", PROGRAM, "-n", condition, "-l", flag.name.removeprefix("--")]
    if flag.choices:
        parts += ["-x", "-a", _fish_quote(" ".join(flag.choices))]
    elif flag.takes:
        parts.append("-r")
    return " ".join([*parts, "-d", _fish_quote(_short(flag.text))])


def _fish_quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _first(command: Command) -> tuple[str, ...]:
    return command.choices or tuple(each.path[-1] for each in command.below)


def _short(text: str) -> str:
    """The beginning of the text, on one line."""
    return textwrap.shorten(text, WIDTH, placeholder=" ...")


SHELLS: dict[str, Callable[[Sequence[Command]], str]] = {"bash": bash, "zsh": zsh, "fish": fish}
