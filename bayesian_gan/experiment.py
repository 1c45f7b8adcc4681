"""One run from its configuration: data, model, training, evaluation, files."""

import json
import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.splits import LabelSplit, save_split
from bayesian_gan.evaluation import Classification, classification
from bayesian_gan.flags import Config
from bayesian_gan.model import UNLABELLED, BayesianGAN
from bayesian_gan.monitoring import (
    CollectPosteriorDraws,
    CsvLog,
    Evaluate,
    ProgressBar,
    SaveGrids,
    SaveResults,
    SaveWeights,
    StopAtIteration,
    TensorBoardScalars,
)
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.posterior import Posterior
from bayesian_gan.run_folder import create_run_folder, run_logger
from bayesian_gan.samplers import SGHMC, WarmStart
from bayesian_gan.samplers.schedules import SaturatingDecay
from bayesian_gan.storage import write_json
from bayesian_gan.supervised import SupervisedBaseline

BETA_1 = 0.5
AUTHORS_MOMENTUM = 0.5
MAX_STEPS_PER_EXECUTION = 20


@dataclass(frozen=True)
class Summary:
    """What a run found; `summary.json`.

    Attributes:
        num_labelled: N, or 0 without labels.
        split: the label split's name, or None.
        seconds: of training, with its evaluations.
        num_samples: discriminator samples collected.
        supervised: of the supervised CNN on the same labels.
        single: of the last discriminator alone, as it is at the end.
        posterior: of the average over everything collected; None where nothing was.
    """

    num_labelled: int
    split: str | None
    seconds: float
    num_samples: int
    supervised: Classification | None
    single: Classification | None
    posterior: Classification | None

    def to_json(self) -> dict[str, Any]:
        """The file's contents; `posterior` also holds `num_samples`."""
        result: dict[str, Any] = {
            "num_labelled": self.num_labelled,
            "split": self.split,
            "seconds": round(self.seconds, 3),
        }
        for name in ("supervised", "single"):
            score = getattr(self, name)
            result[name] = score.to_json() if score else None
        score = self.posterior.to_json() if self.posterior else {}
        result["posterior"] = {**score, "num_samples": self.num_samples}
        return result


def run(config: Config, data: ImageData, split: LabelSplit | None) -> Path:
    """Trains, collects and evaluates; returns the run's folder.

    Args:
        config: resolved flags.
        data: of `config.dataset`.
        split: the labelled examples; None without labels (`--nosemi`).

    Raises:
        InputError: networks of this configuration cannot be built for these images.
    """
    model = build_model(config, data)
    folder = create_run_folder(config)
    log = run_logger(folder)
    log.info(data.provenance)
    if split is not None:
        save_split(folder / "labelled.json", split)
        log.info(f"{len(split.indices)} labelled examples: {split.name}")
    if config.first_collection > config.train_iter:
        log.warning(
            f"no posterior sample will be collected: the first is due at iteration "
            f"{config.first_collection}, and --train_iter is {config.train_iter}"
        )
    log.info(f"results in {folder}")
    posterior = Posterior.create(folder / "posterior", model, config.max_samples)
    supervised = _supervised(config, data, split)
    start = time.monotonic()
    grids = _train(config, model, data, split, supervised, posterior, folder)
    summary = _summarise(config, model, data, split, supervised, posterior, start)
    write_json(folder / "summary.json", summary.to_json())
    _report(log, summary, grids, folder)
    return folder


def build_model(config: Config, data: ImageData) -> BayesianGAN:
    """The compiled model of a configuration, for images of the data's shape.

    Raises:
        InputError: networks of this configuration cannot be built for these images.
    """
    num_data = len(data.images)
    image_shape = data.images.shape[1:]
    num_classes = len(data.class_names) if config.semi else 1
    precision = "mixed_bfloat16" if config.precision == "bfloat16" else "float32"
    depth = (config.num_layers, precision)
    model = BayesianGAN(
        dcgan_generator(image_shape, config.z_dim, config.gf_dim, *depth),
        dcgan_discriminator(image_shape, num_classes, config.df_dim, *depth),
        num_data=num_data,
        num_gen=config.num_gen,
        num_disc=config.num_disc,
        num_mcmc=config.num_mcmc,
        objective=config.objective,
        prior_std=None if config.ml else config.prior_std,
        feature_matching=config.feature_matching,
        pairing_reduction=config.pairing_reduction,
        labelled_weight=config.labelled_weight,
        generators_per_step=config.generators_per_step,
        pairs_per_step=config.pairs_per_step,
        seed=config.random_seed,
    )
    model.compile(
        generator_optimizer=build_optimizer(config, num_data),
        discriminator_optimizer=build_optimizer(config, num_data),
        steps_per_execution=steps_per_execution(config),
        jit_compile=config.jit,
    )
    return model


