"""One run from its configuration: data, model, training, evaluation, files."""

import contextlib
import logging
import math
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.content import data_checksum
from bayesian_gan.data.source import is_mapped
from bayesian_gan.data.splits import LabelSplit, save_split
from bayesian_gan.errors import UNWRITTEN_STATUS, InputError, RunStopped
from bayesian_gan.evaluation import Classification, classification
from bayesian_gan.gan import replicas
from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.minibatch import UNLABELLED
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Objective, Paper, Wasserstein
from bayesian_gan.gan.priors import Normal
from bayesian_gan.gan.terms import Term
from bayesian_gan.gan.terms.class_frequencies import misfit
from bayesian_gan.monitoring import (
    CollectPosteriorDraws,
    CsvLog,
    Evaluate,
    ProgressBar,
    SamplerHealth,
    SaveGrids,
    SaveResults,
    Saves,
    SaveWeights,
    TensorBoardScalars,
    events,
)
from bayesian_gan.monitoring.health_log import FUNCTIONALS_FILE, HEALTH_FILE
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.options.config import Config
from bayesian_gan.options.presets import describe_preset
from bayesian_gan.posterior import Posterior
from bayesian_gan.reliability.checkpoint import Checkpoint, Checkpoints
from bayesian_gan.reliability.environment import NetworkSize, check_resources, needs
from bayesian_gan.reliability.finite import FiniteCheck, NotFiniteError
from bayesian_gan.reliability.keeper import CheckFinite, Identity, Keeper, KeepRun, StopTogether
from bayesian_gan.reliability.lock import RunLock
from bayesian_gan.reliability.signals import Interruption
from bayesian_gan.reliability.state import restart_member
from bayesian_gan.reliability.writes import Writes
from bayesian_gan.runs.folder import (
    SPLIT_FILE,
    close_logger,
    create_run_folder,
    describe_data,
    describe_run,
    run_logger,
)
from bayesian_gan.runs.resume import configuration_checksum, resume_command
from bayesian_gan.runs.together import build_together, give_state, lost
from bayesian_gan.samplers import SGHMC, WarmStart
from bayesian_gan.samplers.schedules import SaturatingDecay
from bayesian_gan.storage import remove_parts, write_json

BETA_1 = 0.5
AUTHORS_MOMENTUM = 0.5
MAX_STEPS_PER_EXECUTION = 20


@dataclass(frozen=True)
class Summary:
    """What a run found; `summary.json`.

    Attributes:
        iteration: of the weights; less than --train_iter where the run was stopped.
        num_labelled: N, or 0 without labels.
        split: the label split's name, or None.
        seconds: of training, with its evaluations.
        num_samples: discriminator samples collected.
        supervised: of the supervised CNN on the same labels.
        single: of the last discriminator alone, as it is at the end.
        ensemble: of the average over the current discriminators, which is all that an ensemble of maximum-
            likelihood networks has; None where there is one only.
        posterior: of the average over everything collected; None where nothing was.
    """

    iteration: int
    num_labelled: int
    split: str | None
    seconds: float
    num_samples: int
    supervised: Classification | None
    single: Classification | None
    ensemble: Classification | None
    posterior: Classification | None

    def to_json(self) -> dict[str, Any]:
        """The file's contents; `posterior` also holds `num_samples`."""
        result: dict[str, Any] = {
            "iteration": self.iteration,
            "num_labelled": self.num_labelled,
            "split": self.split,
            "seconds": round(self.seconds, 3),
        }
        for name in ("supervised", "single", "ensemble"):
            score = getattr(self, name)
            result[name] = score.to_json() if score else None
        score = self.posterior.to_json() if self.posterior else {}
        result["posterior"] = {**score, "num_samples": self.num_samples}
        return result


def run(
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    folder: Path | None = None,
    strategy: tf.distribute.Strategy | None = None,
) -> Path:
    """Trains, collects and evaluates; returns the run's folder.

    Args:
        config: resolved flags.
        data: of `config.dataset`.
        split: the labelled examples; None without labels (`--nosemi`).
        folder: of a run that goes on; None begins a new one in `config.out_dir`.
        strategy: of `config.strategy`; of several processes this is the chief, and the others `follow`.

    Raises:
        InputError: networks of this configuration cannot be built for these images, the machine does not
            suffice, or the folder cannot be written or belongs to another process or configuration.
        RunStopped: by a signal, by a number that was not finite, or because something could not be written.
    """
    begun = folder is not None
    warning = _check_machine(config, data, split, folder)
    try:
        folder = folder or create_run_folder(config)
        lock = RunLock(folder)
    except OSError as error:
        raise InputError(f"{folder or config.out_dir}: cannot write there ({error})") from error
    log = run_logger(folder)
    try:
        with Interruption(resume_command(folder)) as interruption:
            if lock.stale is not None:
                log.warning(f"{lock.describe_stale()} left without letting go of the run")
            if warning is not None:
                log.warning(warning)
            try:
                prepared = _prepare(config, data, split, folder, begun, log, interruption, strategy)
            except OSError as error:
                raise InputError(f"{folder}: cannot write there ({error})") from error
            _train(prepared)
            try:
                _finish(prepared)
            finally:
                if replicas.is_multiworker(strategy):
                    replicas.meet(strategy)  # Till now the others have waited.
            return folder
    finally:
        close_logger(log)
        lock.release()


