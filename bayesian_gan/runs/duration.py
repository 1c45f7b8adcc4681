"""How long a run takes, from what its parts cost; and the numbers with which it takes as long as it shall."""

import bisect
import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config

# What `--minutes` chooses. Shares of the warm-up, such as --cosine_from, stay as they are.
SCALED = ("train_iter", "warm_up", "collect_every", "n_save", "consistency_ramp")
HEALTH_EVERY = 100
# Fewer iterations between evaluations would make a run one of evaluations.
LEAST_SAVE = 10
# That a run is scaled by: two thirds of a percent apart.
_FACTORS = tuple(math.exp(k / 150.0) for k in range(-1700, 1400))


@dataclass(frozen=True)
class Costs:
    """Seconds of each part of a run.

    Attributes:
        start: until the first iteration: networks are built, functions traced.
        warm_up: an iteration of the warm-up.
        sampling: an iteration after it.
        baseline: an iteration of the supervised baseline; 0 without labels.
        evaluation: of the current networks on the test images, at a save.
        pictures: grids at a save.
        health: one measurement of the samplers.
        draw: one draw collected, and a checkpoint alike.
        prediction: of all discriminators of one draw, of all test images, at the end.
    """

    start: float = 0.0
    warm_up: float = 0.0
    sampling: float = 0.0
    baseline: float = 0.0
    evaluation: float = 0.0
    pictures: float = 0.0
    health: float = 0.0
    draw: float = 0.0
    prediction: float = 0.0


def expected_seconds(config: Config, costs: Costs, made: int = 0) -> float:
    """Of a run from an iteration on, its evaluations and its end included.

    Args:
        config: resolved flags.
        costs: of its parts.
        made: iterations that it has made already.
    """
    last, warm_up = config.train_iter, min(config.warm_up, config.train_iter)
    warming = max(0, warm_up - made)
    sampling = last - max(made, warm_up)
    saves = -(-last // config.n_save) - made // config.n_save
    draws = number_of_draws(config) - max(0, made - warm_up) // config.collect_every
    checkpoints = (last - made) // config.checkpoint_every + 2
    return (
        costs.start
        + warming * costs.warm_up
        + sampling * costs.sampling
        + (last - made) * costs.baseline
        + saves * (costs.evaluation + costs.pictures)
        + (last - made) // HEALTH_EVERY * costs.health
        + (draws + checkpoints) * costs.draw
        + end_seconds(config, costs)
    )


def end_seconds(config: Config, costs: Costs) -> float:
    """Of the end: the baseline, each discriminator, their average; and every draw."""
    return 2 * costs.evaluation + number_of_draws(config) * costs.prediction


def number_of_draws(config: Config) -> int:
    """Collected by a run, whether or not all are kept."""
    return max(0, config.train_iter - config.warm_up) // config.collect_every


def chosen(config: Config, costs: Costs, seconds: float, given: Collection[str]) -> Config:
    """The run of a configuration's proportions that takes that long, or a little less.

    Args:
        config: resolved flags; its numbers of iterations say the proportions.
        costs: of its parts.
        seconds: that are left for it.
        given: names of flags that stand on the command line and stay, of `SCALED`.

    Raises:
        InputError: the shortest such run takes longer.
    """
    shortest = scaled(config, _FACTORS[0], given)
    least = expected_seconds(shortest, costs)
    if least > seconds:
        more = (least - seconds) / 60.0
        assert config.minutes is not None
        raise InputError(
            f"--minutes {config.minutes:g}: too few here to begin, evaluate and end a run; give at least "
            f"{math.ceil(10.0 * (config.minutes + more)) / 10.0:g}, or smaller networks"
        )
    # One by one: in round numbers a run of more iterations may take less, by fewer evaluations.
    runs = (scaled(config, factor, given) for factor in _FACTORS)
    taken = ((expected_seconds(run, costs), run) for run in runs)
    fitting = (pair for pair in taken if pair[0] <= seconds)
    _, longest = max(fitting, key=lambda pair: pair[0], default=(least, shortest))
    return _filled(longest, costs, seconds)


def _filled(config: Config, costs: Costs, seconds: float) -> Config:
    """With a longer warm-up, for the time that round numbers have left over."""
    unit = math.gcd(config.warm_up, config.train_iter, config.n_save, config.collect_every)
    if not config.warm_up:
        return config

    def longer(units: int) -> Config:
        more = unit * units
        return replace(config, warm_up=config.warm_up + more, train_iter=config.train_iter + more)

    most = config.train_iter // unit
    fitting = bisect.bisect_right(
        range(1, most + 1), seconds, key=lambda units: expected_seconds(longer(units), costs)
    )
    return longer(fitting)


def rechosen(config: Config, made: int, seconds: float, each: float) -> Config:
    """The run with another warm-up from here on, as many draws as before, that takes so long.

    What it has made is what the new one makes up to there: the warm-up is long enough for its learning rate
    to be constant till now.

    Args:
        config: resolved flags.
        made: iterations of the warm-up that it has made.
        seconds: that are left for its iterations.
        each: seconds of an iteration, with all that belongs to it.
    """
    unit = math.gcd(config.warm_up, config.train_iter, config.n_save, config.collect_every)
    after = config.train_iter - config.warm_up
    fitting = math.floor((made + seconds / each - after) / unit)
    least = math.ceil(made / (config.cosine_from or 1.0) / unit)
    warm_up = unit * max(fitting, least)
    return replace(config, warm_up=warm_up, train_iter=warm_up + after)


def scaled(config: Config, factor: float, given: Collection[str] = ()) -> Config:
    """A configuration whose numbers of iterations are multiplied, in round numbers.

    All are multiples of one number, which up to 20 iterations of a call of the step divide.

    Args:
        config: resolved flags.
        factor: more than 0.
        given: names of flags that stay.
    """
    if "collect_every" in given:
        collect_every = config.collect_every
    else:
        collect_every = _rounded(config.collect_every * factor)
    unit = collect_every if collect_every < 20 else 10 if collect_every % 10 == 0 else 5

    def multiple(iterations: int, least: int = 1) -> int:
        return unit * max(-(-least // unit), round(iterations * factor / unit))

    warm_up = multiple(config.warm_up) if config.warm_up else 0
    draws = number_of_draws(config)
    if draws and "collect_every" not in given:
        train_iter = warm_up + draws * collect_every
    elif draws:
        rest = (config.train_iter - config.warm_up) * factor
        train_iter = warm_up + collect_every * max(1, round(rest / collect_every))
    else:
        train_iter = max(warm_up, multiple(config.train_iter))
    return replace(
        config,
        collect_every=collect_every,
        warm_up=warm_up,
        train_iter=train_iter,
        n_save=config.n_save if "n_save" in given else multiple(config.n_save, LEAST_SAVE),
        consistency_ramp=config.consistency_ramp
        if "consistency_ramp" in given
        else round(config.consistency_ramp * factor),
    )


def _rounded(iterations: float) -> int:
    """To whole iterations, to fives from 20 on, and to tens from 100 on."""
    unit = 1 if iterations < 20 else 5 if iterations < 100 else 10
    return max(1, unit * round(iterations / unit))
