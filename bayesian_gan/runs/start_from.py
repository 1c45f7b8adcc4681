"""A new run whose networks begin with the weights that an earlier run's have: `--start_from RUN_DIR`.

Of the earlier run only these weights count, as its newest checkpoint has them, running averages among them. Its
draws, the state of its optimizers and samplers and its number of iterations do not: the new run has a
warm-up of its own, on its own labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.players import PLAYERS
from bayesian_gan.options.config import Config
from bayesian_gan.options.option import options_of
from bayesian_gan.reliability.checkpoint import Checkpoints
from bayesian_gan.reliability.state import restart_member
from bayesian_gan.runs.build import build_networks
from bayesian_gan.runs.finished import FinishedRun

# What decides how many networks there are, and of which shapes.
STRUCTURE = (
    *(
        "num_gen",
        "num_mcmc",
        "num_disc",
        "z_dim",
        "gf_dim",
        "df_dim",
        "num_layers",
        "generator_layers",
    ),
    *("wasserstein", "gradient_penalty"),
)


@dataclass(frozen=True)
class Start:
    """The weights that networks begin with.

    Attributes:
        run: folder of the earlier run.
        iteration: at which they were saved.
        weights: of each network by player, in Keras's order of `network.weights`.
    """

    run: Path
    iteration: int
    weights: Mapping[str, list[list[np.ndarray]]]

    def give(self, model: BayesianGAN) -> None:
        """Gives a model at iteration 0 these weights; what its terms carry begins with them."""
        for player, networks in self.weights.items():
            for member, weights in enumerate(networks):
                restart_member(model, player, member, weights)

    @property
    def description(self) -> dict[str, str | int]:
        """What `config.json` says of it."""
        return {"run": str(self.run), "iteration": self.iteration}


def read_start(config: Config, data: ImageData) -> Start | None:
    """The weights that `--start_from` names; None without it.

    Args:
        config: resolved flags of the new run.
        data: that it is trained on.

    Raises:
        InputError: no such run or checkpoint, or its networks, images or classes are not those of the new run.
    """
    if config.start_from is None:
        return None
    where, run = f"--start_from {config.start_from}", FinishedRun(config.start_from)
    _check_data(where, run, config, data)
    run.check_saved()
    checkpoints = Checkpoints(run.path / "checkpoints")
    checkpoint = checkpoints.load(checkpoints.iterations[-1])
    templates = dict(zip(PLAYERS, build_networks(config, data), strict=True))
    counts = {
        "generator": config.num_mcmc * config.num_gen,
        "discriminator": config.num_mcmc * config.num_disc,
    }
    advice = _advice(run.config, config)
    weights = {
        player: _of_player(where, checkpoint.arrays, player, templates[player], count, advice)
        for player, count in counts.items()
    }
    return Start(run.path, checkpoint.iteration, weights)


def _check_data(where: str, run: FinishedRun, config: Config, data: ImageData) -> None:
    """Raises InputError where images or classes are other ones, by name."""
    there, here = ("x".join(map(str, shape)) for shape in (run.image_shape, data.image_shape))
    if there != here:
        raise InputError(f"{where}: its images are {there}, and these are {here}; begin anew")
    if run.config.semi != config.semi:
        kinds = "with labels", "without"
        raise InputError(
            f"{where}: learnt {kinds[not run.config.semi]}, and this run {kinds[not config.semi]} "
            "(--semi); begin anew"
        )
    if config.semi and run.class_names != tuple(data.class_names):
        own, new = set(run.class_names), set(data.class_names)
        said = [
            f"{what} {', '.join(map(repr, sorted(names)))}"
            for what, names in (("it does not know", new - own), ("it knows beside", own - new))
            if names
        ] or ["they are in another order"]
        raise InputError(f"{where}: has other classes: {'; '.join(said)}; begin anew without it")


def _of_player(
    where: str,
    arrays: Mapping[str, np.ndarray],
    player: str,
    template: keras.Model,
    count: int,
    advice: str,
) -> list[list[np.ndarray]]:
    """The weights of a player's networks in a checkpoint, which must be such as the template's."""
    found: dict[str, list[tuple[str, np.ndarray]]] = {}
    for name in sorted(arrays):
        network, _, variable = name.partition("/")
        if network.rpartition("_")[0] == player and variable:
            found.setdefault(network, []).append((variable, arrays[name]))
    if len(found) != count:
        raise InputError(
            f"{where}: has {len(found)} {player}s, and this run {count}; {advice or 'begin anew'}"
        )
    for weights in found.values():
        for (name, array), own in zip(weights, template.weights, strict=False):
            if array.shape != tuple(own.shape):
                raise InputError(
                    f"{where}: {player}s of another shape: {name[4:]} is {list(array.shape)} there and "
                    f"{list(own.shape)} here; {advice or 'begin anew'}"
                )
        if len(weights) != len(template.weights):
            raise InputError(
                f"{where}: {player}s of {len(weights)} arrays, and here of {len(template.weights)}; "
                f"{advice or 'begin anew'}"
            )
    return [[array for _, array in weights] for weights in found.values()]


def _advice(there: Config, here: Config) -> str:
    """The flags that would make these networks such as those."""
    declared = options_of(Config)
    differing = [
        (name, getattr(there, name))
        for name in STRUCTURE
        if getattr(there, name) != getattr(here, name)
    ]
    flags = [
        f"--{name} {value}" if declared[name].kind is not bool else f"--{'no' * (not value)}{name}"
        for name, value in differing
        if value is not None
    ]
    return f"give {' '.join(flags)} as it has" if flags else ""