def _check_machine(
    config: Config, data: ImageData, split: LabelSplit | None, folder: Path | None
) -> str | None:
    """Compares the run's needs with the machine; see `check_resources`."""
    generator, discriminator = (_size(network) for network in build_networks(config, data))
    found = needs(
        config,
        generator,
        discriminator,
        sum(a.nbytes for a in (data.images, data.test_images) if not is_mapped(a)),
        0 if split is None else len(split.labels),
    )
    if folder is None:
        return check_resources(found, Path(config.out_dir or "."))
    there = sum(path.stat().st_size for path in folder.rglob("*.npz"))
    return check_resources(found, folder, there)


def _size(network: keras.Model) -> NetworkSize:
    outputs = sum(
        math.prod(tensor.shape[1:])
        for layer in network.layers
        for tensor in keras.tree.flatten(layer.output)
    )
    return NetworkSize(network.count_params(), outputs)


@dataclass
class Prepared:
    """A run that is about to train: its parts, at the iteration where it begins or goes on."""

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
    checkpoint: Checkpoint | None
    grids: list[Path] = field(default_factory=list)
    saved: int | None = None

    @property
    def iteration(self) -> int:
        """Iterations made."""
        return int(self.model.iteration.numpy())


def _prepare(
    config: Config,
    data: ImageData,
    split: LabelSplit | None,
    folder: Path,
    begun: bool,
    log: logging.Logger,
    interruption: Interruption,
    strategy: tf.distribute.Strategy | None,
) -> Prepared:
    """Builds a run's parts, and brings them to the last checkpoint of a run that goes on."""
    if not begun:
        describe_run(folder, config)
        describe_data(folder, data)
    for place in (folder, folder / "posterior", folder / "tensorboard"):
        remove_parts(place)
    log.info(data.provenance)
    if config.preset is not None:
        log.info(describe_preset(config.preset, config.to_json()))
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
    posterior = Posterior.reopen(folder / "posterior", model, config.max_samples)
    supervised = _supervised(config, data, split)
    seconds = 0.0 if checkpoint is None else checkpoint.manifest["seconds"]
    evaluate = Evaluate(data.test_images, data.test_labels, supervised, seconds)
    event_file = events.EventFile(folder / "tensorboard")
    labels = () if split is None else (split.labels, split.images)
    keeper = Keeper(
        folder,
        model,
        supervised,
        posterior,
        Identity(
            configuration_checksum(config), data_checksum(data.images, data.test_images, *labels)
        ),
        [folder / name for name in ("log.csv", HEALTH_FILE, FUNCTIONALS_FILE)] + [event_file.path],
        lambda: evaluate.seconds,
        config.warm_up,
    )
    if checkpoint is not None:
        keeper.check(checkpoint, log)
    for problem in posterior.set_aside_damaged():
        log.warning(problem)
    keeper.restore(checkpoint, log)
    give_state(model, strategy)
    if begun:
        describe_run(folder, config)
        describe_data(folder, data)
        log.info(f"resumed {folder} after iteration {start}")
    if checkpoint is None:
        event_file.write(0, *events.configuration(config.to_json()))
    if split is not None:
        save_split(folder / SPLIT_FILE, split)
        log.info(f"{len(split.indices)} labelled examples: {split.name}")
        if config.class_frequencies > 0:
            found = misfit(split.labels, data.labels, data.class_names)
            if found is not None:
                log.warning(found)
    if config.first_collection > config.train_iter:
        log.warning(
            f"no posterior sample will be collected: the first is due at iteration "
            f"{config.first_collection}, and --train_iter is {config.train_iter}"
        )
    log.info(f"results in {folder}")
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
        checkpoint,
        saved=None if checkpoint is None else start,
    )


