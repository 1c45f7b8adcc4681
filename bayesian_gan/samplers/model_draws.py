"""Draws of the weights of one Keras model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from bayesian_gan.samplers.kept import Kept
from bayesian_gan.samplers.names import unique_names
from bayesian_gan.samplers.stores import (
    Folder,
    Memory,
    NoDrawError,
    Store,
    forget_beyond,
    write_whole,
)

DESCRIPTION_FILE = "samples.json"
FORMAT = 1


class ModelDraws:
    """Draws of all weights of a model, in memory or in a folder.

        samples.json          what the weights are: their names and shapes, in Keras's order
        draw_00006000.npz     the weights after 6,000 iterations: arrays `w_0000`, `w_0001`, ...

    Args:
        model: whose weights they are; built.
        store: where they lie.
        kept: which of them stay.

    Attributes:
        names: of the weights, in Keras's order of `model.weights`: their paths, made unique.
    """

    def __init__(self, model: keras.Model, store: Store, kept: Kept) -> None:
        self.store, self.kept = store, kept
        self.names = unique_names(weight.path for weight in model.weights)
        self._shapes = [list(weight.shape) for weight in model.weights]

    @classmethod
    def open(cls, model: keras.Model, path: Path | None, kept: Kept) -> Self:
        """Draws of a model in a folder, which is new or holds such already; in memory without a path.

        Raises:
            ValueError: the folder holds another model's draws, or something else.
        """
        if path is None:
            return cls(model, Memory(), kept)
        draws = cls(model, Folder(path), kept)
        file = path / DESCRIPTION_FILE
        if not file.exists():
            if path.exists() and any(not entry.name.startswith(".") for entry in path.iterdir()):
                raise ValueError(
                    f"{path}: holds other things than a model's draws; give a new folder"
                )
            path.mkdir(parents=True, exist_ok=True)
            description = {"format": FORMAT, "names": draws.names, "shapes": draws._shapes}
            text = json.dumps(description, indent=2) + "\n"
            write_whole(file, lambda opened: opened.write(text.encode()))
        # Names are not compared: Keras counts them up in a process.
        elif _read(file).get("shapes") != draws._shapes:
            raise ValueError(
                f"{file}: describes the draws of another model; give this model a folder of its own"
            )
        return draws

    @property
    def iterations(self) -> list[int]:
        """Iterations at which the draws were taken, ascending."""
        return self.store.iterations

    def arrays(self, model: keras.Model) -> dict[str, np.ndarray]:
        """The model's current weights by name."""
        return dict(zip(self.names, model.get_weights(), strict=True))

    def write(self, iteration: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Adds a draw, and removes those beyond `max_samples`.

        Raises:
            OSError: it could not be written; what was there before is untouched.
        """
        self.store.write(iteration, {f"w_{k:04d}": a for k, a in enumerate(arrays.values())})
        for gone in self.kept.beyond(self.iterations):
            self.store.remove(gone)

    def draw(self, iteration: int) -> dict[str, np.ndarray]:
        """The weights of one draw by name, in Keras's order, checked to be this model's.

        Raises:
            ValueError: they are not, or the draw is damaged or gone.
        """
        try:
            found = self.store.read(iteration)
        except NoDrawError as error:
            raise ValueError(str(error)) from error
        places = [f"w_{k:04d}" for k in range(len(self.names))]
        if {name: list(a.shape) for name, a in found.items()} != dict(
            zip(places, self._shapes, strict=True)
        ):
            raise ValueError(f"{self.store.where(iteration)}: the draw belongs to another model")
        return {name: found[place] for name, place in zip(self.names, places, strict=True)}

    def go_on_from(self, iteration: int) -> list[int]:
        """Forgets draws beyond an iteration, from which the chain goes on, and what lies unfinished.

        Returns:
            The iterations of the draws that were forgotten.
        """
        return forget_beyond(self.store, iteration)


def _read(file: Path) -> dict[str, Any]:
    """A description.

    Raises:
        ValueError: it is damaged, or of another format.
    """
    try:
        if not file.is_file():  # A pipe would be waited for.
            raise ValueError("it is no file")
        found = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{file}: cannot be read ({error}); give another folder") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ValueError(f"{file}: is not of format {FORMAT}, which this version reads")
    return found
