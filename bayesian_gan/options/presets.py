"""Presets: defaults of flags for one purpose each. A flag on the command line overrides its preset's value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from absl import flags

from bayesian_gan.options.terms import NEED_LABELS, TermOptions


@dataclass(frozen=True)
class Preset:
    """Values of flags.

    Attributes:
        description: what it is for, in a few words.
        values: by flag; the others keep their own defaults.
    """

    description: str
    values: dict[str, Any]


_PAPER: dict[str, Any] = {
    # J_g 10, J_d 1, M 2, batch 64, prior N(0, 10 I), 5-layer networks, weights collected every 1,000
    # iterations after an Adam warm-up of 5,000 (Saatci & Wilson 2017, section 4 and appendix).
    "num_gen": 10,
    "num_disc": 1,
    "num_mcmc": 2,
    "batch_size": 64,
    "prior_std": 10.0**0.5,
    "num_layers": 5,
    "warm_up": 5000,
    "collect_every": 1000,
    "objective": "paper",
    "order": "generators_first",  # Algorithm 1.
    # The paper's text has no feature matching, and one likelihood factor for each labelled example.
    "feature_matching": 0.0,
    "labelled_weight": "posterior",
}

_AUTHORS: dict[str, Any] = {
    # The commands of the authors' README, on their program's losses.
    "num_gen": 10,
    "num_disc": 1,
    "num_mcmc": 2,
    "gf_dim": 96,
    "df_dim": 96,
    "num_layers": 4,
    "prior_std": 1.0,
    "objective": "authors",
    "order": "discriminators_first",
    "lr": 0.0005,
    "train_iter": 100000,
}

_LAPTOP: dict[str, Any] = {
    # Two chains of one generator and one discriminator each, in minutes on a processor.
    "num_gen": 1,
    "num_disc": 1,
    "num_mcmc": 2,
    "z_dim": 100,
    "gf_dim": 32,
    "df_dim": 24,
    "num_layers": 3,
    "generator_layers": 2,
    "init": "he",
    "pooling": "average",
    "labelled_batch_size": 20,
    "lr": 0.003,
    "lr_decay": 0.0,
    "cosine_from": 0.5,
    "warm_up": 8000,
    "train_iter": 9000,
    "collect_every": 100,
    "n_save": 500,
    "sampler_lr": 0.01,
    "friction": 0.5,
    "matching": "mean",
    "entropy": 0.3,
    "consistency": 3.0,
    "input_noise": 0.3,
    "hidden_noise": 0.3,
    "final_noise": 0.5,
}

_LAPTOP_BALANCED: dict[str, Any] = {
    # Labels that --N draws are equally many of each class, so this holds the classes to be equally frequent.
    **_LAPTOP,
    "class_frequencies": 10.0,
}


def at_length(values: Mapping[str, Any], iterations: int) -> dict[str, Any]:
    """What a run counts in iterations, for another number of them.

    Each keeps its share of the whole: the warm-up, the iterations between draws, the rise of
    consistency, and the memory of averaged weights. The iterations between draws divide the whole,
    so that as many draws are collected.

    Args:
        values: of options by name, these among them.
        iterations: of the whole, at least 1.
    """
    share = iterations / values["train_iter"]
    longest = max(round(values["collect_every"] * share), 1)
    every = max(k for k in range(1, longest + 1) if iterations % k == 0)
    draws = (values["train_iter"] - values["warm_up"]) // values["collect_every"]
    return {
        "train_iter": iterations,
        "collect_every": every,
        "warm_up": max(iterations - draws * every, 0),
        "consistency_ramp": round(values["consistency_ramp"] * share),
        "average_decay": max(1.0 - (1.0 - values["average_decay"]) / share, 0.0),
    }


# What suffices for vectors, in `BayesianGANClassifier` too.
TABLE_ITERATIONS = 1000
_OF_PICTURES = ("gf_dim", "df_dim", "num_layers", "generator_layers", "init", "pooling")
_OTHERS = {name: getattr(TermOptions, name) for name in ("consistency_ramp", "average_decay")}
_TABLE: dict[str, Any] = {
    **{name: value for name, value in _LAPTOP.items() if name not in _OF_PICTURES},
    **at_length(_OTHERS | _LAPTOP, TABLE_ITERATIONS),
    "n_save": TABLE_ITERATIONS // 10,
}

PRESETS = {
    "paper": Preset("the paper's networks and settings", _PAPER),
    "authors": Preset("the authors' program", _AUTHORS),
    "laptop": Preset("tuned for two cores, with terms the paper lacks", _LAPTOP),
    "laptop_balanced": Preset("laptop, where all classes are equally frequent", _LAPTOP_BALANCED),
    "table": Preset("the default for tables and vectors", _TABLE),
}

# What `--preset` takes for the plain defaults.
NO_PRESET = "none"
NETWORKS = ("num_gen", "num_disc", "num_mcmc")


def preset_values(name: str, *, semi: bool, ml: bool) -> dict[str, Any]:
    """Values that a preset gives to flags in one run.

    Args:
        name: of the preset.
        semi: whether there are labels; without, terms over classes stay off.
        ml: whether the run is a single DCGAN, which has one network of each kind.
    """
    values = PRESETS[name].values
    if not semi:
        values = {flag: value for flag, value in values.items() if flag not in NEED_LABELS}
    return values | (dict.fromkeys(NETWORKS, 1) if ml else {})


def apply_preset(values: flags.FlagValues) -> None:
    """Gives the flags that the command line leaves out the values of `--preset`, if there is one."""
    if values["preset"].value is None:
        return
    preset = preset_values(values["preset"].value, semi=values["semi"].value, ml=values["ml"].value)
    for name, value in preset.items():
        if not values[name].present:
            values[name].value = value
    labelled, batch = values["labelled_batch_size"], values["batch_size"].value
    if not labelled.present and labelled.value is not None:
        # A pass of more rows than the minibatch would mix statistics of images of two kinds.
        labelled.value = min(labelled.value, batch)
