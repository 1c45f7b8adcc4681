"""The folder of an export: whole under its name, or absent."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayesian_gan.errors import InputError
from bayesian_gan.storage import new_folder
from bayesian_gan.versions import versions

if TYPE_CHECKING:  # A path is refused without the seconds that TensorFlow takes to load.
    from bayesian_gan.export.networks import Networks

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
            f"{path}: exists; give another path, or replace it (--overwrite, in Python overwrite=True)"
        )
    if path.is_symlink() or not (path / DESCRIPTION).is_file():
        raise InputError(
            f"{path}: holds no {DESCRIPTION}, so it is no export, and is not replaced; give another path"
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

    with new_folder(path, f"the export {path}", move) as made:
        yield made


def describe(
    kind: str,
    image_shape: Sequence[int],
    class_names: Sequence[str],
    classifier: "Networks | None",
    generator: "Networks | None",
) -> dict[str, Any]:
    """What `export.json` says of an export.

    Args:
        kind: its format, such as "savedmodel".
        image_shape: (height, width, channels), or (D,) of vectors.
        class_names: K of them; none without classes.
        classifier: discriminators in it, if there are some.
        generator: generators, likewise.
    """
    return {
        "format": kind,
        "image_shape": list(image_shape),
        "class_names": list(class_names),
        "classifier": [] if classifier is None else list(classifier.names),
        "generator": [] if generator is None else list(generator.names),
        "versions": versions(),
    }
