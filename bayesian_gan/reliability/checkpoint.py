"""Checkpoints: files of arrays with a manifest, each whole or absent; the last two kept, and one of choice.

    RUN_DIR/checkpoints/checkpoint_00006000.npz

A checkpoint is the state after an iteration, before anything was written about that iteration: what was due
there (a row of the table, pictures) is done again by the run that resumes. Its manifest holds

    format, version, versions   of this file, of this package, and of what the training depends on
    iteration, seconds          of training so far
    configuration, data         checksums of the flags that decide the training, and of the images and labels
    files                       sizes in bytes of the files that grow; beyond them lies the future
    draws                       iterations at which the posterior was collected
    restarts                    members that were started again after a number that was not finite
"""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.storage import (
    UnreadableError,
    read_arrays,
    remove_parts,
    sync_folder,
    write_arrays,
)

FORMAT = 1
KEPT = 2
_NAME = re.compile(r"checkpoint_(\d{8,})\.npz")
_MANIFEST_TYPES = {
    "iteration": int,
    "seconds": float,
    "configuration": str,
    "data": str,
    "files": dict,
    "draws": list,
    "restarts": list,
    "versions": dict,
}


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory.

    Attributes:
        path: where it lies.
        arrays: the state, by the names of `state_variables`.
        manifest: see the module.
    """

    path: Path
    arrays: dict[str, np.ndarray]
    manifest: dict[str, Any]

    @property
    def iteration(self) -> int:
        """Iterations made."""
        return self.manifest["iteration"]


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: RUN_DIR/checkpoints; made by the first save.
        kept: iteration whose checkpoint is never removed, or None.
    """

    def __init__(self, folder: Path, kept: int | None = None) -> None:
        self.folder, self.kept = folder, kept

    @property
    def iterations(self) -> list[int]:
        """Iterations that have a checkpoint, ascending."""
        if not self.folder.is_dir():
            return []
        matches = (_NAME.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted(int(match[1]) for match in matches if match)

    def path(self, iteration: int) -> Path:
        """The file of an iteration's checkpoint."""
        return self.folder / f"checkpoint_{iteration:08d}.npz"

    def save(self, arrays: dict[str, np.ndarray], manifest: dict[str, Any]) -> None:
        """Writes a checkpoint, then removes all but the last two and the one that is kept.

        Raises:
            OSError: it could not be written; those before are untouched.
        """
        if not self.folder.is_dir():
            self.folder.mkdir()
            sync_folder(self.folder.parent)
        write_arrays(self.path(manifest["iteration"]), arrays, {"format": FORMAT, **manifest})
        for iteration in self.iterations[:-KEPT]:
            if iteration != self.kept:
                self.path(iteration).unlink()

    def load_newest(self, log: logging.Logger) -> Checkpoint | None:
        """The newest checkpoint that is whole; a damaged one is named and set aside (`.damaged`).

        Returns:
            None where no checkpoint was written yet.

        Raises:
            InputError: there are checkpoints, and none of them is whole; or the newest is not damaged, but
                cannot be read now.
        """
        if not self.folder.is_dir():
            return None
        remove_parts(self.folder)
        iterations = self.iterations
        for iteration in reversed(iterations):
            try:
                return self.load(iteration)
            except UnreadableError:
                raise  # It may well be whole: setting it aside would lose it.
            except InputError as error:
                path = self.path(iteration)
                aside = path.with_name(path.name + ".damaged")
                path.rename(aside)
                log.warning(f"{error}; set aside as {aside.name}")
        if iterations or any(self.folder.glob("*.damaged")):
            raise InputError(
                f"{self.folder}: no checkpoint here is whole; start a new run, or put back a copy"
            )
        return None

    def load(self, iteration: int) -> Checkpoint:
        """The checkpoint of an iteration.

        Raises:
            InputError: it is not there, is damaged, or cannot be read now.
        """
        path = self.path(iteration)
        try:
            arrays, manifest = read_arrays(path)
        except FileNotFoundError as error:
            raise InputError(f"{path}: cannot be read ({error})") from error
        if manifest.get("format") != FORMAT:
            raise InputError(
                f"{path}: not a checkpoint of format {FORMAT}, which this version reads"
            )
        for key, kind in _MANIFEST_TYPES.items():
            if not isinstance(manifest.get(key), kind):
                raise InputError(f"{path}: its manifest has no {key}")
        if manifest["iteration"] != iteration:
            raise InputError(f"{path}: holds iteration {manifest['iteration']}, not its name's")
        return Checkpoint(path, arrays, manifest)
