"""The completion scripts as files, for tests that have shells read them."""

from pathlib import Path

from bayesian_gan.commands.shells import SHELLS
from bayesian_gan.commands.words import declared_commands


def write_scripts(folder: Path) -> dict[str, Path]:
    """The script of each shell, written into a folder."""
    commands, files = declared_commands(), {}
    for shell, make in SHELLS.items():
        files[shell] = folder / shell
        files[shell].write_text(make(commands), encoding="utf-8")
    return files
