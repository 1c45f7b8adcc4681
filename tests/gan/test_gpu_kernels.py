"""What a step would do on a GPU, as far as its graph says: see `gpu_graphs` for what that proves."""

import inspect
from collections.abc import Callable
from typing import Any

import gpu_graphs
import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import IMAGE_SHAPE, NUM_CLASSES, NUM_DATA, Z_DIM

from bayesian_gan.gan.augment import Augment
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Paper, Wasserstein
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import (
    ClassFrequencies,
    Consistency,
    Entropy,
    FeatureMatching,
    GradientPenalty,
    Neighbours,
)
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.posterior import Posterior
from bayesian_gan.samplers import PSGLD, SGHMC, SGLD, SGNHT, ScaleAdaptedSGHMC, WarmStart

BATCH = 8
# Most bytes of one tensor that a step may copy between a GPU and the host: the permutation of an epoch,
# four bytes for each example of a small set. The smallest minibatch of images here has 512.
SMALL = 4 * NUM_DATA
# Failing assertions print them; they reach no kernel of the step. TensorFlow keeps all strings on the host.
MESSAGES = "Const "

SAMPLERS: dict[str, Callable[[], Any]] = {
    "sghmc": lambda: SGHMC(1e-3, NUM_DATA, seed=1),
    "rademacher": lambda: SGHMC(1e-3, NUM_DATA, seed=1, noise="rademacher"),
    "fisher": lambda: SGHMC(1e-3, NUM_DATA, seed=1, gradient_noise="fisher"),
    "sgld": lambda: SGLD(1e-3, NUM_DATA, seed=1),
    "psgld": lambda: PSGLD(1e-3, NUM_DATA, seed=1),
    "sgnht": lambda: SGNHT(1e-3, NUM_DATA, seed=1),
    "scale-adapted": lambda: ScaleAdaptedSGHMC(1e-3, NUM_DATA, seed=1, burn_in=7),
}
CASES: dict[str, dict[str, Any]] = {
    "paper": {
        "objective": Paper(augment=Augment.of("flip,shift,affine"), label_folds=2),
        "terms": [FeatureMatching(1.0), Entropy(0.3), Consistency(1.0, ramp=2)],
        "num_mcmc": 2,
    },
    "authors": {"objective": Authors(), "num_gen": 2, "terms": [FeatureMatching(1.0)]},
    "wasserstein": {"objective": Wasserstein(), "terms": [GradientPenalty(10.0)]},
    "scan": {
        "objective": Paper(order="generators_first"),
        "scan": RandomScan(generators=1),
        "num_gen": 2,
        "terms": [ClassFrequencies(1.0), Neighbours(1.0)],
    },
    "shards": {"shards": 2},
}


@pytest.fixture(autouse=True)
def _gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu_graphs.choose_gpu_branches(monkeypatch)


def _model(case: str, precision: str = "float32") -> BayesianGAN:
    critic = case == "wasserstein"
    return BayesianGAN(
        dcgan_generator(IMAGE_SHAPE, Z_DIM, 4, 1, precision),
        dcgan_discriminator(
            IMAGE_SHAPE,
            NUM_CLASSES,
            4,
            2,
            precision,
            input_noise=0.1,
            hidden_noise=0.1,
            critic=critic,
            normalization="layer" if critic else "batch",
            pooling="average" if case == "paper" else "stride",
        ),
        **({"num_data": NUM_DATA} | CASES[case]),
    )


def _calls(model: BayesianGAN, images: np.ndarray, labels: np.ndarray) -> Any:
    """The function that Keras calls for several iterations, traced: `fit` without its first call."""
    adam = keras.optimizers.Adam(1e-3)
    model.compile(WarmStart(adam, SAMPLERS["sghmc"](), 5), steps_per_execution=5)
    model.hold(images, labels, batch_size=BATCH)
    model.make_train_function()
    traced = inspect.getclosurevars(inspect.unwrap(model.train_function)).nonlocals[
        "multi_step_on_iterator"
    ]
    return traced.get_concrete_function(iter(tf.data.Dataset.from_tensors(0).repeat(5)))


def _faults(function: Any) -> list[str]:
    return [each for each in gpu_graphs.without_kernel(function) if not each.startswith(MESSAGES)]


@pytest.mark.parametrize(
    ("case", "precision"),
    [*((case, "float32") for case in CASES), ("paper", "mixed_bfloat16")],
)
def test_a_gpu_has_a_kernel_for_all_of_a_step_and_copies_no_data(
    case: str, precision: str, images: np.ndarray, labels: np.ndarray
) -> None:
    function = _calls(_model(case, precision), images, labels)
    assert _faults(function) == []
    assert gpu_graphs.compiled_by_xla(function) == []
    copies = gpu_graphs.copies(function)
    assert [copy for copy in copies if copy.bytes is None or copy.bytes > SMALL] == []


@pytest.mark.parametrize("make", SAMPLERS.values(), ids=SAMPLERS.keys())
def test_a_gpu_has_a_kernel_for_all_of_a_sampler(make: Callable[[], Any]) -> None:
    sampler = make()
    theta = [keras.Variable(np.ones(shape, np.float32)) for shape in ((3, 4), (4,))]
    sampler.build(theta)

    @tf.function(autograph=False)
    def move() -> None:
        sampler.apply([v.value for v in theta])

    function = move.get_concrete_function()
    assert _faults(function) == []
    assert [copy for copy in gpu_graphs.copies(function) if (copy.bytes or 0) > SMALL] == []


def test_a_gpu_has_a_kernel_for_all_of_a_prediction_and_of_a_generator(images: np.ndarray) -> None:
    model = _model("paper")
    posterior = Posterior.of_model(None, model)
    drawn = [
        tf.zeros((2, *weight.shape), weight.dtype) for weight in posterior._discriminator.weights
    ]
    assert _faults(posterior._traced("uint8", True, drawn)) == []
    z = tf.TensorSpec((BATCH, Z_DIM))
    made = tf.function(lambda z: model.generators[0](z, training=False))
    assert _faults(made.get_concrete_function(z)) == []


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        (lambda x: tf.py_function(lambda v: v, [x], tf.float32), "EagerPyFunc"),
        (lambda x: tf.numpy_function(lambda v: v, [x], tf.float32), "PyFunc"),
        (lambda x: tf.gather(tf.cast(x, tf.uint8), [0]), "GatherV2"),
        (lambda x: tf.argmin(tf.cast(x, tf.int32)), "ArgMin"),
    ],
)
@pytest.mark.parametrize("inside", ["cond", "map_fn"])
def test_what_no_gpu_runs_is_found(call: Callable[..., Any], fault: str, inside: str) -> None:
    def function(x: tf.Tensor) -> Any:
        if inside == "map_fn":
            return tf.map_fn(lambda v: tf.cast(call(v[None]), tf.float32), x)
        return tf.cond(x[0] > 0, lambda: tf.cast(call(x), tf.float32), lambda: tf.zeros(()))

    traced = tf.function(function).get_concrete_function(tf.TensorSpec((3,)))
    assert [each.split()[0] for each in gpu_graphs.without_kernel(traced)] == [fault]


def test_a_copy_is_found_in_both_directions() -> None:
    def function(x: tf.Tensor) -> tf.Tensor:
        there = tf.cast(x, tf.int32) + 1  # GPUs add int32 in the host's memory.
        return tf.cast(there, tf.float32)

    traced = tf.function(function).get_concrete_function(tf.TensorSpec((3,)))
    found = [(c.to_host, c.bytes) for c in gpu_graphs.copies(traced)]
    assert sorted(found) == [(False, 12), (True, 12)]
