"""What zsh and fish complete: their scripts word by word, and in the shells where they are installed."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from shell_scripts import write_scripts

from bayesian_gan.commands import COMMANDS
from bayesian_gan.commands.shells import SHELLS
from bayesian_gan.commands.words import Command, declared_commands, with_those_below

ALL = list(with_those_below(declared_commands()))
# Name: whether a value follows, and its choices.
Flags = dict[str, tuple[bool, tuple[str, ...]]]
# A word of fish, whose quotes have escapes in them.
FISH_WORD = re.compile(r"'((?:[^'\\]|\\.)*)'|(\S+)")
# What zsh's own functions would be given; "words" and CURRENT are what a TAB sets.
ZSH_PRESS = """
compdef() { : }
_arguments() { print -rl -- "$@" }
_describe() { print -rl -- "${(P@)2}" }
compadd() { print -rl -- "$@" }
_files() { print -r -- FILES }
source $1; shift
words=("$@"); CURRENT=$#words
_bayesian-gan
"""
by_command = pytest.mark.parametrize("command", ALL, ids=lambda c: "_".join(c.path))


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_scripts(tmp_path_factory.mktemp("scripts"))


def _declared(command: Command) -> Flags:
    return {flag.name: (flag.takes, flag.choices) for flag in command.flags}


def _first(command: Command) -> set[str]:
    """What may stand right after the command."""
    return {*command.choices, *(each.path[-1] for each in command.below)}


def _zsh_branch(script: str, path: tuple[str, ...]) -> str:
    """What stands in the branch of a command, found by its indentation."""
    pad = 8
    for word in path:
        found = re.search(
            rf"^ {{{pad}}}{re.escape(word)}\)\n(.*?)^ {{{pad + 4}}};;$",
            script,
            re.DOTALL | re.MULTILINE,
        )
        assert found, path
        script, pad = found[1], pad + 8
    return script


def _zsh_specs(specs: list[str]) -> Flags:
    """The options of what `_arguments` is given."""
    found: Flags = {}
    for spec in specs:
        if spec.startswith("--"):
            parts = re.fullmatch(r"(--\w+)(=?)\[(?:[^\\\]]|\\.)+\](?::value:(.+))?", spec)
            assert parts, spec
            assert bool(parts[2]) == bool(parts[3])
            choices = parts[3] or ""
            assert choices in ("", "_files") or re.fullmatch(r"\(.+\)", choices)
            listed = choices[1:-1].split() if choices.startswith("(") else []
            found[parts[1]] = (bool(parts[2]), tuple(listed))
    return found


@by_command
def test_zsh_s_script_has_what_is_declared(scripts: dict[str, Path], command: Command) -> None:
    branch = _zsh_branch(scripts["zsh"].read_text(encoding="utf-8"), command.path)
    if command.below:
        (words,) = re.findall(r"^ +compadd (.+)$", branch, re.MULTILINE)
        assert set(words.split()) == _first(command)
        return
    (given,) = re.findall(r"_arguments \\\n(.*)", branch, re.DOTALL)
    specs = shlex.split(given.replace("\\\n", ""))
    assert _zsh_specs(specs) == _declared(command)
    rest = [spec for spec in specs if not spec.startswith("--")]
    assert rest == [f"1:word:({' '.join(command.choices)})" if command.choices else "*:file:_files"]


def test_zsh_s_script_has_all_commands(scripts: dict[str, Path]) -> None:
    script = scripts["zsh"].read_text(encoding="utf-8")
    assert script.startswith("#compdef bayesian-gan\n")
    (listed,) = re.findall(r"commands=\(\n(.*?)\n    \)", script, re.DOTALL)
    assert dict(each.split(":", 1) for each in shlex.split(listed)) == COMMANDS
    # Below commands the words move up by one, each time with the place of the cursor.
    depths = 1 + sum(bool(command.below) for command in ALL)
    assert script.count("shift words") == script.count("((CURRENT--))") == depths
    assert script.count("if ((CURRENT == 2)); then") == depths


def _fish_lines(script: Path) -> list[list[str]]:
    lines = script.read_text(encoding="utf-8").splitlines()
    return [
        [re.sub(r"\\(.)", r"\1", quoted) or bare for quoted, bare in FISH_WORD.findall(line)]
        for line in lines
        if line.startswith("complete ")
    ]


@by_command
def test_fish_s_script_has_what_is_declared(scripts: dict[str, Path], command: Command) -> None:
    asked = f"__bayesian_gan_asked {' '.join(command.path)}"
    place = f"test (count (__bayesian_gan_words)) -eq {len(command.path) + 1}"
    flags: Flags = {}
    first = set()
    for line in _fish_lines(scripts["fish"]):
        if line[:5] == ["complete", "-c", "bayesian-gan", "-n", asked]:
            option, name, *kind = line[5:-2]
            assert (option, line[-2]) == ("-l", "-d")
            assert line[-1]
            assert kind[:1] in ([], ["-r"], ["-x"])
            choices = kind[2].split() if kind[:2] == ["-x", "-a"] else []
            flags[f"--{name}"] = (bool(kind), tuple(choices))
        elif line[:6] == ["complete", "-c", "bayesian-gan", "-f", "-n", f"{asked}; and {place}"]:
            assert line[6] == "-a"
            first.add(line[7])
    assert flags == _declared(command)
    assert first == _first(command)


def test_fish_s_script_has_all_commands(scripts: dict[str, Path]) -> None:
    place = "test (count (__bayesian_gan_words)) -eq 1"
    head = ["complete", "-c", "bayesian-gan", "-f", "-n", place, "-a"]
    found = [line[7] for line in _fish_lines(scripts["fish"]) if line[:7] == head]
    assert found == list(COMMANDS)


def _run(shell: str, *arguments: str) -> str:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    done = subprocess.run([shell, *arguments], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_shells_read_their_scripts(scripts: dict[str, Path], shell: str) -> None:
    assert _run(shell, "-n", str(scripts[shell])) == ""


def test_presses_of_tab_in_fish(scripts: dict[str, Path]) -> None:
    def press(*words: str) -> set[str]:
        typed = " ".join(("bayesian-gan", *words))
        done = _run("fish", "--no-config", "-c", f"source {scripts['fish']}; complete -C '{typed}'")
        return {line.split("\t")[0] for line in done.splitlines()}

    assert press("pre") == {"predict"}
    assert press("data", "") == {"list", "describe", "example"}
    assert press("data", "describe", "digits", "--fi") == {"--fit"}
    assert press("data", "list", "--fi") == set()
    assert press("completion", "") == {"bash", "zsh", "fish"}
    assert press("train", "--preset", "lap") == {"laptop", "laptop_balanced"}
    assert press("predict", "run", "--sort") == {"--sort", "--sort_into"}
    assert press("export", "run", "--format", "o") == {"onnx"}


def test_presses_of_tab_in_zsh(scripts: dict[str, Path]) -> None:
    def press(*words: str) -> list[str]:
        arguments = ("zsh", str(scripts["zsh"]), "bayesian-gan", *words)
        return _run("zsh", "-f", "-c", ZSH_PRESS, *arguments).splitlines()

    assert [line.split(":")[0] for line in press("pre")] == list(COMMANDS)
    assert press("data", "") == ["list", "describe", "example"]
    assert press("completion", "")[-1] == "1:word:(bash zsh fish)"
    declared = {command.path: _declared(command) for command in ALL}
    assert _zsh_specs(press("data", "describe", "--")) == declared["data", "describe"]
    assert _zsh_specs(press("data", "list", "--")) == declared["data", "list"]
    assert _zsh_specs(press("train", "--preset", "lap")) == declared["train",]
