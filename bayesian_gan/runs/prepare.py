"""A run that is about to train: its parts, new or brought to the last checkpoint."""

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path

import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.content import data_checksum
from bayesian_gan.data.splits import LabelSplit, save_split
from bayesian_gan.errors import InputError
from bayesian_gan.gan import replicas
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.monitoring import (
    Evaluate,
    events,
)
from bayesian_gan.monitoring.health_log import FUNCTIONALS_FILE, HEALTH_FILE
from bayesian_gan.monitoring.positions import Positions
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.options.config import Config
from bayesian_gan.options.own_preset import describe_preset
from bayesian_gan.posterior import Posterior
from bayesian_gan.reliability.checkpoint import Checkpoint, Checkpoints
from bayesian_gan.reliability.keeper import Identity, Keeper
from bayesian_gan.reliability.signals import Interruption
from bayesian_gan.reliability.writes import Writes
from bayesian_gan.runs.build import build_model, build_supervised
from bayesian_gan.runs.folder import (
    SNAPSHOTS,
    SPLIT_FILE,
    describe_data,
    describe_run,
)
from bayesian_gan.runs.kept_labels import keep_labels
from bayesian_gan.runs.misfit import misfit
from bayesian_gan.runs.resume import configuration_checksum
from bayesian_gan.runs.start_from import Start
from bayesian_gan.runs.together import build_together, give_state
from bayesian_gan.storage import read_json, remove_parts


@dataclass
class Prepared:
    """A run that is about to train: its parts, at the iteration where it begins or goes on.

    Attributes:
        posterior: what is collected; with `--swag` the snapshots, until the end draws from their Gaussian.
        saved: iteration of the last checkpoint, or None.
        expected: seconds of an iteration with all that belongs to it; None where that is not known.
        begun: when the parts began to be built, by `time.monotonic`.
        tail: seconds of the run's end, as far as they are known.
    """

    config: Config
    data: ImageData
    split: LabelSplit | None
    folder: Path
    log: logging.Logger
    interruption: Interruption
    model: BayesianGAN
    supervised: SupervisedBaseline | None
    posterior: Posterior
    evaluate: Evaluate
    event_file: events.EventFile
    keeper: Keeper
    writes: Writes
    positions: Positions
    begun: float
    grids: list[Path] = field(default_factory=list)
    saved: int | None = None
    expected: float | None = None
    tail: float = 0.0

    @property
    def iteration(self) -> int:
        """Iterations made."""
        return int(self.model.iteration.numpy())


def prepare(
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    folder: Path,
    begun: bool,
    log: logging.Logger,
    interruption: Interruption,
    strategy: tf.distribute.Strategy | None,
    start_from: Start | None = None,
    again: bool = False,
) -> Prepared:
    """Builds a run's parts, and brings them to the last checkpoint of a run that goes on.

    Args:
        config: resolved flags.
        data: of `config.dataset`.
        split: the labelled examples; None without labels.
        folder: of the run, which this process has locked.
        begun: whether the run goes on, rather than begins.
        log: of the run.
        interruption: which signals set.
        strategy: whose replicas share each step; None for one device.
        start_from: what the networks of a new run begin with; None for new weights.
        again: whether this process has made the parts of this run before, and said what there is to say.

    Raises:
        InputError: the folder holds another run's, or later, state, or none that is whole.
        OSError: it cannot be written.
    """
    since = time.monotonic()
    if not begun:
        started_from = None if start_from is None else start_from.description
        describe_run(folder, config, started_from)
        describe_data(folder, data)
        keep_labels(folder, config)
    for place in (folder, folder / "posterior", folder / SNAPSHOTS, folder / "tensorboard"):
        remove_parts(place)
    if not again:
        for line in (data.provenance, *data.notes):
            log.info(line)
        if config.preset is not None:
            log.info(describe_preset(config, data.images.shape[1:]))
    checkpoint = Checkpoints(folder / "checkpoints").load_newest(log) if begun else None
    start = 0 if checkpoint is None else checkpoint.iteration
    if start > config.train_iter:
        raise InputError(
            f"{folder}: has made {start} iterations already; give a larger --train_iter than "
            f"{config.train_iter}"
        )
    model = build_together(
        lambda start: build_model(config, data, start, strategy), config, data, start, strategy
    )
    seconds = 0.0 if checkpoint is None else checkpoint.manifest["seconds"]
    run = _with_parts(config, data, split, folder, log, interruption, model, seconds, since)
    _restore(run, checkpoint)
    if checkpoint is None and start_from is not None:
        start_from.give(model)
        log.info(f"begins with the weights of {start_from.run}, iteration {start_from.iteration}")
    give_state(model, strategy)
    if begun and not again:
        describe_run(folder, config)
        describe_data(folder, data)
        log.info(f"resumed {folder} after iteration {start}")
    if checkpoint is None:
        run.event_file.write(0, *events.configuration(config.to_json()))
    if split is not None:
        save_split(folder / SPLIT_FILE, split)
    if not again:
        _announce(run)
    return run


