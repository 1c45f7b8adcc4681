"""Draws in a folder, in files that hold their own checksum."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.posterior.description import read_description
from bayesian_gan.samplers.stores import Folder, NoDrawError
from bayesian_gan.storage import UnreadableError, read_arrays, remove_parts, write_arrays


class DrawFolder(Folder):
    """Draws of a model's networks in a folder; see `samplers.stores.Folder`.

    Attributes:
        description: the contents of `posterior.json`.

    Raises:
        InputError: the folder holds no posterior, or one of another format.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.description = read_description(path)

    def write(self, iteration: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Adds a draw, or replaces it. OSError where it cannot be written."""
        write_arrays(self.file(iteration), arrays, {"iteration": iteration})

    def read(self, iteration: int) -> dict[str, np.ndarray]:
        """The arrays of a draw.

        Raises:
            NoDrawError: there is none.
            InputError: its file is damaged, or another draw's; or it cannot be read now.
        """
        path = self.file(iteration)
        try:
            arrays, manifest = read_arrays(path)
        except FileNotFoundError as error:
            raise NoDrawError(f"{path}: this draw is no longer there") from error
        except UnreadableError:
            raise
        except InputError as error:
            # It begins with the path; what to do is the same for every damage.
            raise InputError(
                f"{str(error).replace('cannot be read', 'this draw cannot be read', 1)}; "
                "remove the file to go on without it"
            ) from error
        if manifest.get("iteration") != iteration:
            raise InputError(
                f"{path}: holds the draw of iteration {manifest.get('iteration')}, not its name's; "
                "give the file its name back"
            )
        return arrays

    def clean(self) -> None:
        """Removes what a killed process left unfinished. Only the owner may call it."""
        remove_parts(self.path)

    def set_aside(self, iteration: int) -> str:
        """Renames a draw's file to `*.damaged`; returns its new name."""
        path = self.file(iteration)
        return path.rename(path.with_name(path.name + ".damaged")).name
