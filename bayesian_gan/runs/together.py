"""What the processes of one training do together, beside its steps: they build, agree and part."""

from collections.abc import Callable

import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.content import data_checksum
from bayesian_gan.errors import LOST_STATUS, InputError, RunStopped
from bayesian_gan.gan import replicas
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.state import state_variables
from bayesian_gan.runs.resume import configuration_checksum
from bayesian_gan.storage import json_checksum


def build_together(
    build: Callable[[int], BayesianGAN],
    config: Config,
    data: ImageData,
    start: int,
    strategy: tf.distribute.Strategy | None,
) -> BayesianGAN:
    """The model, of every process alike.

    Args:
        build: makes it, compiled, given the iteration at which training goes on.
        config: resolved flags.
        data: the data set.
        start: that iteration, as this process knows it; the chief's counts.
        strategy: of the training.

    Raises:
        InputError: another process was started with other flags or has other data.
    """
    if strategy is None or not replicas.is_multiworker(strategy):
        return build(start)
    start = replicas.gather(strategy, start)[0]
    model = build(start)
    # These may differ between runs, but not between the processes of one.
    together = [config.train_iter, model.steps_per_execution]
    checksums = [configuration_checksum(config), data_checksum(data.images)]
    own = int(json_checksum([*checksums, *together])[:15], 16)
    if len(set(replicas.gather(strategy, own))) > 1:
        raise InputError(
            "the processes of TF_CONFIG have other flags or other data than each other: start all of them with "
            "the same command and data, and correct what differs"
        )
    return model


def give_state(model: BayesianGAN, strategy: tf.distribute.Strategy | None) -> None:
    """Gives all processes the state of the chief; called by all."""
    if strategy is not None and replicas.is_multiworker(strategy):
        replicas.broadcast(strategy, list(state_variables(model, None).values()))


def lost(error: tf.errors.OpError, command: str) -> RunStopped:
    """What is said where another process is gone.

    Args:
        error: of TensorFlow.
        command: with which the run goes on.
    """
    reason = next(line for line in reversed(str(error.message).split("\n")) if line.strip())
    return RunStopped(
        "a process that trained together with this one was lost, or cannot be reached; start all of them again "
        f"with: {command} ({reason.strip()[:160]})",
        LOST_STATUS,
    )
