"""What a posterior's networks are: the file `posterior.json`."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import keras

from bayesian_gan.errors import InputError
from bayesian_gan.networks.saving import described
from bayesian_gan.posterior.model import CollectedModel
from bayesian_gan.samplers.kept import Kept
from bayesian_gan.storage import read_checked_json

DESCRIPTION_FILE = "posterior.json"
FORMAT = 2


def describe(model: CollectedModel, kept: Kept) -> dict[str, Any]:
    """The description of an empty posterior for a model.

    Its keys are `format`, `num_gen`, `num_disc`, `num_mcmc`, `chains` (their numbers), `max_samples`,
    `keep` and `keep_seed` (which draws stay), `input_range` (of images of floats), `shapes` (of the
    weights of one generator, "g", and one discriminator, "d"), and the Keras configurations
    `generator` and `discriminator`.
    """
    templates = {"g": model.generator_template, "d": model.discriminator_template}
    return {
        "format": FORMAT,
        "num_gen": model.game.num_gen,
        "num_disc": model.game.num_disc,
        "num_mcmc": model.game.num_mcmc,
        "chains": list(model.game.chain_numbers),
        "max_samples": kept.max_samples,
        "keep": kept.keep,
        "keep_seed": kept.seed,
        "input_range": [model.input_range.low, model.input_range.high],
        "shapes": {p: [list(w.shape) for w in t.weights] for p, t in templates.items()},
        "generator": described(model.generator_template),
        "discriminator": described(model.discriminator_template),
    }


def read_description(folder: Path) -> dict[str, Any]:
    """The description in a posterior's folder; see `describe`.

    Raises:
        InputError: there is none, it is damaged, or of another format.
    """
    file = folder / DESCRIPTION_FILE
    if not file.exists():
        raise InputError(f"{folder}: no posterior here; give the folder `posterior` of a run")
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
    # Floats of another range than [-1, 1] were refused.
    config.setdefault("input_range", [-1.0, 1.0])
    # The most recent draws stayed before there was a choice.
    config.setdefault("keep", "recent")
    config.setdefault("keep_seed", 0)
    return config


def build_network(config: dict[str, Any], player: str) -> keras.Model:
    """The "generator" or "discriminator" of a description, with new weights."""
    # Of a copy: Keras takes entries out of what it is given.
    return keras.saving.deserialize_keras_object(deepcopy(config[player]), safe_mode=True)
