"""What the commands call themselves: as the user typed them."""

import sys
from pathlib import Path

import pytest
from absl import flags

from bayesian_gan import commands
from bayesian_gan.commands import main
from bayesian_gan.runs.resume import resume_command


@pytest.mark.parametrize(
    ("argv0", "program"),
    [
        ("/any/bayesian_gan/__main__.py", "python -m bayesian_gan"),
        ("/any/bin/bayesian-gan", "bayesian-gan"),
    ],
)
def test_usage_lines_say_what_was_typed(
    argv0: str,
    program: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", [argv0])
    for name in commands.COMMANDS:
        monkeypatch.setattr(flags, "FLAGS", flags.FlagValues())
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert not left.value.code
        assert capsys.readouterr().out.startswith(f"usage: {program} {name} ")
        monkeypatch.setattr(sys, "argv", [argv0])
    assert main(["report", "nowhere"]) == 2
    assert capsys.readouterr().err.startswith(f"{program} report: error: ")
    monkeypatch.setattr(sys, "argv", [f"{program} train", "--N=100"])
    assert resume_command(Path("a run")) == f"{program} train --resume 'a run'"
