"""A run's parts from its configuration: networks, model, optimizers, schedules, the baseline."""

import contextlib
import math
from importlib import import_module
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.data.catalogue import ImageData
from bayesian_gan.data.splits import LabelSplit
from bayesian_gan.gan.augment import Augment
from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Objective, Paper, Wasserstein
from bayesian_gan.gan.priors import Prior, named_prior
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import Term
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.mlp import mlp_discriminator, mlp_generator
from bayesian_gan.networks.noise import ActivationNoise
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.options.config import Config, term_options
from bayesian_gan.samplers import SGHMC, WarmStart
from bayesian_gan.samplers.schedules import SaturatingDecay, Successive

BETA_1 = 0.5
AUTHORS_MOMENTUM = 0.5
MAX_STEPS_PER_EXECUTION = 20


def build_networks(config: Config, data: ImageData) -> tuple[keras.Model, keras.Model]:
    """The generator and the discriminator of a configuration, for examples of the data's shape.

    Raises:
        InputError: they cannot be built for these examples.
    """
    num_classes = len(data.class_names) if config.semi else 1
    return example_networks(config, data.image_shape, num_classes)


def example_networks(
    config: Config, shape: tuple[int, ...], num_classes: int
) -> tuple[keras.Model, keras.Model]:
    """The networks of a configuration, for images (height, width, channels) or vectors (d,).

    Raises:
        InputError: they cannot be built for these examples.
    """
    if len(shape) == 1:
        return vector_networks(config, shape[0], num_classes)
    height, width, channels = shape
    return image_networks(config, (height, width, channels), num_classes)


def vector_networks(
    config: Config, num_features: int, num_classes: int
) -> tuple[keras.Model, keras.Model]:
    """Two-layer networks for vectors, with the configuration's noise in the discriminator.

    Args:
        config: whose `hidden`, `z_dim`, `input_noise` and `hidden_noise` count.
        num_features: d.
        num_classes: K; 1 without labels.
    """
    plain = mlp_discriminator(num_features, num_classes, config.hidden)
    x = keras.Input((num_features,), name="x")
    noisy = ActivationNoise(config.input_noise, name="d_noise")(x)
    features = plain.get_layer("d_lrelu")(plain.get_layer("d_hidden")(noisy))
    noisy = ActivationNoise(config.hidden_noise, name="d_noise0")(features)
    outputs = {"logits": plain.get_layer("logits")(noisy), "features": features}
    discriminator = keras.Model(x, outputs, name="discriminator")
    return mlp_generator(num_features, config.z_dim, config.hidden), discriminator


def image_networks(
    config: Config, image_shape: tuple[int, int, int], num_classes: int
) -> tuple[keras.Model, keras.Model]:
    """The generator and the discriminator of a configuration, for images of one shape.

    Args:
        config: resolved flags.
        image_shape: (height, width, channels).
        num_classes: K; 1 without labels.

    Raises:
        InputError: they cannot be built for these images.
    """
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
        return assemble(config, *build_networks(config, data), len(data.images), start)


def assemble(
    config: Config,
    generator: keras.Model,
    discriminator: keras.Model,
    num_data: int,
    start: int = 0,
) -> BayesianGAN:
    """The compiled model of a configuration, of any networks that fit each other.

    Args:
        config: resolved flags; those of the networks' structure are not read.
        generator: an architecture, see `BayesianGAN`.
        discriminator: likewise.
        num_data: N, the number of unlabelled examples.
        start: iteration at which training will go on, see `build_model`.

    Raises:
        InputError: networks that do not fit each other.
    """
    model = BayesianGAN(
        generator,
        discriminator,
        num_data=num_data,
        num_gen=config.num_gen,
        num_disc=config.num_disc,
        num_mcmc=config.num_mcmc,
        objective=build_objective(config),
        prior=build_prior(config),
        terms=build_terms(config),
        scan=RandomScan(config.generators_per_step, config.pairs_per_step),
        noise=FallingNoise(config.final_noise, config.constant_iterations, config.warm_up),
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
    """What `--objective`, `--wasserstein` and `--augment` ask for."""
    shared: dict[str, Any] = {
        "order": config.order,
        "augment": Augment.of(config.augment),
        "label_folds": config.label_folds,
    }
    if config.objective == "authors":
        return Authors(**shared)
    arguments = config.labelled_weight, config.pairing_reduction
    if config.objective == "wasserstein":
        return Wasserstein(*arguments, weight_clip=config.weight_clip, **shared)
    return Paper(*arguments, **shared)


def build_prior(config: Config) -> Prior | None:
    """What `--prior`, `--prior_std` and `--prior_df` ask for; None for maximum likelihood."""
    if config.maximum_likelihood:
        return None
    return named_prior(config.prior, config.prior_std, config.prior_df)


def build_terms(config: Config) -> list[Term]:
    """The terms whose options are greater than 0, in the order of their declaration."""
    terms = []
    for _, path in term_options(config):
        module, _, name = path.partition(":")
        terms.append(getattr(import_module(module), name).from_options(config))
    return terms


def build_optimizer(config: Config, num_data: int) -> keras.optimizers.Optimizer:
    """Adam for the warm-up, then what `--objective` and `--optimizer` say; seeded by the model."""
    schedule = SaturatingDecay(config.lr, num_data / config.batch_size, decay=config.lr_decay)
    warming = _warm_up_schedule(config, schedule)
    if config.optimizer == "adam":
        lasting = Successive(warming, schedule, config.warm_up)
        return keras.optimizers.Adam(lasting, beta_1=BETA_1)
    adam = keras.optimizers.Adam(warming, beta_1=BETA_1)
    friction, temperature = config.friction, config.temperature
    if not config.has_sampler:
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
    constant = config.constant_iterations
    return keras.optimizers.schedules.CosineDecay(
        config.lr, max(config.warm_up - constant, 1), warmup_target=config.lr, warmup_steps=constant
    )


def steps_per_execution(config: Config, start: int = 0) -> int:
    """Iterations in one call of the compiled step, so that saves, draws and the end fall on its end.

    Args:
        config: resolved flags.
        start: iteration at which training goes on.
    """
    common = math.gcd(config.n_save, config.train_iter, config.warm_up, config.collect_every, start)
    return max(k for k in range(1, MAX_STEPS_PER_EXECUTION + 1) if common % k == 0)


def build_supervised(
    config: Config, data: ImageData, split: LabelSplit | None
) -> SupervisedBaseline | None:
    """The network that learns from the labelled examples alone, at iteration 0.

    None without labels, and without a test set, on which alone it is looked at.
    """
    if split is None or not data.has_test:
        return None
    return SupervisedBaseline(
        split.images,
        split.labels,
        num_classes=len(data.class_names),
        width=config.df_dim if data.features is None else config.hidden,
        learning_rate=config.lr,
        batch_size=config.batch_size,
        seed=config.random_seed,
        pooling=config.pooling,
    )
