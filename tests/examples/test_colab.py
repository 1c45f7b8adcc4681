"""The notebook for Colab: its cells compile, and what they call is there."""

import argparse
import importlib
import re
import shlex
from pathlib import Path

import nbformat
import pytest
from conftest import parse_flags
from IPython.core.inputtransformer2 import TransformerManager

from bayesian_gan.commands import COMMANDS

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "examples" / "colab.ipynb"


def _cells() -> list[str]:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _commands() -> list[list[str]]:
    """What the cells have the shell do, word by word."""
    lines = re.findall(r"(?:^|= )!(.*)$", "\n".join(_cells()), re.MULTILINE)
    return [shlex.split(line.replace("{", "").replace("}", "")) for line in lines]


def test_it_is_kept_without_outputs_and_its_cells_compile() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    for source in _cells():
        compile(TransformerManager().transform_cell(source), "cell", "exec")


def test_the_first_cell_installs_the_package() -> None:
    first, second, *_ = _cells()
    (address,) = re.findall(r'^REPOSITORY = "(https://github.com/[\w-]+/[\w-]+)"', first)
    assert "!git clone --depth 1 {REPOSITORY} bayesian-gan" in first
    made, installed, package = first.splitlines()[-3:]
    assert made == "!python tools/lock.py > run.lock"
    assert installed == "%pip install --quiet --no-deps --require-hashes --requirement run.lock"
    assert package == "%pip install --quiet --no-deps ."
    assert (ROOT / "tools" / "lock.py").exists()
    assert second.startswith("!bayesian-gan train --flagfile examples/digits.flags")
    if address.endswith("OWNER/bayesian-gan"):  # Nobody has put the address in: the text says so.
        assert "`OWNER`" in nbformat.read(NOTEBOOK, as_version=4).cells[0].source


def test_what_it_calls_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)  # Where the flag file is.
    called = [words[1:] for words in _commands() if words[0] == "bayesian-gan"]
    assert len(called) >= 5
    for name, *arguments in called:
        assert name in COMMANDS
        module = importlib.import_module(f"bayesian_gan.commands.{name}")
        if name == "train":
            assert _found_in() == {parse_flags(*arguments).out_dir}
            continue
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
        parser.parse_args(arguments)
    programs = [words[1:] for words in _commands() if words[0] == "python"]
    assert programs
    for program, *arguments in programs:
        source = (ROOT / program).read_text(encoding="utf-8")
        assert all(f'"{word}"' in source for word in arguments if word.startswith("-"))


def _found_in() -> set[str]:
    """Where the cells look for the run that was begun last."""
    looked = re.findall(
        r"^\(RUN_DIR,\) = !ls -td (\S+)/bgan_\* \| head -1$", "\n".join(_cells()), re.M
    )
    assert len(looked) == 2
    return set(looked)


def test_it_shows_the_pictures_that_it_makes() -> None:
    for source in _cells():
        for shown in re.findall(r"^Image\((.*)\)$", source, re.MULTILINE):
            assert re.search(rf"^!.* --(out|grid) {re.escape(shown.strip(chr(34)))}$", source, re.M)
    assert "\n".join(_cells()).count("Image(") == 2