def build_networks(config: Config, data: ImageData) -> tuple[keras.Model, keras.Model]:
    """The generator and the discriminator of a configuration, for images of the data's shape.

    Raises:
        InputError: they cannot be built for these images.
    """
    image_shape = data.images.shape[1:]
    num_classes = len(data.class_names) if config.semi else 1
    precision = "mixed_bfloat16" if config.mixed_precision else "float32"
    return (
        dcgan_generator(
            image_shape,
            config.z_dim,
            config.gf_dim,
            config.generator_layers or config.num_layers,
            precision,
            config.init,
        ),
        dcgan_discriminator(
            image_shape,
            num_classes,
            config.df_dim,
            config.num_layers,
            precision,
            config.init,
            config.input_noise,
            config.hidden_noise,
            critic=config.wasserstein,
            normalization="batch" if config.gradient_penalty is None else "layer",
            pooling=config.pooling,
        ),
    )


def build_model(
    config: Config,
    data: ImageData,
    start: int = 0,
    strategy: tf.distribute.Strategy | None = None,
) -> BayesianGAN:
    """The compiled model of a configuration, for images of the data's shape.

    Args:
        config: resolved flags.
        data: the data set.
        start: iteration at which training will go on; a call of the compiled step must not end beyond a save.
        strategy: whose replicas share each step; None for one device.

    Raises:
        InputError: networks of this configuration cannot be built for these images.
    """
    with contextlib.nullcontext() if strategy is None else strategy.scope():
        return _build_model(config, data, start)


def _build_model(config: Config, data: ImageData, start: int) -> BayesianGAN:
    num_data = len(data.images)
    generator, discriminator = build_networks(config, data)
    model = BayesianGAN(
        generator,
        discriminator,
        num_data=num_data,
        num_gen=config.num_gen,
        num_disc=config.num_disc,
        num_mcmc=config.num_mcmc,
        objective=build_objective(config),
        prior=None if config.maximum_likelihood else Normal(config.prior_std),
        terms=build_terms(config),
        generators_per_step=config.generators_per_step,
        pairs_per_step=config.pairs_per_step,
        noise=FallingNoise(config.final_noise, _constant_iterations(config), config.warm_up),
        chain_offset=config.chain_offset or 0,
        shards=config.shards,
        seed=config.random_seed,
    )
    model.compile(
        generator_optimizer=build_optimizer(config, num_data),
        discriminator_optimizer=build_optimizer(config, num_data),
        steps_per_execution=steps_per_execution(config, start),
        jit_compile=config.jit,
    )
    return model


def build_objective(config: Config) -> Objective:
    """What `--objective` and `--wasserstein` ask for."""
    if config.objective == "authors":
        return Authors()
    arguments = config.labelled_weight, config.pairing_reduction
    if config.objective == "wasserstein":
        return Wasserstein(config.weight_clip, *arguments)
    return Paper(*arguments)


def build_terms(config: Config) -> list[Term]:
    """The terms whose options are greater than 0, in the order of their declaration."""
    terms = []
    for path in TERMS:
        if (getattr(config, path[0]) or 0) > 0:
            module, _, name = path[1].partition(":")
            terms.append(getattr(import_module(module), name).from_options(config))
    return terms


TERMS = [
    ("feature_matching", "bayesian_gan.gan.terms.feature_matching:FeatureMatching"),
    ("gradient_penalty", "bayesian_gan.gan.terms.gradient_penalty:GradientPenalty"),
    ("entropy", "bayesian_gan.gan.terms.entropy:Entropy"),
    ("consistency", "bayesian_gan.gan.terms.consistency:Consistency"),
    ("class_frequencies", "bayesian_gan.gan.terms.class_frequencies:ClassFrequencies"),
]


def build_optimizer(config: Config, num_data: int) -> keras.optimizers.Optimizer:
    """Adam for the warm-up, then what `--objective` and `--optimizer` say; seeded by the model."""
    schedule = SaturatingDecay(config.lr, num_data / config.batch_size, decay=config.lr_decay)
    adam = keras.optimizers.Adam(_warm_up_schedule(config, schedule), beta_1=BETA_1)
    if config.optimizer == "adam":
        return adam
    friction, temperature = config.friction, config.temperature
    if not config.samples:
        # At temperature 0 SGHMC is SGD with momentum 1 - friction, which is what the program has.
        friction, temperature = 1.0 - AUTHORS_MOMENTUM, 0.0
    sampler = SGHMC(
        schedule if config.sampler_lr is None else config.sampler_lr,
        num_data,
        friction=friction,
        temperature=temperature,
        noise=config.noise,
        seed=config.random_seed,
    )
    return WarmStart(adam, sampler, config.warm_up)


