"""The collected posterior: weights of all networks at several iterations, in a folder.

    posterior.json            format, networks, the shapes of their weights, J_g, J_d, M, the numbers of the
                              chains; its checksum
    draw_00006000.npz         weights of all networks after 6,000 iterations: arrays `g_0003_07` and `d_0000_02`
                              (network, variable), in Keras's order of `model.weights`; its checksum

Each file is written whole under its final name, so a killed run leaves the folder readable, and another process
may read while one writes. Reading executes nothing: arrays are loaded without pickle, networks from a
configuration in Keras's safe mode. `bayesian-gan check PATH` verifies a folder;
`bayesian-gan merge A B ... OUT` joins those of chains that ran apart.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np

from bayesian_gan.errors import InputError
from bayesian_gan.posterior.description import DESCRIPTION_FILE, describe, read_description
from bayesian_gan.posterior.folder import DrawFolder
from bayesian_gan.posterior.model import CollectedModel
from bayesian_gan.samplers.kept import Kept
from bayesian_gan.samplers.stores import Memory, NoDrawError, forget_beyond
from bayesian_gan.storage import UnreadableError, write_checked_json

# The rest of a description, the networks, holds names that Keras counts up in a process.
_IDENTITY = ("num_gen", "num_disc", "num_mcmc", "chains", "input_range", "shapes")
_CHOICE = ("max_samples", "keep", "keep_seed")


def array_name(player: str, member: int, k: int) -> str:
    """Name of weight `k` of network `member` in a draw; `player` is "g" or "d"."""
    return f"{player}_{member:04d}_{k:02d}"


class RemovedError(InputError):
    """A draw was removed between the listing of the folder and its reading."""


class Draws:
    """The draws themselves: they go in, are read, checked and set aside. See `Posterior` for arguments.

    Attributes:
        store: where they lie.
        config: what they are draws of, the contents of `posterior.json`.
    """

    def __init__(self, path: str | Path | Memory) -> None:
        self.store = path if isinstance(path, Memory) else DrawFolder(Path(path))
        self.config = self.store.description
        self._kept = Kept(*(self.config[key] for key in _CHOICE))

    @property
    def path(self) -> Path:
        """The folder. InputError where the draws are in memory."""
        if isinstance(self.store, Memory):
            raise InputError(f"{self.store}: it has no folder; collect with a path")
        return self.store.path

    @classmethod
    def create(
        cls,
        path: str | Path | None,
        model: CollectedModel,
        max_samples: int | None = None,
        keep: str = "recent",
        seed: int = 0,
    ) -> Self:
        """Makes an empty posterior for a model, in a folder that does not exist or is empty.

        Args:
            path: the folder; None for a posterior in memory.
            model: whose networks are to be collected.
            max_samples: draws that are kept; None keeps all.
            keep: which: "recent", or "reservoir", a uniform random choice among all collected.
            seed: of that choice.

        Raises:
            InputError: an argument out of range, or the folder already holds something.
        """
        description = describe(model, _kept(max_samples, keep, seed))
        if path is None:
            return cls(Memory(description))
        path = Path(path)
        if path.exists() and any(path.iterdir()):
            raise InputError(f"{path}: the folder for the posterior is not empty; give a new one")
        path.mkdir(parents=True, exist_ok=True)
        write_checked_json(path / DESCRIPTION_FILE, description)
        return cls(path)

    @classmethod
    def reopen(
        cls,
        path: str | Path,
        model: CollectedModel,
        max_samples: int | None = None,
        keep: str = "recent",
        seed: int = 0,
    ) -> Self:
        """The posterior of a run that goes on; made anew where a killed run had not come to make it.

        `posterior.json` follows from the model, so a damaged one is written again.

        Args:
            path: the folder.
            model: whose networks are to be collected.
            max_samples: see `create`.
            keep: see `create`.
            seed: see `create`.

        Raises:
            InputError: the folder's posterior is another model's, or keeps other draws.
        """
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        expected, file = describe(model, _kept(max_samples, keep, seed)), path / DESCRIPTION_FILE
        try:
            found: dict[str, Any] | None = read_description(path)
        except InputError:
            found = None
            if file.exists():
                file.replace(file.with_name("posterior.json.damaged"))
        if found is None:
            write_checked_json(file, expected)
            return cls(path)
        if any(found[key] != expected[key] for key in _IDENTITY):
            raise InputError(f"{file}: describes another model than this one; give another folder")
        for key in _CHOICE:
            if found[key] != expected[key]:
                raise InputError(
                    f"{file}: has {key} {found[key]!r}, not {expected[key]!r}; collect with the "
                    "same, or into another folder"
                )
        return cls(path)

    @classmethod
    def of_model(
        cls,
        path: str | Path | None,
        model: CollectedModel,
        max_samples: int | None = None,
        keep: str = "recent",
        seed: int = 0,
    ) -> Self:
        """The posterior that a model goes on with in its folder, or a new one; see `create`.

        Raises:
            InputError: see `create` and `reopen`.
        """
        if path is not None and (Path(path) / DESCRIPTION_FILE).exists():
            return cls.reopen(path, model, max_samples, keep, seed)
        return cls.create(path, model, max_samples, keep, seed)

    @property
    def iterations(self) -> list[int]:
        """Iterations at which draws were collected, ascending."""
        return self.store.iterations

    @property
    def num_generators(self) -> int:
        """Generator samples of a draw, M * J_g."""
        return self.config["num_mcmc"] * self.config["num_gen"]

    @property
    def num_discriminators(self) -> int:
        """Discriminator samples of a draw, M * J_d."""
        return self.config["num_mcmc"] * self.config["num_disc"]

    @property
    def num_samples(self) -> int:
        """Discriminator samples collected: draws times M * J_d."""
        return len(self.iterations) * self.num_discriminators

    def collect(self, model: CollectedModel) -> None:
        """Adds the model's current weights, and removes draws beyond `max_samples`.

        Raises:
            OSError: the draw could not be written; what was collected before is untouched.
        """
        self.write(int(model.iteration.numpy()), self.arrays(model))

    def arrays(self, model: CollectedModel) -> dict[str, np.ndarray]:
        """The model's current weights, by the names they have in a draw."""
        return {
            array_name(player, i, k): weight.numpy()
            for player, networks in (("g", model.generators), ("d", model.discriminators))
            for i, network in enumerate(networks)
            for k, weight in enumerate(network.weights)
        }

    def write(self, iteration: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Adds a draw of `arrays`; see `collect`."""
        self.store.write(iteration, arrays)
        for gone in self._kept.beyond(self.iterations):
            self.store.remove(gone)

    def go_on_from(self, iteration: int) -> list[int]:
        """Forgets draws beyond an iteration, from which the model goes on, and what lies unfinished.

        Returns:
            The iterations of the draws that were forgotten.
        """
        return forget_beyond(self.store, iteration)

    def draw(self, iteration: int) -> dict[str, np.ndarray]:
        """The arrays of one draw, checked to be whole, finite and this model's; see `arrays` for their names.

        Raises:
            InputError: they are not.
        """
        found = self._read(iteration)
        self._check_shapes(found, self.store.where(iteration))
        return found

    def weights(
        self, player: str, samples: Sequence[tuple[int, int]]
    ) -> list[tuple[np.ndarray, ...]]:
        """Weights of collected samples, each in the order of `network(player).weights`.

        Args:
            player: "generator" or "discriminator".
            samples: pairs (iteration of a draw, index of the network in it).

        Raises:
            InputError: a draw is not there, damaged, or another model's.
        """
        found = {}
        for iteration in sorted({iteration for iteration, _ in samples}):
            draw = self.draw(iteration)
            for member in {m for i, m in samples if i == iteration}:
                found[iteration, member] = tuple(self._weights_in(draw, player[0], member))
        return [found[sample] for sample in samples]

    def member_weights(self, player: str, member: int) -> tuple[int, list[np.ndarray]] | None:
        """One network's weights in the last draw that is whole, and its iteration; None without a draw.

        Args:
            player: "generator" or "discriminator".
            member: index of the network.
        """
        for iteration in reversed(self.iterations):
            try:
                draw = self._read(iteration)
            except InputError:
                continue
            return iteration, self._weights_in(draw, player[0], member)
        return None

    def check(self) -> dict[int, str | None]:
        """Reads every draw: None for one that is whole and this model's, else what is wrong with it."""
        return {k: str(problem) if problem else None for k, problem in self._problems().items()}

    def _problems(self) -> dict[int, InputError | None]:
        found: dict[int, InputError | None] = {}
        for iteration in self.iterations:
            try:
                self.draw(iteration)
            except RemovedError:
                continue
            except InputError as error:
                found[iteration] = error
            else:
                found[iteration] = None
        return found

    def set_aside_damaged(self) -> list[str]:
        """Renames draws that are not whole to `*.damaged`; returns what was wrong, a line for each.

        Raises:
            InputError: one is perhaps whole, but cannot be read now.
        """
        problems = []
        for iteration, problem in self._problems().items():
            if isinstance(problem, UnreadableError):
                raise problem
            if problem is not None:
                assert isinstance(self.store, DrawFolder)  # Memory does not damage.
                problems.append(f"{problem}; set aside as {self.store.set_aside(iteration)}")
        return problems

    def require_draws(self) -> None:
        """Raises InputError where nothing is collected."""
        if not self.iterations:
            raise InputError(f"{self.store}: no sample is collected yet")

    def _require_draw(self, iteration: int) -> None:
        if iteration not in self.iterations:
            raise InputError(
                f"{self.store}: no draw of iteration {iteration}; there are {self.iterations}"
            )

    def _read(self, iteration: int) -> dict[str, np.ndarray]:
        try:
            return self.store.read(iteration)
        except NoDrawError as error:
            raise RemovedError(str(error)) from error

    def _weights_in(
        self, draw: dict[str, np.ndarray], player: str, member: int
    ) -> list[np.ndarray]:
        """One network's weights in a draw, by number: sorted as text, `_100` would come before `_11`."""
        return [
            draw[array_name(player, member, k)] for k in range(len(self.config["shapes"][player]))
        ]

    def _check_shapes(self, draw: dict[str, np.ndarray], where: str) -> None:
        expected = {
            array_name(player, i, k): shape
            for player, count in (("g", self.num_generators), ("d", self.num_discriminators))
            for i in range(count)
            for k, shape in enumerate(self.config["shapes"][player])
        }
        found = {name: list(array.shape) for name, array in draw.items()}
        if found != expected:
            raise InputError(f"{where}: the draw belongs to another model")
        for name, array in draw.items():
            if array.dtype.kind != "f":
                raise InputError(f"{where}: {name} holds {array.dtype}, no weights")
            if not np.isfinite(array).all():
                raise InputError(f"{where}: {name} holds numbers that are not finite")


def _kept(max_samples: int | None, keep: str, seed: int) -> Kept:
    try:
        return Kept(max_samples, keep, seed)
    except (TypeError, ValueError) as error:
        raise InputError(str(error)) from error