def build_optimizer(config: Config, num_data: int) -> keras.optimizers.Optimizer:
    """Adam for the warm-up, then what `--objective` and `--optimizer` say; seeded by the model."""
    schedule = SaturatingDecay(config.lr, num_data / config.batch_size, decay=config.lr_decay)
    adam = keras.optimizers.Adam(schedule, beta_1=BETA_1)
    if config.optimizer == "adam":
        return adam
    friction, temperature = config.friction, config.temperature
    if config.ml or config.objective == "authors":
        # At temperature 0 SGHMC is SGD with momentum 1 - friction, which is what the program has.
        friction, temperature = 1.0 - AUTHORS_MOMENTUM, 0.0
    sampler = SGHMC(
        schedule if config.sampler_lr is None else config.sampler_lr,
        num_data,
        friction=friction,
        temperature=temperature,
        seed=config.random_seed,
    )
    return WarmStart(adam, sampler, config.warm_up)


def steps_per_execution(config: Config) -> int:
    """Iterations in one call of the compiled step, so that saves, draws and the end fall on its end."""
    common = math.gcd(
        config.n_save, config.train_iter, math.gcd(config.warm_up, config.collect_every)
    )
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
    )


def _train(
    config: Config,
    model: BayesianGAN,
    data: ImageData,
    split: LabelSplit | None,
    supervised: SupervisedBaseline | None,
    posterior: Posterior,
    folder: Path,
) -> list[Path]:
    """Runs `fit`; returns the paths of the last grids."""
    writer = tf.summary.create_file_writer(str(folder / "tensorboard"))
    with writer.as_default(step=0):
        text = json.dumps(config.to_json(), indent=2)
        tf.summary.text("configuration", f"```\n{text}\n```")
    grids = SaveGrids(folder, data.images, writer)
    callbacks: list[keras.callbacks.Callback] = [
        StopAtIteration(config.train_iter),
        CollectPosteriorDraws(posterior, config.warm_up, config.collect_every),
        ProgressBar(config.train_iter),
        Evaluate(data.test_images, data.test_labels, supervised),
        SaveResults(folder),
        CsvLog(folder / "log.csv"),
        TensorBoardScalars(writer),
    ]
    if config.save_samples:
        callbacks.append(grids)
    if config.save_weights:
        callbacks.append(SaveWeights(folder))
    model.fit(
        data.images,
        _partial_labels(data, split),
        batch_size=config.batch_size,
        steps_per_epoch=config.n_save,
        epochs=-(-config.train_iter // config.n_save),
        callbacks=callbacks,
        verbose=0,
    )
    writer.close()
    return grids.paths


def _partial_labels(data: ImageData, split: LabelSplit | None) -> np.ndarray | None:
    """Labels of the split's examples, -1 elsewhere."""
    if split is None:
        return None
    labels = np.full(len(data.images), UNLABELLED, np.int32)
    labels[split.indices] = split.labels
    return labels


def _summarise(
    config: Config,
    model: BayesianGAN,
    data: ImageData,
    split: LabelSplit | None,
    supervised: SupervisedBaseline | None,
    posterior: Posterior,
    start: float,
) -> Summary:
    seconds = time.monotonic() - start
    if split is None or supervised is None:
        return Summary(0, None, seconds, posterior.num_samples, None, None, None)
    labels = data.test_labels
    average = None
    if posterior.num_samples:
        average = classification(posterior.predict(data.test_images), labels)
    return Summary(
        num_labelled=len(split.indices),
        split=split.name,
        seconds=seconds,
        num_samples=posterior.num_samples,
        supervised=classification(supervised.predict(data.test_images), labels),
        single=classification(model.predict_sample(data.test_images, -1), labels),
        posterior=average,
    )


def _report(log: logging.Logger, summary: Summary, grids: list[Path], folder: Path) -> None:
    """Prints where the pictures are and the table of test errors."""
    for path in grids:
        log.info(f"picture: {path}")
    rows = [
        ("supervised CNN on the same labels", summary.supervised),
        ("last single discriminator sample", summary.single),
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
