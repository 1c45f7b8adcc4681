"""The help that comes from the declarations: one screen, one group, all."""

import subprocess
import sys
from pathlib import Path

import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.help import WIDTH, requested_help
from bayesian_gan.options.option import options_of
from bayesian_gan.synthetic.options import SynthConfig

ROOT = Path(__file__).parents[2]


def _help(*arguments: str, options: type = Config) -> str:
    text = requested_help(arguments, "program", options)
    assert text is not None
    assert max(map(len, text.splitlines())) <= WIDTH
    return text


@pytest.mark.parametrize("options", [Config, SynthConfig])
def test_help_is_one_screen_that_names_all_groups(options: type) -> None:
    for asked in ("--help", "-h", "-?", "--helpshort", "--help=true", "--help=1"):
        text = _help("--lr", "0", asked, options=options)
        lines = text.splitlines()
        assert 24 <= len(lines) <= 40
        assert lines[0] == "usage: program [flags]"
    shown = {line.split()[0] for line in lines if line.startswith("  --")}
    for name, each in options_of(options).items():
        left = f"--{'[no]' if each.kind is bool else ''}{name}"
        assert (left in shown) == (each.group == "start here")
        assert each.group in text


@pytest.mark.parametrize(
    "arguments", [("--help", "objective"), ("--help=objective",), ("--help", "objective and terms")]
)
def test_help_of_one_group_has_its_options_alone(arguments: tuple[str, ...]) -> None:
    text = _help(*arguments)
    shown = {line.split()[0] for line in text.splitlines() if line.startswith("  --")}
    assert shown == {
        f"--{'[no]' if each.kind is bool else ''}{name}"
        for name, each in options_of(Config).items()
        if each.group == "objective and terms"
    }


def test_an_option_is_shown_with_range_default_and_other_name() -> None:
    text = " ".join(_help("--helpfull").split())
    assert "--friction SGHMC's friction alpha. [number in [0, 1]; default 0.1]" in text
    assert "chain. [integer, at least 1; default 1; also --numz]" in text
    assert "[minutes, more than 0; default 10.0]" in text
    assert "[paper or authors; default paper]" in text
    for name, each in options_of(Config).items():
        assert f"{name} {each.option.text[:20]}" in text, name


def test_help_says_the_default_of_the_program() -> None:
    text = requested_help(["--help"], "run_bgan.py", Config, semi=False)
    assert text is not None
    assert "unsupervised. [default off]" in text
    assert "unsupervised. [default on]" in _help("--help")


def test_a_flag_after_help_is_no_group_and_others_ask_for_none() -> None:
    assert _help("--help", "--lr", "3") == _help("--help")
    assert _help("--help=true", "objective") == _help("--help")
    assert _help("--helpfull=true") == _help("--help", "--helpfull")
    for asked_not in (["--lr", "3"], ["--help=false"], ["--helpfull=0", "--helpxml=False"]):
        assert requested_help(asked_not, "program", Config) is None


def test_there_is_no_help_in_xml() -> None:
    with pytest.raises(InputError, match=r"^--helpxml: there is no help in XML; give --help or"):
        _help("--helpxml")


def test_an_unknown_group_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError) as caught:
        _help("--help", "kitten")
    assert str(caught.value) == (
        "--help kitten: no such group of flags; give one of start, data, networks, objective, sampler, "
        "cost, output, reliability"
    )


@pytest.mark.parametrize(
    ("script", "arguments", "status"),
    [
        (["run_bgan_semi.py"], "--help", 0),
        (["run_bgan.py"], "--helpfull", 0),
        (["run_bgan_synth.py"], "--help sampler", 0),
        (["-m", "bayesian_gan", "train"], "--help sampler", 0),
        (["run_bgan_semi.py"], "-?", 0),
        (["run_bgan_semi.py"], "--helpxml", 2),
        (["run_bgan_semi.py"], "--help=false", 2),
        (["run_bgan_semi.py"], "--help kitten", 2),
        (["run_bgan_semi.py"], "--noresize=3", 2),
    ],
)
def test_programs_help_without_tensorflow(script: list[str], arguments: str, status: int) -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", *script, *arguments.split()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = [line for line in result.stderr.splitlines() if not line.startswith("import time:")]
    assert result.returncode == status
    assert "tensorflow" not in result.stderr
    assert bool(result.stdout) == (status == 0)
    assert len(said) == (0 if status == 0 else 1)
