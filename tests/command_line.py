"""The entry points' command line inside the test's process: TensorFlow is loaded once for all."""

import re
import sys
from typing import Any, NamedTuple

import pytest
from absl import flags

from bayesian_gan.commands import entry
from bayesian_gan.commands import train as main
from bayesian_gan.options import flags as run_flags
from bayesian_gan.options.config import Config

REMEDY = re.compile(
    r"\b(replace|put|give|store|rename|remove|correct|mend|move|convert|add|make room|choose|leave)\b"
)


class Result(NamedTuple):
    """How a command ended."""

    status: int
    stdout: str
    stderr: str

    def refused(self, *fragments: str) -> None:
        """Asserts one line with the fragments and a remedy, and status 2."""
        assert self.status == 2, self
        (line,) = self.stderr.splitlines()
        assert line.startswith("run_bgan_semi.py: error: ")
        assert "Traceback" not in self.stdout
        for fragment in fragments:
            assert fragment in line
        assert REMEDY.search(line), line


class CommandLine:
    """Runs `run_bgan_semi.py`, or `run_bgan.py` with `semi=False`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
        self.monkeypatch, self.capfd = monkeypatch, capfd

    def __call__(self, arguments: list[str], semi: bool = True) -> Result:
        argv = ["run_bgan_semi.py" if semi else "run_bgan.py", *arguments]
        values = flags.FlagValues()
        run_flags.define(values, semi)
        self.monkeypatch.setattr(flags, "FLAGS", values)
        self.monkeypatch.setattr(sys, "argv", argv)
        self.capfd.readouterr()
        status = 0
        try:
            entry.parse(argv, Config, semi=semi)
            entry.run(main.begin, main.STOPPED)
        except SystemExit as error:
            status = int(error.code or 0)
        return Result(status, *self.capfd.readouterr())
