"""One run from its configuration: prepared, trained, evaluated, its files written."""

import gc
import time
from collections.abc import Callable, Collection
from pathlib import Path

import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.gan import replicas
from bayesian_gan.gan.graphs import freed_graphs
from bayesian_gan.options.config import Config
from bayesian_gan.reliability.lock import RunLock
from bayesian_gan.reliability.signals import Interruption
from bayesian_gan.runs.finish import finish
from bayesian_gan.runs.folder import (
    close_logger,
    create_run_folder,
    describe_length,
    run_logger,
)
from bayesian_gan.runs.foresee import foresee
from bayesian_gan.runs.machine import check_machine
from bayesian_gan.runs.plan import describe_choice, with_minutes
from bayesian_gan.runs.prepare import Prepared, prepare
from bayesian_gan.runs.resume import configuration_checksum, resume_command
from bayesian_gan.runs.start_from import read_start
from bayesian_gan.runs.train import train
from bayesian_gan.storage import written


@freed_graphs()
def run(
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    folder: Path | None = None,
    strategy: tf.distribute.Strategy | None = None,
    *,
    given: Collection[str] = (),
    started: float | None = None,
) -> Path:
    """Trains, collects and evaluates; returns the run's folder. What it traced is freed.

    Args:
        config: resolved flags.
        data: of `config.dataset`.
        split: the labelled examples; None without labels (`--nosemi`).
        folder: of a run that goes on; None begins a new one in `config.out_dir`.
        strategy: of `config.strategy`; of several processes this is the chief, and the others are workers.
        given: names of the flags that stand on the command line, which `--minutes` leaves alone.
        started: when the program was, by `time.monotonic`, for `--minutes`; now by default.

    Raises:
        InputError: networks of this configuration cannot be built for these images, the machine does not
            suffice, or the folder cannot be written or belongs to another process or configuration.
        RunStopped: by a signal, by a number that was not finite, or because something could not be written.
    """
    begun = folder is not None
    started = time.monotonic() if started is None else started
    if config.minutes is not None and not begun:
        config, _ = with_minutes(config, data, split, strategy, given, started)
    start = None if begun else read_start(config, data)
    warning = check_machine(config, data, split, folder)
    with written(folder or config.out_dir, "make room, or give another --out_dir"):
        folder = folder or create_run_folder(config)
        lock = RunLock(folder)
    log = run_logger(folder)
    try:
        with Interruption(resume_command(folder)) as interruption:
            if lock.stale is not None:
                log.warning(f"{lock.describe_stale()} left without letting go of the run")
            if warning is not None:
                log.warning(warning)

            def prepared(config: Config, again: bool) -> Prepared:
                with written(folder, "make room, or give another --out_dir"):
                    parts = (data, split, folder, begun or again, log, interruption, strategy)
                    return prepare(config, *parts, start, again)

            trained = _trained(prepared, config, None if begun else _deadline(config, started))
            try:
                finish(trained)
            finally:
                if replicas.is_multiworker(strategy):
                    replicas.meet(strategy)  # Till now the others have waited.
            return folder
    finally:
        close_logger(log)
        lock.release()


def _trained(
    prepared: Callable[[Config, bool], Prepared], config: Config, deadline: float | None
) -> Prepared:
    """Prepares a run and trains it to its end; anew from where it is, if its length was chosen anew.

    Args:
        prepared: the run of a configuration, and whether it was prepared before.
        config: resolved flags.
        deadline: see `train`.
    """
    again = False
    while True:
        run = prepared(config, again)
        foresee(run)
        chosen = train(run, deadline)
        if chosen is None:
            return run
        _lengthen(run, chosen)
        config, again = chosen, True
        del run
        gc.collect()  # The graphs of the networks are made once more.


def _deadline(config: Config, started: float) -> float | None:
    """When a run of so many minutes shall end, by `time.monotonic`."""
    return None if config.minutes is None else started + 60.0 * config.minutes


def _lengthen(run: Prepared, chosen: Config) -> None:
    """Writes down, and says, that a run goes on with another length."""
    with written(run.folder, "make room"):
        describe_length(run.folder, chosen, configuration_checksum(run.config))
    run.log.info(
        f"the machine is faster or slower than when steps were timed: {describe_choice(chosen)}"
    )