def _with_parts(
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    folder: Path,
    log: logging.Logger,
    interruption: Interruption,
    model: BayesianGAN,
    seconds: float,
    since: float,
) -> Prepared:
    """The parts around a model as it was built from `since` on; `seconds` of training were before."""
    collected = folder / ("posterior" if config.swag is None else SNAPSHOTS)
    posterior = Posterior.reopen(collected, model, config.max_samples)
    supervised = build_supervised(config, data, split)
    # Of several processes none may leave the training alone.
    breaks = None if replicas.is_multiworker(model.strategy) else interruption
    evaluate = Evaluate(data.test_images, data.test_labels, supervised, seconds, breaks)
    event_file = events.EventFile(folder / "tensorboard")
    labels = () if split is None else (split.labels, split.images)
    positions = Positions(model)
    keeper = Keeper(
        folder,
        model,
        supervised,
        posterior,
        Identity(
            configuration_checksum(config),
            data_checksum(data.images, data.test_images, *labels),
            read_json(folder / "config.json").get("before"),
        ),
        [folder / name for name in ("log.csv", HEALTH_FILE, FUNCTIONALS_FILE)] + [event_file.path],
        lambda: evaluate.seconds,
        config.warm_up,
        positions,
    )
    return Prepared(
        config,
        data,
        split,
        folder,
        log,
        interruption,
        model,
        supervised,
        posterior,
        evaluate,
        event_file,
        keeper,
        Writes(log),
        positions,
        since,
    )


def _restore(run: Prepared, checkpoint: Checkpoint | None) -> None:
    """Brings the parts to a checkpoint; without one, the folder to the beginning."""
    if checkpoint is not None:
        run.keeper.check(checkpoint, run.log)
        run.saved = checkpoint.iteration
    for problem in run.posterior.set_aside_damaged():
        run.log.warning(problem)
    run.keeper.restore(checkpoint, run.log)


def _announce(run: Prepared) -> None:
    """Says what the run learns from, what it will lack, and where it writes."""
    config, data, split, log = run.config, run.data, run.split, run.log
    if split is not None:
        log.info(f"{len(split.indices)} labelled examples: {split.name}")
        if config.label_folds > 1:
            withheld = len(split.indices) // config.label_folds
            log.info(
                f"each chain learns without {withheld} of them, by which probabilities are calibrated "
                f"(--label_folds {config.label_folds}; 1 for all labels)"
            )
        if not data.has_test:
            log.info("no test set: nothing is held out, and no error will be measured")
        if config.class_frequencies > 0 and data.all_labelled:
            found = misfit(split.labels, data.labels, data.class_names)
            if found is not None:
                log.warning(found)
    if config.first_collection > config.train_iter:
        log.warning(
            f"no posterior sample will be collected: the first is due at iteration "
            f"{config.first_collection}, and --train_iter is {config.train_iter}"
        )
    log.info(f"results in {run.folder}")
