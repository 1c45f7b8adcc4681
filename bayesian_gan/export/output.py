"""The folder of an export: whole under its name, or absent."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from bayesian_gan.errors import InputError
from bayesian_gan.storage import new_folder

DESCRIPTION = "export.json"


def check_output(path: Path, overwrite: bool) -> None:
    """Refuses a path that an export must not take.

    Raises:
        InputError: something is there, and either `overwrite` is off or it is no export.
    """
    if not path.exists() and not path.is_symlink():
        return
    if not overwrite:
        raise InputError(
            f"--output {path}: exists; give another path, or --overwrite to replace it"
        )
    if path.is_symlink() or not (path / DESCRIPTION).is_file():
        raise InputError(
            f"--output {path}: holds no {DESCRIPTION}, so it is no export, and --overwrite does not "
            "replace it; give another path"
        )


@contextlib.contextmanager
def output_folder(path: Path, overwrite: bool) -> Iterator[Path]:
    """A new folder to write into, which gets its name when all is written.

    Raises:
        InputError: see `check_output`; or nothing can be written there.
    """
    check_output(path, overwrite)

    def move(made: Path, path: Path) -> None:
        check_output(path, overwrite)
        if not path.exists():
            made.rename(path)
            return
        old = made.with_name(made.name + ".old")
        path.rename(old)
        made.rename(path)
        shutil.rmtree(old)

    with new_folder(path, f"--output {path}", move) as made:
        yield made
