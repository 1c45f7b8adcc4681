"""What bash completes, as at a TAB; `test_completion_shells.py` has the other shells."""

import subprocess
import sys
from pathlib import Path

import pytest
from shell_scripts import write_scripts

from bayesian_gan.commands import COMMANDS, main
from bayesian_gan.commands.shells import SHELLS
from bayesian_gan.commands.words import Command, declared_commands, with_those_below
from bayesian_gan.options.config import Config
from bayesian_gan.options.option import options_of

ROOT = Path(__file__).parents[2]
# What a TAB has bash do: the words, at whose last one the cursor is.
PRESS = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bayesian_gan; printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_scripts(tmp_path_factory.mktemp("scripts"))


def _press(script: Path, *words: str) -> list[str]:
    command = ["bash", "--norc", "-c", PRESS, "bash", str(script), "bayesian-gan", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_commands_are_completed(scripts: dict[str, Path]) -> None:
    bash = scripts["bash"]
    assert _press(bash, "pre") == ["predict"]
    assert _press(bash, "") == list(COMMANDS)
    assert _press(bash, "data", "") == ["list", "describe", "example"]
    assert _press(bash, "completion", "") == ["bash", "zsh", "fish"]
    assert _press(bash, "nothing", "--") == []


def test_options_and_choices_are_completed(scripts: dict[str, Path]) -> None:
    bash = scripts["bash"]
    assert _press(bash, "predict", "run", "--sort") == ["--sort", "--sort_into"]
    assert _press(bash, "data", "describe", "digits", "--fi") == ["--fit"]
    assert _press(bash, "data", "list", "--fi") == []
    assert _press(bash, "train", "--preset", "lap") == ["laptop", "laptop_balanced"]
    # Bash takes "=" for a word of its own.
    assert _press(bash, "train", "--order", "=") == list(options_of(Config)["order"].choices)
    assert _press(bash, "train", "--order", "=", "sim") == ["simultaneous"]
    assert _press(bash, "export", "run", "--format", "o") == ["onnx"]
    assert _press(bash, "train", "--num_mcmc", "--n") == []  # A value, which is none of these.
    assert _press(bash, "train", "--numz", "") == []
    assert "--nosemi" in _press(bash, "train", "--nos")
    assert _press(bash, "predict", "run", "") == []  # Readline completes files then.
    # What takes no value is followed by another option; what takes one, by that.
    assert _press(bash, "predict", "run", "--overwrite", "--so") == ["--sort", "--sort_into"]
    assert _press(bash, "predict", "run", "--csv", "--so") == []


def test_a_tab_in_bash(scripts: dict[str, Path], tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    (tmp_path / "pictures").mkdir()
    shell = pexpect.spawn(
        "bash", ["--norc", "--noprofile", "-i"], cwd=tmp_path, encoding="utf-8", timeout=20
    )
    try:
        shell.sendline(
            f"source {scripts['bash']}; bind 'set enable-bracketed-paste off'; echo o'k'"
        )
        shell.expect("ok\r\n")
        for typed, line in (
            ("bayesian-gan pre\t", "bayesian-gan predict "),
            ("runs/x pic\t", "runs/x pictures/"),
            (" --sort_\t", " --sort_into "),
            ("x --cop\t", "x --copy "),
        ):
            shell.send(typed)
            shell.expect_exact(line)
    finally:
        shell.close(force=True)


@pytest.mark.parametrize(
    "command", list(with_those_below(declared_commands())), ids=lambda c: "_".join(c.path)
)
def test_all_that_is_declared_is_completed(scripts: dict[str, Path], command: Command) -> None:
    names = [flag.name for flag in command.flags]
    assert _press(scripts["bash"], *command.path, "--") == names
    assert len(set(names)) == len(names)
    assert command.text
    for flag in command.flags:
        assert flag.text, flag.name
    for flag in [flag for flag in command.flags if flag.choices][:3]:
        found = _press(scripts["bash"], *command.path, flag.name, "")
        assert found == list(flag.choices)


def test_a_run_s_options_are_all_there() -> None:
    (train,) = [command for command in declared_commands() if command.path == ("train",)]
    flags = {flag.name: flag for flag in train.flags}
    for name, declared in options_of(Config).items():
        assert flags[f"--{name}"].takes == (declared.kind is not bool)
        assert flags[f"--{name}"].choices == (() if declared.kind is bool else declared.choices)
        assert (f"--no{name}" in flags) == (declared.kind is bool)


def test_the_command_prints_a_script_without_tensorflow() -> None:
    script = (
        "import sys\n"
        "from bayesian_gan.commands import main\n"
        "status = main(['completion', 'bash'])\n"
        "assert not {'tensorflow', 'keras', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == SHELLS["bash"](declared_commands())


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["completion", "csh"])
    assert left.value.code == 2
    assert "csh" in capsys.readouterr().err.splitlines()[-1]
