"""What the parts of a run cost here: some steps are timed, and the state is put back as it was."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.ticks import ticks
from bayesian_gan.monitoring.health import HealthMeter
from bayesian_gan.monitoring.health_log import PROBE_IMAGES
from bayesian_gan.monitoring.positions import Positions
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.state import assign_state, read_state, state_variables
from bayesian_gan.runs.build import build_model, build_supervised
from bayesian_gan.runs.duration import Costs
from bayesian_gan.runs.fit import partial_labels

BATCH = 500
# Of a run that only announces what it will take.
FEW_SECONDS = 1.5
# Of the time that the run itself will take, so that a short one begins at once.
SHARE = 0.02
# Of the time that parts need to be made and traced, what the same parts need a second time: about 24 of 38 s
# on two loaded cores, for --preset laptop on the digits. TensorFlow starts once.
AGAIN = 0.65
# Where nothing else is measured: what a measurement of the samplers takes, in steps, and a file, in seconds.
HEALTH_STEPS, FILE_SECONDS, PICTURE_SECONDS = 1.5, 0.05, 0.03


@dataclass(frozen=True)
class Parts:
    """What is timed: a run's own parts, or such as are made for it."""

    config: Config
    data: ImageData
    split: LabelSplit | None
    model: BayesianGAN
    supervised: SupervisedBaseline | None


def measure(
    parts: Parts, seconds: float = FEW_SECONDS, iterations: int | None = None
) -> Costs | None:
    """Times the parts of a run; afterwards their state is what it was, to the last bit.

    What the first call of each takes, which is traced, is not counted. The traced functions stay.

    Args:
        parts: at any iteration.
        seconds: for the steps of the warm-up, and as many again for those after it; at least one is timed.
        iterations: that the run will make; the steps that are timed take at most `SHARE` of their time. None
            for no such limit.

    Returns:
        None where a step was not finite: the training will say so.
    """
    try:
        with _put_back(parts):
            return _measure(parts, seconds, iterations)
    except (tf.errors.OpError, FloatingPointError):
        return None


def measure_apart(
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    strategy: tf.distribute.Strategy | None,
    seconds: float,
) -> Costs | None:
    """Times parts that are made for it and thrown away; `start` is what making and tracing the run's will take.

    Args:
        config: resolved flags.
        data: of the run.
        split: the labelled examples; None without labels.
        strategy: of the run.
        seconds: see `measure`.
    """
    begun = time.monotonic()
    probe = replace(
        config, collect_every=10, n_save=10, train_iter=20, warm_up=10 * bool(config.warm_up)
    )
    model = build_model(probe, data, 0, strategy)
    parts = Parts(probe, data, split, model, build_supervised(probe, data, split))
    building = time.monotonic() - begun
    costs = measure(parts, seconds)
    if costs is None:
        return None
    health, tracing = _health(parts)
    return replace(costs, start=AGAIN * (building + costs.start + tracing), health=health)


@contextmanager
def _put_back(parts: Parts) -> Iterator[None]:
    variables = state_variables(parts.model, parts.supervised)
    state = read_state(variables)
    baseline = parts.supervised
    iteration, loss = (baseline.iteration, baseline.loss) if baseline else (0, 0.0)
    try:
        yield
    finally:
        assign_state(variables, state, "the state before some steps were timed")
        if baseline is not None:
            baseline.iteration, baseline.loss = iteration, loss


