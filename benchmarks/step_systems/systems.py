"""Builders: from system and setting to what makes steps and knows its operations."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Paper
from bayesian_gan.gan.priors import Normal
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.options.config import Config
from bayesian_gan.options.presets import preset_values
from bayesian_gan.runs.build import assemble, image_networks
from bayesian_gan.samplers import SGHMC, WarmStart
from benchmarks.step_systems import flops
from benchmarks.step_systems.authors_structure import AuthorsStructure

# Image shape, number of unlabelled images, classes. CelebA's number is cut: it fills memory and
# costs no time.
DATA: dict[str, tuple[tuple[int, int, int], int, int]] = {
    "digits": ((8, 8, 1), 1297, 10),
    "mnist": ((28, 28, 1), 60000, 10),
    "cifar": ((32, 32, 3), 50000, 10),
    "celeb": ((64, 64, 3), 10000, 16),
}
SYSTEMS = ("authors_structure", "authors", "paper", "dcgan", "convolutions")
BATCH, LABELLED, Z_DIM = 64, 100, 100
LAPTOP = Config(**preset_values("laptop", semi=True, ml=False))


@dataclass(frozen=True)
class Setting:
    """What is built; J_d is 1 and the batch 64 always.

    Attributes:
        system: one of `SYSTEMS`; or `laptop`, that preset, whose networks and numbers of them are its own.
        dataset: a key of `DATA`.
        num_gen: J_g.
        num_mcmc: M.
        df_dim: width of discriminators and generators.
        generators_per_step: k of the random scan, for "paper"; None for all.
        precision: "float32" or "mixed_bfloat16".
        noise: of the sampler, "normal" or "rademacher".
    """

    system: str
    dataset: str = "mnist"
    num_gen: int = 10
    num_mcmc: int = 2
    df_dim: int = 24
    generators_per_step: int | None = None
    precision: str = "float32"
    noise: str = "normal"


@dataclass(frozen=True)
class System:
    """Something to time.

    Attributes:
        step: makes one iteration.
        counted: convolutions and matrix products of one iteration.
    """

    step: Callable[[], Any]
    counted: list[flops.Counted]


def build(setting: Setting) -> System:
    """Builds a system; nothing has run yet but the tracing."""
    if setting.system == "convolutions":
        return convolutions_alone(setting)
    model = build_model(setting)
    if setting.system == "authors_structure":
        ours = AuthorsStructure(model, lambda: all_minibatches(model))
        graphs = [
            f.get_concrete_function().graph for f in (ours.run_discriminators, ours.run_generators)
        ]
        return System(ours.step, [c for graph in graphs for c in flops.count(graph)])
    # Like Keras's own train function, without AutoGraph.
    step = tf.function(lambda: model.train_step(None), autograph=False)
    return System(step, flops.count(step.get_concrete_function().graph))


def build_model(setting: Setting) -> BayesianGAN:
    """The model of a setting, compiled and given random images; at the sampling phase of SGHMC."""
    if setting.system == "laptop":
        return _hold(_laptop(setting), setting, LAPTOP.labelled_batch_size)
    shape, num_data, classes = DATA[setting.dataset]
    alone = setting.system == "dcgan"
    num_layers = 2 if setting.dataset == "digits" else 4
    options = (setting.df_dim, num_layers, setting.precision)
    model = BayesianGAN(
        dcgan_generator(shape, Z_DIM, *options),
        dcgan_discriminator(shape, classes, *options),
        num_data=num_data,
        num_gen=1 if alone else setting.num_gen,
        num_mcmc=1 if alone else setting.num_mcmc,
        objective=Paper() if setting.system in ("paper", "dcgan") else Authors(),
        prior=None if alone else Normal(1.0),
        scan=RandomScan(setting.generators_per_step),
    )
    for_each: Any = keras.optimizers.Adam(1e-3, beta_1=0.5)
    if setting.system == "paper":
        for_each = WarmStart(for_each, SGHMC(1e-3, num_data, noise=setting.noise, seed=1), 0)
    model.compile(for_each, for_each)
    return _hold(model, setting, None)


def _laptop(setting: Setting) -> BayesianGAN:
    """The preset's model, in its sampling phase."""
    shape, num_data, classes = DATA[setting.dataset]
    config = replace(LAPTOP, warm_up=0, mixed_precision=setting.precision != "float32")
    return assemble(config, *image_networks(config, shape, classes), num_data)