def _warm_up_schedule(
    config: Config, schedule: keras.optimizers.schedules.LearningRateSchedule
) -> keras.optimizers.schedules.LearningRateSchedule:
    """What `--cosine_from` says: constant, then half a cosine down to 0 at the end of the warm-up."""
    if config.cosine_from is None:
        return schedule
    constant = _constant_iterations(config)
    return keras.optimizers.schedules.CosineDecay(
        config.lr, max(config.warm_up - constant, 1), warmup_target=config.lr, warmup_steps=constant
    )


def _constant_iterations(config: Config) -> int:
    """Iterations of the warm-up before the learning rate, and with it the noise, begins to fall."""
    return (
        config.warm_up if config.cosine_from is None else round(config.cosine_from * config.warm_up)
    )


def steps_per_execution(config: Config, start: int = 0) -> int:
    """Iterations in one call of the compiled step, so that saves, draws and the end fall on its end.

    Args:
        config: resolved flags.
        start: iteration at which training goes on.
    """
    common = math.gcd(config.n_save, config.train_iter, config.warm_up, config.collect_every, start)
    return max(k for k in range(1, MAX_STEPS_PER_EXECUTION + 1) if common % k == 0)


def _supervised(
    config: Config, data: ImageData, split: LabelSplit | None
) -> SupervisedBaseline | None:
    if split is None:
        return None
    return SupervisedBaseline(
        split.images,
        split.labels,
        num_classes=len(data.class_names),
        width=config.df_dim,
        learning_rate=config.lr,
        batch_size=config.batch_size,
        seed=config.random_seed,
        pooling=config.pooling,
    )


def _train(run: Prepared) -> None:
    """Trains to the last iteration, or until a signal stops it."""
    finite = FiniteCheck(run.model, run.supervised)
    restarted: set[tuple[str, int, int]] = set()
    while True:
        try:
            with finite.named():
                _fit(run, finite)
            return
        except NotFiniteError as found:
            _restart(run, found, restarted)
        except tf.errors.OpError as error:
            if not replicas.is_multiworker(run.model.strategy):
                raise
            raise lost(error, run.interruption.resume_command) from error


def _fit(run: Prepared, finite: FiniteCheck) -> None:
    config, writes = run.config, run.writes
    grids = SaveGrids(run.folder, run.data.images, run.event_file, writes)
    writers: list[keras.callbacks.Callback] = [
        run.evaluate,
        SaveResults(run.folder, writes),
        CsvLog(run.folder / "log.csv", writes),
        TensorBoardScalars(run.event_file, writes),
    ]
    if config.save_samples:
        writers.append(grids)
    if config.save_weights:
        writers.append(SaveWeights(run.folder, writes))
    saves = Saves(writers, config.n_save, config.train_iter, run.model)
    collect = CollectPosteriorDraws(run.posterior, config.warm_up, config.collect_every, writes)
    together = None
    if replicas.is_multiworker(run.model.strategy):
        together = StopTogether(run.model.stop_vote, run.interruption)
    keep = KeepRun(
        run.keeper,
        finite,
        writes,
        run.interruption,
        every=config.checkpoint_every,
        minutes=config.checkpoint_minutes,
        last=config.train_iter,
        saved=run.saved,
        together=together,
    )
    health = SamplerHealth(
        run.folder,
        run.data.test_images,
        None if run.split is None else run.data.test_labels,
        event_file=run.event_file,
        writes=writes,
    )
    steps = config.train_iter - run.iteration
    if steps:
        run.model.fit(
            run.data.images,
            partial_labels(run.data, run.split),
            batch_size=config.batch_size,
            labelled_batch_size=config.labelled_batch_size,
            steps_per_epoch=steps,
            callbacks=[
                *([] if together is None else [together]),
                CheckFinite(finite, collect.due, saves.due),
                health,
                collect,
                keep,
                ProgressBar(config.train_iter),
                saves,
            ],
            verbose=0,
        )
    else:
        saves.resume()
    run.saved, run.grids = keep.saved, grids.paths