def _measure(parts: Parts, seconds: float, iterations: int | None) -> Costs:
    config, model = parts.config, parts.model
    model.hold(
        parts.data.images,
        partial_labels(parts.data, parts.split),
        batch_size=config.batch_size,
        labelled_batch_size=config.labelled_batch_size,
    )
    model.make_train_function()
    tracing, _ = _timed(lambda: _iterate(model, 1))
    _switch(model, 0)
    warm_up = _step_seconds(model, seconds, iterations)
    _switch(model, config.warm_up)
    sampling = _step_seconds(model, seconds, iterations)
    baseline, tracing_baseline = _baseline(parts, seconds)
    evaluation, prediction, tracing_evaluation = _evaluation(parts)
    pictures = 0.0
    if config.save_samples:
        _timed(lambda: model.generate(25, 0))
        one, _ = _timed(lambda: model.generate(25, 0))
        pictures = len(model.generators) * (one + PICTURE_SECONDS)
    numbers = sum(network.count_params() for network in (*model.generators, *model.discriminators))
    return Costs(
        start=tracing + tracing_baseline + tracing_evaluation,
        warm_up=warm_up,
        sampling=sampling,
        baseline=baseline,
        evaluation=evaluation,
        pictures=pictures,
        health=HEALTH_STEPS * sampling,
        draw=FILE_SECONDS + numbers * 4 / 2e8,
        prediction=prediction,
    )


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.monotonic()
    result = function()
    return time.monotonic() - begun, result


def _iterate(model: BayesianGAN, count: int) -> None:
    """Makes so many iterations, up to those of a call of the step; a whole call under a strategy."""
    iterator = iter(ticks(count))
    for _ in range(count if model.steps_per_execution == 1 else 1):
        model.train_function(iterator)
    model.iteration.numpy()  # Waits until it is done.


def _switch(model: BayesianGAN, iteration: int) -> None:
    """Has the optimizers take this for their iteration: before the end of the warm-up, or after it."""
    for optimizer in (*model.generator_optimizers, *model.discriminator_optimizers):
        optimizer.iterations.assign(iteration)


def _step_seconds(model: BayesianGAN, seconds: float, iterations: int | None) -> float:
    """Of one iteration, in calls that grow up to those of the run; see `measure`."""
    _iterate(model, 1)
    count, spent, made = 1, 0.0, 0
    while True:
        before = int(model.iteration.numpy())
        took, _ = _timed(lambda count=count: _iterate(model, count))  # type: ignore[misc]
        spent, made = spent + took, made + int(model.iteration.numpy()) - before
        if iterations is not None:
            seconds = min(seconds, SHARE * iterations * spent / made)
        if spent >= seconds or made >= 200:
            return spent / made
        whole = int((seconds - spent) / (spent / made))
        if whole < 1:
            return spent / made
        count = min(model.steps_per_execution, max(count, whole))


def _baseline(parts: Parts, seconds: float) -> tuple[float, float]:
    """Seconds of an iteration of the baseline, and of its tracing."""
    baseline = parts.supervised
    if baseline is None:
        return 0.0, 0.0
    first = baseline.iteration
    tracing, _ = _timed(lambda: baseline.train_to(first + 1))
    count = 5 if seconds <= FEW_SECONDS else 50
    took, _ = _timed(lambda: baseline.train_to(first + 1 + count))
    made = baseline.iteration - first - 1  # One that has converged makes none.
    return (took / made if made else 0.0), tracing


def _evaluation(parts: Parts) -> tuple[float, float, float]:
    """Seconds of an evaluation of the current networks, of the discriminators' part of it, and of tracing."""
    images, baseline = parts.data.test_images[:BATCH], parts.supervised
    if baseline is None or not len(images):
        return 0.0, 0.0, 0.0
    share = len(parts.data.test_images) / len(images)
    tracing, _ = _timed(lambda: (parts.model.predict_on_batch(images), baseline.predict(images)))
    members, _ = _timed(lambda: parts.model.predict_on_batch(images))
    supervised, _ = _timed(lambda: baseline.predict(images))
    return share * (members + supervised), share * members, tracing


def _health(parts: Parts) -> tuple[float, float]:
    """Seconds of a measurement of the samplers, and of its tracing."""
    images = parts.data.test_images[:PROBE_IMAGES]
    if not len(images):
        images = parts.data.images[:PROBE_IMAGES]
    meter = HealthMeter(parts.model, images, Positions(parts.model))
    tracing, _ = _timed(lambda: meter.measure(0))
    later, _ = _timed(lambda: meter.measure(1))
    return later, tracing