def _hold(model: BayesianGAN, setting: Setting, labelled: int | None) -> BayesianGAN:
    """The model with random images, of which a hundred have labels.

    Args:
        model: of the setting.
        setting: see `Setting`.
        labelled: of a minibatch; the default of `hold` by default.
    """
    shape, num_data, classes = DATA[setting.dataset]
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (num_data, *shape), np.uint8)
    labels = np.full(num_data, -1)
    labels[:LABELLED] = np.arange(LABELLED) % classes
    model.hold(images, labels, batch_size=BATCH, labelled_batch_size=labelled)
    return model


def all_minibatches(model: BayesianGAN) -> list[Any]:
    """The minibatch of every chain at the model's iteration."""
    assert model.step is not None
    chains = range(model.game.num_mcmc)
    return [p.batch for p in model.step.players(chains, tf.identity(model.iteration.value))]


def convolutions_alone(setting: Setting) -> System:
    """The convolutions of "paper" at this setting alone: what the machine's kernels reach.

    Every distinct convolution is timed by itself, as many of it side by side as there are cores.
    One "step" returns the seconds that all of them take.
    """
    model = build_model(Setting(**{**vars(setting), "system": "paper"}))
    graph = tf.function(lambda: model.train_step(None)).get_concrete_function().graph
    counted = [c for c in flops.count(graph) if c.kind != "MatMul"]
    kernels = group_kernels(counted)
    timers = [(kernel_timer(group[0]), len(group)) for group in kernels.values()]
    return System(lambda: sum(timer() * number for timer, number in timers), counted)


def group_kernels(counted: list[flops.Counted]) -> dict[tuple[Any, ...], list[flops.Counted]]:
    """Convolutions by kind, shapes and dtype."""
    groups: dict[tuple[Any, ...], list[flops.Counted]] = {}
    for c in counted:
        if c.kind == "MatMul":
            continue
        shapes = tuple(tuple(t.shape) for t in (*c.operation.inputs, *c.operation.outputs))
        key = (c.kind, shapes, c.operation.outputs[0].dtype, str(c.operation.get_attr("strides")))
        groups.setdefault(key, []).append(c)
    return groups


_KERNELS: dict[str, tuple[Callable[..., tf.Tensor], tuple[str, ...]]] = {
    "Conv2D": (tf.raw_ops.Conv2D, ("input", "filter")),
    "Conv2DBackpropInput": (
        tf.raw_ops.Conv2DBackpropInput,
        ("input_sizes", "filter", "out_backprop"),
    ),
    "Conv2DBackpropFilter": (
        tf.raw_ops.Conv2DBackpropFilter,
        ("input", "filter_sizes", "out_backprop"),
    ),
}
_FLOPS_IN_ONE_CALL = 2_000_000_000


def kernel_timer(counted: flops.Counted, repeats: int = 5) -> Callable[[], float]:
    """A function that times one convolution: seconds for one, with one running on every core.

    So many run in one call that starting the call does not count, each on inputs of its own, lest
    they be merged.
    """
    operation, cores = counted.operation, os.cpu_count() or 1
    copies = cores * max(1, round(_FLOPS_IN_ONE_CALL / counted.flops / cores))
    rng = np.random.default_rng(0)
    sizes = tf.constant(operation.outputs[0].shape.as_list())
    values = [
        sizes if t.dtype == tf.int32 else tf.cast(rng.standard_normal(t.shape), t.dtype)
        for t in operation.inputs
    ]
    kernel, names = _KERNELS[operation.type]
    attributes = {
        name: operation.get_attr(name)
        for name in ("strides", "padding", "explicit_paddings", "dilations")
    }
    # A number that only the run knows makes the smaller input of each copy its own.
    own_number = tf.Variable(tf.zeros([copies]))
    tensors = [j for j, v in enumerate(values) if v.dtype != tf.int32]
    small = min(tensors, key=lambda j: values[j].shape.num_elements())

    @tf.function
    def run() -> tf.Tensor:
        results = []
        for i in range(copies):
            own = [
                v + tf.cast(own_number[i], v.dtype) if j == small else v
                for j, v in enumerate(values)
            ]
            output = kernel(**dict(zip(names, own, strict=True)), **attributes)
            results.append(tf.cast(tf.reshape(output, [-1])[0], tf.float32))
        return tf.stack(results)

    def timer() -> float:
        run()
        times = []
        for _ in range(repeats):
            begin = time.perf_counter()
            run()
            times.append(time.perf_counter() - begin)
        return float(np.median(times)) / copies

    return timer
