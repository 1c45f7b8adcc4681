"""Where the arrays of draws lie: in memory, or in a folder, one file for each draw."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

# Files under construction are named `.NAME.RANDOM.part`; a killed process leaves them behind.
_PART = ".part"
_DRAW = re.compile(r"draw_(\d{8,})\.npz")
_ITERATION = "iteration"


class NoDrawError(LookupError):
    """There is no draw of this iteration, or there is none any more."""


class Store(Protocol):
    """Where draws lie."""

    @property
    def iterations(self) -> list[int]:
        """Those whose draws lie here, ascending."""

    def write(self, iteration: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Adds a draw, or replaces it. OSError where it cannot be written."""

    def read(self, iteration: int) -> dict[str, np.ndarray]:
        """The arrays of a draw. NoDrawError without it."""

    def remove(self, iteration: int) -> None:
        """Removes a draw, if it is there."""

    def clean(self) -> None:
        """Removes what a killed process left unfinished. Only the owner may call it."""

    def where(self, iteration: int) -> str:
        """How messages call a draw."""


def forget_beyond(store: Store, iteration: int) -> list[int]:
    """Removes draws beyond an iteration, and what a killed process left unfinished.

    Returns:
        The iterations of the draws that were removed.
    """
    store.clean()
    beyond = [there for there in store.iterations if there > iteration]
    for there in beyond:
        store.remove(there)
    return beyond


class Memory:
    """Draws in memory.

    Args:
        description: of what they are draws of.
    """

    def __init__(self, description: dict[str, Any] | None = None) -> None:
        self.description = description or {}
        self._draws: dict[int, dict[str, np.ndarray]] = {}

    def __str__(self) -> str:
        return "the posterior in memory"

    @property
    def iterations(self) -> list[int]:
        """See `Store`."""
        return sorted(self._draws)

    def write(self, iteration: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Holds copies that nobody can write to."""
        held = {name: np.array(array) for name, array in arrays.items()}
        for array in held.values():
            array.setflags(write=False)
        self._draws[iteration] = held

    def read(self, iteration: int) -> dict[str, np.ndarray]:
        """See `Store`."""
        if iteration not in self._draws:
            raise NoDrawError(f"{self.where(iteration)} is not there")
        return dict(self._draws[iteration])

    def remove(self, iteration: int) -> None:
        """See `Store`."""
        self._draws.pop(iteration, None)

    def clean(self) -> None:
        """Nothing is left unfinished in memory."""

    def where(self, iteration: int) -> str:
        """See `Store`."""
        return f"{self}: the draw of iteration {iteration}"


class Folder:
    """Draws in a folder: `draw_00006000.npz` is that of iteration 6,000.

    A file is written whole under a temporary name and renamed, so a killed process leaves whole
    draws. Reading executes nothing: arrays are loaded without pickle. NumPy's archive has a checksum
    for each array, which is compared.

    Args:
        path: the folder, which exists.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def iterations(self) -> list[int]:
        """See `Store`."""
        matches = (_DRAW.fullmatch(entry.name) for entry in self.path.iterdir())
        return sorted(int(match[1]) for match in matches if match)

    def file(self, iteration: int) -> Path:
        """The file of a draw."""
        return self.path / f"draw_{iteration:08d}.npz"

    def write(self, iteration: int, arrays: Mapping[str, np.ndarray]) -> None:
        """See `Store`."""
        held: dict[str, Any] = {_ITERATION: np.array(iteration), **arrays}
        write_whole(self.file(iteration), lambda file: np.savez(file, **held))

    def read(self, iteration: int) -> dict[str, np.ndarray]:
        """The arrays of a draw.

        Raises:
            NoDrawError: there is none.
            ValueError: its file is damaged, or another draw's.
        """
        path = self.file(iteration)
        try:
            if path.exists() and not path.is_file():  # A pipe would be waited for.
                raise ValueError("it is no file")
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            if not all(isinstance(array, np.ndarray) for array in arrays.values()):
                raise ValueError("it holds what is no array")
            found = int(arrays.pop(_ITERATION))
        except FileNotFoundError as error:
            raise NoDrawError(f"{path}: this draw is no longer there") from error
        except MemoryError:
            raise
        except Exception as error:
            # Damaged archives raise errors of zip, zlib, NumPy, Python's tokenizer, ...
            raise ValueError(
                f"{path}: this draw cannot be read ({error}); remove the file to go on without it"
            ) from error
        if found != iteration:
            raise ValueError(
                f"{path}: holds the draw of iteration {found}, not its name's; give the file its "
                "name back"
            )
        return arrays

    def remove(self, iteration: int) -> None:
        """See `Store`."""
        self.file(iteration).unlink(missing_ok=True)

    def clean(self) -> None:
        """See `Store`."""
        for path in self.path.glob(f".*{_PART}"):
            path.unlink(missing_ok=True)

    def where(self, iteration: int) -> str:
        """See `Store`."""
        return str(self.file(iteration))


def write_whole(path: Path, write: Any) -> None:
    """Writes a file under a temporary name, flushes it to the disk, and renames it into place.

    Args:
        path: the final name; its folder exists.
        write: is given the open binary file.

    Raises:
        OSError: it could not be written; nothing is left behind.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_PART, dir=path.parent)
    try:
        file: BinaryIO
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