def _restart(run: Prepared, found: NotFiniteError, restarted: set[tuple[str, int, int]]) -> None:
    """Goes back to the last checkpoint, with one network as it was when it was last collected.

    Raises:
        RunStopped: that is not asked for, or cannot help.
    """
    checkpoints = run.keeper.checkpoints
    hint = (
        f"the checkpoints in {checkpoints.folder} are finite; go on with a smaller --lr or --sampler_lr "
        "in a new run"
    )
    if run.config.on_nan == "stop":
        raise RunStopped(f"{found}; {hint}, or with --on_nan restart_member", found.status)
    checkpoint = checkpoints.load_newest(run.log)
    key = (found.player, found.member, checkpoint.iteration if checkpoint else -1)
    known = found.member >= 0
    drawn = run.posterior.member_weights(found.player, found.member) if known else None
    if checkpoint is None or drawn is None:
        raise RunStopped(
            f"{found}; --on_nan restart_member: no sample of it was collected, or it is not known which; "
            f"{hint}",
            found.status,
        )
    if key in restarted:
        raise RunStopped(f"{found}, again after it was restarted; {hint}", found.status)
    restarted.add(key)
    iteration, weights = drawn
    # What waits to be written was made after the checkpoint, and lies ahead again.
    run.writes.discard()
    run.keeper.restore(checkpoint, run.log)
    restart_member(run.model, found.player, found.member, weights)
    run.keeper.restarts.append(
        {
            "player": found.player,
            "member": found.member,
            "found": found.iteration,
            "checkpoint": checkpoint.iteration,
            "draw": iteration,
        }
    )
    run.saved = None  # So the state with the restart is saved as a beginning is.
    run.log.warning(
        f"{found}; back at iteration {checkpoint.iteration}, where {found.player} {found.member} starts "
        f"again from its sample of iteration {iteration}"
    )


def _finish(run: Prepared) -> None:
    """Evaluates, writes the summary, and reports, also on a run that a signal stopped.

    Raises:
        RunStopped: it was stopped, or something could not be written.
    """
    last, command = run.iteration, run.interruption.resume_command
    summary = _summarise(run)
    path = run.folder / "summary.json"
    run.writes.write(str(path), lambda: write_json(path, summary.to_json()))
    _report(run.log, summary, run.grids, run.folder)
    run.writes.clear()
    unwritten = list(run.writes.pending)
    if run.saved != last:
        unwritten.append(f"the checkpoint of iteration {last} (the last is of {run.saved})")
    if unwritten:
        named = ", ".join(
            [*unwritten[:3], *([f"{len(unwritten) - 3} more"] * (len(unwritten) > 3))]
        )
        problem = f"could not be written: {named}; make room or mend the permissions, then "
    else:
        problem = ""
    if run.interruption.signum is not None:
        reason = f"stopped by {run.interruption.name} after iteration {last}"
        raise RunStopped(f"{reason}; {problem}resume with: {command}", run.interruption.status)
    if unwritten:
        raise RunStopped(f"{problem}resume with: {command}", UNWRITTEN_STATUS)


def partial_labels(data: ImageData, split: LabelSplit | None) -> np.ndarray | None:
    """Labels of the split's examples, -1 elsewhere."""
    if split is None:
        return None
    labels = np.full(len(data.images), UNLABELLED, np.int32)
    labels[split.indices] = split.labels
    return labels


def _summarise(run: Prepared) -> Summary:
    seconds, posterior, split = run.evaluate.seconds, run.posterior, run.split
    iteration, num_samples = run.iteration, posterior.num_samples
    if split is None or run.supervised is None:
        return Summary(iteration, 0, None, seconds, num_samples, None, None, None, None)
    images, labels = run.data.test_images, run.data.test_labels
    run.supervised.train_to(iteration)
    average = classification(posterior.predict(images), labels) if num_samples else None
    singles = [run.model.predict_sample(images, i) for i in range(len(run.model.discriminators))]
    ensemble = classification(np.mean(singles, 0), labels) if len(singles) > 1 else None
    return Summary(
        iteration=iteration,
        num_labelled=len(split.indices),
        split=split.name,
        seconds=seconds,
        num_samples=num_samples,
        supervised=classification(run.supervised.predict(images), labels),
        single=classification(singles[-1], labels),
        ensemble=ensemble,
        posterior=average,
    )


def _report(log: logging.Logger, summary: Summary, grids: list[Path], folder: Path) -> None:
    """Prints where the pictures are and the table of test errors."""
    for path in grids:
        log.info(f"picture: {path}")
    rows = [
        ("supervised CNN on the same labels", summary.supervised),
        ("last single discriminator sample", summary.single),
        ("average over current discriminators", summary.ensemble),
        (f"average over {summary.num_samples} posterior samples", summary.posterior),
    ]
    if summary.supervised is not None:
        log.info(f"{'':38}{'errors':>8}{'of':>8}{'error %':>9}{'NLL':>9}")
    for name, score in rows:
        if score is not None:
            log.info(
                f"{name:38}{score.errors:8d}{score.n:8d}{100 * score.error_rate:9.2f}{score.nll:9.4f}"
            )
    log.info(f"{summary.seconds:.0f} s of training; tensorboard --logdir {folder}")
