"""What a run will take, in words, before it begins; and the length that `--minutes` asks for."""

import math
import time
from collections.abc import Collection
from pathlib import Path

import keras
import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.environment import Needs, check_resources
from bayesian_gan.runs.build import build_model, build_networks, build_supervised
from bayesian_gan.runs.duration import SCALED, Costs, chosen, expected_seconds, number_of_draws
from bayesian_gan.runs.machine import run_needs
from bayesian_gan.runs.start_from import read_start
from bayesian_gan.runs.timing import Parts, measure, measure_apart

LONG_SECONDS = 2 * 3600.0
# A step that takes longer is a call of its own, so that a signal need not wait for many.
CALL_SECONDS = 5.0


def with_minutes(
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    strategy: tf.distribute.Strategy | None,
    given: Collection[str],
    started: float,
) -> tuple[Config, Costs]:
    """The configuration with which the run ends `--minutes` after it was started, and what its parts cost.

    Args:
        config: resolved flags, with `minutes`.
        data: of the run.
        split: the labelled examples; None without labels.
        strategy: of the run.
        given: names of the flags that stand on the command line.
        started: when, by `time.monotonic`.

    Raises:
        InputError: so few minutes do not suffice, or a step is not finite.
    """
    assert config.minutes is not None
    whole = 60.0 * config.minutes
    costs = measure_apart(config, data, split, strategy, min(max(0.02 * whole, 0.5), 10.0))
    if costs is None:
        raise InputError(
            "--minutes: a number was not finite in the first steps, which are timed; give a smaller --lr or "
            "--sampler_lr"
        )
    left = whole - (time.monotonic() - started)
    return chosen(config, costs, left, given), costs


def describe_choice(config: Config) -> str:
    """The flags that `--minutes` has chosen, as a command line has them."""
    flags = " ".join(f"--{name}={getattr(config, name)}" for name in SCALED)
    return f"--minutes {config.minutes:g} is here {flags}"


def announce(config: Config, costs: Costs | None, found: Needs, made: int = 0) -> list[str]:
    """Lines that say what a run will take.

    Args:
        config: resolved flags.
        costs: of its parts; None where they could not be timed.
        found: what it needs.
        made: iterations that it has made already.
    """
    space = f"{_bytes(found.working_memory)} of memory, {_bytes(found.disk)} of disk"
    left = config.train_iter - made
    if costs is None:
        return [f"{left} iterations; {space}"]
    seconds = expected_seconds(config, costs, made)
    lines = [f"about {in_words(seconds)} for {left} iterations; {space}"]
    if seconds > LONG_SECONDS and not tf.config.list_logical_devices("GPU"):
        ways = [] if config.preset in ("laptop", "laptop_balanced") else ["--preset laptop"]
        lines.append(f"to be done sooner on a processor: {' or '.join([*ways, '--minutes 30'])}")
    return lines


def in_words(seconds: float) -> str:
    """A duration for people: "1 minute", "34 minutes", "5.2 hours"."""
    minutes = math.ceil(seconds / 60.0)
    if minutes < 120:
        return f"{minutes} minute{'s' * (minutes != 1)}"
    return f"{seconds / 3600.0:.1f} hours"


def shorter_calls(steps: int, seconds: float) -> int:
    """Iterations in a call of the step, so that it takes no longer than `CALL_SECONDS` if it can.

    Args:
        steps: of a call as the saves and draws allow; what is returned divides it.
        seconds: of one iteration.
    """
    fitting = [k for k in range(1, steps + 1) if steps % k == 0 and k * seconds <= CALL_SECONDS]
    return max(fitting, default=1)


def dry_run(
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    strategy: tf.distribute.Strategy | None,
    given: Collection[str],
    started: float,
) -> None:
    """Prints what a run would be and take; writes nothing. See `with_minutes` for the arguments.

    Raises:
        InputError: networks of this configuration cannot be built for these images, or the machine does not
            suffice.
    """
    read_start(config, data)
    networks = build_networks(config, data)
    costs: Costs | None
    if config.minutes is None:
        model = build_model(config, data, 0, strategy)
        parts = Parts(config, data, split, model, build_supervised(config, data, split))
        costs = measure(parts)
    else:
        config, costs = with_minutes(config, data, split, strategy, given, started)
    found = run_needs(config, data, split)
    labelled = "no labels" if split is None else f"{len(split.indices)} labelled"
    shape = "x".join(map(str, data.image_shape)) + " numbers" * (data.features is not None)
    print(data.provenance)
    print(
        f"{len(data.images)} training {data.noun} of {shape}, {labelled}; {len(data.test_images)} to test on"
    )
    print(_networks(config, networks))
    print(
        f"{config.train_iter} iterations, of which {min(config.warm_up, config.train_iter)} warm-up; "
        f"{number_of_draws(config)} draws, evaluations every {config.n_save}"
    )
    if config.minutes is not None:
        print(describe_choice(config))
    for line in announce(config, costs, found):
        print(line)
    if (warning := check_resources(found, _existing(Path(config.out_dir or ".")))) is not None:
        print(warning)


def _networks(config: Config, networks: tuple[keras.Model, keras.Model]) -> str:
    counts = config.num_mcmc * config.num_gen, config.num_mcmc * config.num_disc
    generators, discriminators = (
        f"{count} {player}{'s' * (count != 1)} of {network.count_params():,} numbers"
        for count, player, network in zip(
            counts, ("generator", "discriminator"), networks, strict=True
        )
    )
    chains = f"{config.num_mcmc} chain{'s' * (config.num_mcmc != 1)}"
    return f"{chains}: {generators}, {discriminators}"


def _existing(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(place for place in (path, *path.resolve().parents) if place.is_dir())


def _bytes(number: int) -> str:
    return (
        f"{number / 2**30:.1f} GiB" if number >= 2**29 else f"{max(1, round(number / 2**20))} MiB"
    )
