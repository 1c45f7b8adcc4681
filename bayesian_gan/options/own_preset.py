"""The preset of a run on data of the user's own: which it is, and what it makes of sizes and labels."""

import math
from collections.abc import Collection
from dataclasses import replace
from typing import Any, TypeVar

from absl import flags

from bayesian_gan.options.groups import AllOptions
from bayesian_gan.options.option import to_json
from bayesian_gan.options.own_data import is_own, meant
from bayesian_gan.options.presets import NO_PRESET, PRESETS

C = TypeVar("C", bound=AllOptions)
PRESETS_OF_KINDS = {"folder": "laptop", "npz": "laptop", "table": "table"}
SIZED = ("laptop", "laptop_balanced")
FOLDED = (*SIZED, "table")
# Two chains with five folds of so many labels give 20 answers to fit a temperature to. Of fewer labels each is
# worth more to training.
LEAST_LABELS = 50
# A discriminator halves its input down to this side; at most four layers of a network halve. Two layers were
# too few for pictures of 8x8 (docs/how-to/presets.md). Networks of four are narrower, for time.
LAST_SIDE, LEAST_LAYERS, MOST_LAYERS = 4, 3, 4


def choose_preset(values: flags.FlagValues) -> None:
    """Gives a new run on data of the user's own a preset, where none is asked for.

    Not where the authors' losses are asked for, with which its terms do not go.
    """
    if values["preset"].value == NO_PRESET:
        values["preset"].value = None
        return
    if may_choose(values) and values["objective"].value != "authors":
        kind = meant(values["data"].value, values["dataset"].value).partition(":")[0]
        values["preset"].value = PRESETS_OF_KINDS.get(kind)


def may_choose(values: flags.FlagValues) -> bool:
    """Whether a run is new and asks for no preset, so that its data may choose one."""
    return values["preset"].value is None and values["resume"].value in (None, "auto")


def sizes(image_shape: tuple[int, ...]) -> dict[str, Any]:
    """What `--preset laptop` has for images of the user's own of another size than MNIST's.

    Args:
        image_shape: (height, width, channels).

    Returns:
        Values of options by name; of 28x28x1 those of the preset.
    """
    layers = math.ceil(math.log2(max(image_shape[:2]) / LAST_SIDE))
    layers = min(max(layers, LEAST_LAYERS), MOST_LAYERS)
    width = {"gf_dim": 32, "df_dim": 24} if layers < MOST_LAYERS else {"gf_dim": 16, "df_dim": 16}
    return {"num_layers": layers, "generator_layers": layers - 1, **width}


SIZED_OPTIONS = tuple(sizes((28, 28, 1)))


def is_sized(config: AllOptions) -> bool:
    """Whether the size of the images decides the networks of a run."""
    return config.preset in SIZED and is_own(config.dataset)


def sized(config: C, image_shape: tuple[int, ...], given: Collection[str]) -> C:
    """The configuration of a new run for images of this shape.

    Args:
        config: resolved flags.
        image_shape: (height, width, channels); of vectors (d,), which change nothing.
        given: names of the flags that stand on the command line, which stay.
    """
    if not is_sized(config) or len(image_shape) != 3:
        return config
    chosen = sizes(image_shape)
    return replace(config, **{name: v for name, v in chosen.items() if name not in given})


def may_calibrate(config: AllOptions) -> bool:
    """Whether the number of labels decides if a run withholds some from its chains.

    Of data of the user's own, under a preset of this project alone; and only where chains learn from new
    weights: those of an earlier run may have learnt what is withheld.
    """
    own = is_own(config.dataset) and config.start_from is None
    return own and config.preset in FOLDED and chains_learn_apart(config)


def chains_learn_apart(config: AllOptions) -> bool:
    """Whether there are several chains, which do not meet, so that each can do without some labels."""
    apart = config.objective != "authors" and config.num_mcmc > 1
    return apart and not config.ml and config.ml_ensemble is None


def calibrated(config: C, num_labels: int, given: Collection[str]) -> C:
    """The configuration of a new run that learns to say how far it can be believed, if it may.

    Args:
        config: resolved flags.
        num_labels: of the run.
        given: names of the flags that stand on the command line, which stay.
    """
    if "label_folds" in given or not may_calibrate(config):
        return config
    return replace(config, label_folds=folds_of(num_labels))


def folds_of(num_labels: int) -> int:
    """K: 1 below 50 labels, then 5; from 200 on 10, from 5,000 on a fold of 500.

    Args:
        num_labels: labelled examples.
    """
    if num_labels < LEAST_LABELS:
        return 1
    return 5 if num_labels < 200 else max(10, num_labels // 500)


def values_of_preset(config: AllOptions, image_shape: tuple[int, ...]) -> dict[str, Any]:
    """What the preset of a run says of options, by name; nothing without one.

    Args:
        config: of the run.
        image_shape: of its images.
    """
    if config.preset is None:
        return {}
    own = PRESETS[config.preset].values
    if is_sized(config) and len(image_shape) == 3:
        own = own | sizes(image_shape)
    return own


def describe_preset(config: AllOptions, image_shape: tuple[int, ...]) -> str:
    """One line with every value of a run's preset, and which of them the command line overrides.

    Args:
        config: of the run, with a preset.
        image_shape: of its images.
    """
    assert config.preset is not None
    own, name, values = values_of_preset(config, image_shape), config.preset, to_json(config)
    if is_sized(config) and len(image_shape) == 3:
        name += f" for images of {'x'.join(map(str, image_shape))}"
    kept = [f"--{flag} {value}" for flag, value in own.items() if values[flag] == value]
    other = [f"--{flag} {values[flag]} (not {v})" for flag, v in own.items() if values[flag] != v]
    return f"preset {name}: {' '.join(kept)}" + (f"; overridden: {', '.join(other)}" * bool(other))
