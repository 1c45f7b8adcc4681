"""The configuration that an estimator's parameters ask for."""

from dataclasses import replace
from numbers import Integral, Real
from typing import Any

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.option import options_of
from bayesian_gan.options.own_preset import FOLDED, chains_learn_apart, folds_of
from bayesian_gan.options.presets import PRESETS, at_length, preset_values

# The option that each parameter of the estimator sets.
PARAMETERS = {
    "iterations": "train_iter",
    "warm_up": "warm_up",
    "collect_every": "collect_every",
    "num_gen": "num_gen",
    "num_mcmc": "num_mcmc",
    "batch_size": "batch_size",
    "learning_rate": "lr",
    "temperature": "temperature",
    "hidden": "hidden",
    "label_folds": "label_folds",
}


def configuration(preset: str, given: dict[str, Any], num_labels: int, seed: int) -> Config:
    """The configuration of a preset whose length is that of the estimator.

    What a preset counts in iterations keeps its share of the whole: the warm-up, the iterations
    between draws, the rise of consistency, and the memory of averaged weights. The iterations
    between draws divide the whole, so that as many draws are collected as the preset collects. The
    labelled batch is never larger than the whole batch.

    Args:
        preset: its name.
        given: parameters of the estimator, by their names in `PARAMETERS`; None where the
            preset decides, but for `iterations`.
        num_labels: examples that have a label.
        seed: of all that is random.

    Raises:
        InputError: a parameter that is of another type, out of its range, or contradicts others.
    """
    if preset not in PRESETS:
        raise InputError(f"preset must be one of {', '.join(PRESETS)}, not {preset!r}")
    iterations = given["iterations"]
    _check_parameter("iterations", iterations)
    given = {name: value for name, value in given.items() if value is not None}
    for name, value in given.items():
        _check_parameter(name, value)
    values = preset_values(preset, semi=True, ml=False)
    values = values | at_length(Config(**values).to_json(), iterations)
    values |= {PARAMETERS[name]: value for name, value in given.items()}
    values |= {"random_seed": seed, "N": num_labels, "n_save": values["train_iter"]}
    config = Config(**values)
    if config.labelled_batch_size is not None:
        least = min(config.labelled_batch_size, config.batch_size)
        config = replace(config, labelled_batch_size=least)
    if "label_folds" not in given and preset in FOLDED and chains_learn_apart(config):
        config = replace(config, label_folds=folds_of(num_labels))
    config.check()
    if config.first_collection > config.train_iter:
        raise InputError(
            f"warm_up {config.warm_up} and collect_every {config.collect_every} leave no draw in "
            f"{config.train_iter} iterations: give a smaller one of them, or more iterations"
        )
    return config


def _check_parameter(name: str, value: Any) -> None:
    declared = options_of(Config)[PARAMETERS[name]]
    kind, word = (Integral, "an integer") if declared.kind is int else (Real, "a number")
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InputError(f"{name} must be {word}, not {value!r}")
    if not declared.holds(value) or value == float("inf"):
        raise InputError(f"{name} must {declared.option.must}, not {value}")
