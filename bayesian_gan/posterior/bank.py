"""The collected posterior: weights of all networks at several iterations, in a folder.

    posterior.json            format, networks, the shapes of their weights, J_g, J_d, M, the numbers of the
                              chains; its checksum
    draw_00006000.npz         weights of all networks after 6,000 iterations: arrays `g_0003_07` and `d_0000_02`
                              (network, variable), in Keras's order of `model.weights`; its checksum

Each file is written whole under its final name, so a killed run leaves the folder readable, and another process
may read while one writes. Reading executes nothing: arrays are loaded without pickle, networks from a
configuration in Keras's safe mode. `bayesian-gan check PATH` verifies a folder, and
`... merge A B ... OUT` joins those of chains that ran apart.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from scipy.special import expit

from bayesian_gan.data.batches import to_unit
from bayesian_gan.errors import USAGE_STATUS, InputError
from bayesian_gan.gan.generation import draw_noise, generate
from bayesian_gan.gan.minibatch import check_images
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.outputs import probabilities, real_logit, split_outputs
from bayesian_gan.storage import (
    UnreadableError,
    read_arrays,
    read_checked_json,
    write_arrays,
    write_checked_json,
)

FORMAT = 2
# The rest of a description, the networks, holds names that Keras counts up in a process.
_IDENTITY = ("num_gen", "num_disc", "num_mcmc", "chains", "max_samples", "shapes")
_DRAW = re.compile(r"draw_(\d{8,})\.npz")


def array_name(player: str, member: int, k: int) -> str:
    """Name of weight `k` of network `member` in a draw; `player` is "g" or "d"."""
    return f"{player}_{member:04d}_{k:02d}"


@dataclass(frozen=True, eq=False)
class MemberOutputs:
    """What the discriminator samples of one draw say of n images.

    Attributes:
        probabilities: P(y | x, real) of every sample, or P(real | x) where K = 1; float64 [M * J_d, n, K].
        log_z: log Z = log sum_k exp m_k of every sample, float64 [M * J_d, n]; of Wasserstein critics
            c(x), so that `p_fake` is then a score, the larger the less real.
    """

    probabilities: np.ndarray
    log_z: np.ndarray

    @property
    def p_fake(self) -> np.ndarray:
        """1 - P(real | x) = 1 / (1 + Z), [M * J_d, n]; where P(real) is all but 1, this keeps its digits."""
        return expit(-self.log_z)


class Posterior:
    """Posterior samples on disk: predicts by averaging probabilities over all of them.

    A *draw* is the state of all networks at one iteration: M * J_d discriminator samples and M * J_g
    generator samples.

    Args:
        path: a folder that `Posterior.create` made.

    Raises:
        InputError: the folder holds no posterior, or one of another format.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config = _read_config(self.path)
        self._discriminator = _network(self.config, "discriminator")
        self._generator = _network(self.config, "generator")

    @classmethod
    def create(
        cls, path: str | Path, model: BayesianGAN, max_samples: int | None = None
    ) -> "Posterior":
        """Makes an empty posterior for a model, in a folder that does not exist or is empty.

        Args:
            path: the folder.
            model: whose networks are to be collected.
            max_samples: draws that are kept, the most recent ones; None keeps all.

        Raises:
            InputError: max_samples below 1, or the folder already holds something.
        """
        path = Path(path)
        if max_samples is not None and max_samples < 1:
            raise InputError(f"max_samples must be at least 1, not {max_samples}")
        if path.exists() and any(path.iterdir()):
            raise InputError(f"{path}: the folder for the posterior is not empty; give a new one")
        path.mkdir(parents=True, exist_ok=True)
        write_checked_json(path / "posterior.json", _describe(model, max_samples))
        return cls(path)

    @classmethod
    def reopen(
        cls, path: str | Path, model: BayesianGAN, max_samples: int | None = None
    ) -> "Posterior":
        """The posterior of a run that goes on; made anew where a killed run had not come to make it.

        `posterior.json` follows from the model, so a damaged one is written again.

        Raises:
            InputError: the folder's posterior is another model's.
        """
        path = Path(path)
        path.mkdir(parents=True, exist_ok=True)
        expected, file = _describe(model, max_samples), path / "posterior.json"
        try:
            found: dict[str, Any] | None = _read_config(path)
        except InputError:
            found = None
            if file.exists():
                file.replace(file.with_name("posterior.json.damaged"))
        if found is None:
            write_checked_json(file, expected)
        elif any(found[key] != expected[key] for key in _IDENTITY):
            raise InputError(f"{file}: describes another model than this run's")
        return cls(path)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images that the networks take and make."""
        height, width, channels = self._discriminator.input_shape[1:]
        return height, width, channels

    @property
    def num_classes(self) -> int:
        """K, the number of logits; 1 is the unsupervised case."""
        outputs = self._discriminator.output
        return int((outputs["logits"] if isinstance(outputs, dict) else outputs).shape[-1])

    @property
    def iterations(self) -> list[int]:
        """Iterations at which draws were collected, ascending."""
        matches = (_DRAW.fullmatch(entry.name) for entry in self.path.iterdir())
        return sorted(int(match[1]) for match in matches if match)

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

    def collect(self, model: BayesianGAN) -> None:
        """Adds the model's current weights, and removes the oldest draws beyond `max_samples`.

        Raises:
            OSError: the draw could not be written; what was collected before is untouched.
        """
        self.write(int(model.iteration.numpy()), self.arrays(model))

    def arrays(self, model: BayesianGAN) -> dict[str, np.ndarray]:
        """The model's current weights, by the names they have in a draw."""
        return {
            array_name(player, i, k): weight.numpy()
            for player, networks in (("g", model.generators), ("d", model.discriminators))
            for i, network in enumerate(networks)
            for k, weight in enumerate(network.weights)
        }

    def draw(self, iteration: int) -> dict[str, np.ndarray]:
        """The arrays of one draw, checked to be whole, finite and this model's; see `arrays` for their names.

        Raises:
            InputError: they are not.
        """
        found = self._read(iteration)
        self._check_shapes(found, self._draw_path(iteration))
        return found

    def write(self, iteration: int, arrays: dict[str, np.ndarray]) -> None:
        """Adds a draw of `arrays`; see `collect`."""
        write_arrays(self._draw_path(iteration), arrays, {"iteration": iteration})
        if self.config["max_samples"] is not None:
            for old in self.iterations[: -self.config["max_samples"]]:
                self._draw_path(old).unlink(missing_ok=True)

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
            except _RemovedError:
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
                path = self._draw_path(iteration)
                path.rename(path.with_name(path.name + ".damaged"))
                problems.append(f"{problem}; set aside as {path.name}.damaged")
        return problems

    def predict(self, images: np.ndarray, batch_size: int = 500) -> np.ndarray:
        """Probabilities averaged over every collected discriminator sample.

        P(y | x) = mean over samples of softmax(m(x))_y: the predictive distribution of the paper. With K = 1,
        the mean of P(real | x), or of a Wasserstein critic's score (`networks.outputs.probabilities`).

        Args:
            images: uint8, or floats in [-1, 1], [n, height, width, channels].
            batch_size: images in one forward pass; the result does not depend on it.

        Returns:
            float64 [n, K].

        Raises:
            InputError: nothing is collected yet, or the images do not fit.
        """
        total, count = np.zeros(()), 0
        for members in self.member_probabilities(images, batch_size):
            total, count = total + members.sum(axis=0), count + len(members)
        return total / count

    def member_probabilities(
        self, images: np.ndarray, batch_size: int = 500
    ) -> Iterator[np.ndarray]:
        """Yields, for each draw in order, float64 [M * J_d, n, K]: every sample's probabilities."""
        return (outputs.probabilities for outputs in self.member_outputs(images, batch_size))

    def member_outputs(self, images: np.ndarray, batch_size: int = 500) -> Iterator[MemberOutputs]:
        """Yields, for each draw in order, what its samples say; see `predict` for the arguments."""
        images = check_images(images, tuple(self._discriminator.input_shape[1:]))
        self.require_draws()
        found = False
        forward = tf.function(self._forward, reduce_retracing=True)
        for iteration in self.iterations:
            try:
                draw = self._read(iteration)
            except _RemovedError:
                continue  # By the process that writes: it keeps the most recent draws only.
            found_probabilities, found_log_z = [], []
            for i in range(self.num_discriminators):
                self._assign("d", draw, i)
                parts = [
                    forward(images[k : k + batch_size]) for k in range(0, len(images), batch_size)
                ]
                p, log_z = (np.concatenate(part) for part in zip(*parts, strict=True))
                found_probabilities.append(p.astype(np.float64))
                found_log_z.append(log_z.astype(np.float64))
            found = True
            yield MemberOutputs(np.stack(found_probabilities), np.stack(found_log_z))
        if not found:
            raise InputError(
                f"{self.path}: every draw was removed for a newer one before it was read; try again, or give "
                "the run a larger --max_samples"
            )

    def _forward(self, images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Probabilities and log Z of the network as it is."""
        outputs = self._discriminator(to_unit(images), training=False)
        return probabilities(split_outputs(outputs)[0]), real_logit(outputs)

    def generate(
        self, num: int, sample: int, seed: int = 0, iteration: int | None = None
    ) -> np.ndarray:
        """Images of one collected generator: float32 [num, height, width, channels] in [-1, 1].

        Args:
            num: number of images, at least 1.
            sample: index of the generator, 0 <= sample < M * J_g.
            seed: of z; the same z for every generator.
            iteration: of the draw; the last by default.

        Raises:
            InputError: no such generator or draw.
        """
        self.require_draws()
        iteration = self.iterations[-1] if iteration is None else iteration
        self._require_draw(iteration)
        if not 0 <= sample < self.num_generators:
            raise InputError(
                f"{self.path}: no generator {sample}; there are {self.num_generators}, give one from 0 to "
                f"{self.num_generators - 1}"
            )
        self._assign("g", self._read(iteration), sample)
        return generate(self._generator, draw_noise(num, self._generator.input_shape[-1], seed))

    def generate_mixture(
        self, num: int, seed: int = 0, iterations: Sequence[int] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Images of all generators in equal parts, each of its own z, in random order.

        Args:
            num: number of images, at least 1; the first generators give one more where it does not divide.
            seed: of every z and of the order.
            iterations: of the draws whose generators are mixed; the last alone by default.

        Returns:
            float32 images [num, height, width, channels] in [-1, 1], and the index of each one's generator,
            int64 [num], 0 <= index < M * J_g.

        Raises:
            InputError: no such draw.
        """
        self.require_draws()
        chosen = self.iterations[-1:] if iterations is None else list(iterations)
        J = self.num_generators
        parts, owners = [], []
        for place, iteration in enumerate(chosen):
            self._require_draw(iteration)
            draw = self._read(iteration)
            for j in range(J):
                first = place * J + j
                count = len(range(first, num, len(chosen) * J))
                if count:
                    self._assign("g", draw, j)
                    z = draw_noise(count, self._generator.input_shape[-1], (seed, first + 1))
                    parts.append(generate(self._generator, z))
                    owners.append(np.full(count, j))
        order = np.random.default_rng(seed).permutation(num)
        return np.concatenate(parts)[order], np.concatenate(owners)[order]

    def network(self, player: str) -> keras.Model:
        """The network of "generator" or "discriminator" samples; its weights are of whichever was used last."""
        return self._generator if player == "generator" else self._discriminator

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

    def require_draws(self) -> None:
        """Raises InputError where nothing is collected."""
        if not self.iterations:
            raise InputError(f"{self.path}: no sample is collected yet")

    def _require_draw(self, iteration: int) -> None:
        if iteration not in self.iterations:
            raise InputError(
                f"{self.path}: no draw of iteration {iteration}; there are {self.iterations}"
            )

    def _draw_path(self, iteration: int) -> Path:
        return self.path / f"draw_{iteration:08d}.npz"

    def _read(self, iteration: int) -> dict[str, np.ndarray]:
        path = self._draw_path(iteration)
        try:
            arrays, manifest = read_arrays(path)
        except FileNotFoundError as error:
            raise _RemovedError(f"{path}: this draw is no longer there") from error
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

    def _weights_in(
        self, draw: dict[str, np.ndarray], player: str, member: int
    ) -> list[np.ndarray]:
        """One network's weights in a draw, by number: sorted as text, `_100` would come before `_11`."""
        return [
            draw[array_name(player, member, k)] for k in range(len(self.config["shapes"][player]))
        ]

    def _assign(self, player: str, draw: dict[str, np.ndarray], member: int) -> None:
        """Gives the weights of one network of a draw to the network that all of `player` share."""
        network = self._generator if player == "g" else self._discriminator
        try:
            network.set_weights(self._weights_in(draw, player, member))
        except (KeyError, ValueError) as error:
            raise InputError(
                f"the draw does not hold the weights {player}_{member:04d} of this network ({error}): "
                "it belongs to another model"
            ) from error

    def _check_shapes(self, draw: dict[str, np.ndarray], path: Path) -> None:
        expected = {
            array_name(player, i, k): shape
            for player, count in (("g", self.num_generators), ("d", self.num_discriminators))
            for i in range(count)
            for k, shape in enumerate(self.config["shapes"][player])
        }
        found = {name: list(array.shape) for name, array in draw.items()}
        if found != expected:
            raise InputError(f"{path}: the draw belongs to another model")
        for name, array in draw.items():
            if not np.isfinite(array).all():
                raise InputError(f"{path}: {name} holds numbers that are not finite")


class _RemovedError(InputError):
    """A draw was removed between the listing of the folder and its reading."""


def _describe(model: BayesianGAN, max_samples: int | None) -> dict[str, Any]:
    """The contents of `posterior.json`."""
    templates = {"g": model.generator_template, "d": model.discriminator_template}
    return {
        "format": FORMAT,
        "num_gen": model.game.num_gen,
        "num_disc": model.game.num_disc,
        "num_mcmc": model.game.num_mcmc,
        "chains": list(model.game.chain_numbers),
        "max_samples": max_samples,
        "shapes": {p: [list(w.shape) for w in t.weights] for p, t in templates.items()},
        "generator": keras.saving.serialize_keras_object(model.generator_template),
        "discriminator": keras.saving.serialize_keras_object(model.discriminator_template),
    }


def _read_config(path: Path) -> dict[str, Any]:
    file = path / "posterior.json"
    try:
        config = read_checked_json(file)
    except InputError as error:
        raise InputError(
            f"{file}: no posterior here ({error}); give the folder `posterior` of a run"
        ) from error
    if config.get("format") != FORMAT:
        raise InputError(f"{file}: not a posterior of format {FORMAT}, which this version reads")
    # Before chains had numbers, they were counted from 0.
    config.setdefault("chains", list(range(config["num_mcmc"])))
    return config


def _network(config: dict[str, Any], player: str) -> keras.Model:
    # Of a copy: Keras takes entries out of what it is given.
    return keras.saving.deserialize_keras_object(deepcopy(config[player]), safe_mode=True)


def main(arguments: Sequence[str]) -> int:
    """`check PATH`, or `merge A B ... OUT`.

    Returns:
        0; or 2 for a user's mistake, which is one line on the standard error, and for a damaged draw.
    """
    parser = argparse.ArgumentParser(prog="python -m bayesian_gan.posterior.bank")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="verify every file of a posterior")
    check.add_argument("path", type=Path, metavar="PATH", help="the folder `posterior` of a run")
    check.set_defaults(command=_check)
    merge = commands.add_parser("merge", help="join the chains of runs that ran apart")
    merge.add_argument(
        "paths",
        type=Path,
        nargs="+",
        metavar="A B ... OUT",
        help="folders of runs, or of their posteriors, and a new one for all their chains",
    )
    merge.add_argument(
        "--common", action="store_true", help="merge only iterations of which all have a draw"
    )
    merge.set_defaults(command=_merge)
    parsed = parser.parse_args(arguments)
    try:
        return int(parsed.command(parsed))
    except InputError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return USAGE_STATUS


def _check(arguments: argparse.Namespace) -> int:
    """Prints a line for each draw."""
    found = Posterior(arguments.path).check()
    for iteration, problem in found.items():
        print(f"iteration {iteration}: {problem or 'whole'}")
    damaged = sum(problem is not None for problem in found.values())
    print(f"{arguments.path}: {len(found)} draws, {damaged} damaged")
    return USAGE_STATUS if damaged else 0


def _merge(arguments: argparse.Namespace) -> int:
    """Merges, and prints what there is now."""
    from bayesian_gan.runs.merge import merge

    *paths, out = arguments.paths
    merged = merge(paths, out, arguments.common)
    chains, iterations = merged.config["chains"], merged.iterations
    print(
        f"{out}: chains {', '.join(map(str, chains))}; {len(iterations)} draws, iterations "
        f"{iterations[0]} to {iterations[-1]}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
