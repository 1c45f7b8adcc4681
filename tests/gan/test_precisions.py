"""Networks of a user's own, and ours, under each of Keras's global policies."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Paper, Wasserstein
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import (
    ClassFrequencies,
    Consistency,
    Entropy,
    FeatureMatching,
    GradientPenalty,
)
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.samplers import SGHMC

L, SHAPE, Z_DIM, N = keras.layers, (8, 8, 1), 5, 24
ALL_TERMS = [FeatureMatching(1.0), Entropy(0.3), Consistency(1.0, ramp=2), ClassFrequencies(1.0)]


POLICIES = ("mixed_bfloat16", "mixed_float16", "float64", "floatx")


@pytest.fixture(params=POLICIES)
def policy(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "floatx":
        keras.config.set_floatx("float64")
    # The policy follows floatx until the first layer is made.
    keras.config.set_dtype_policy("float64" if request.param == "floatx" else request.param)
    yield request.param
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


def _sequential() -> tuple[keras.Model, keras.Model]:
    """Without features."""
    generator = keras.Sequential(
        [
            keras.Input((Z_DIM,)),
            L.Dense(64),
            L.BatchNormalization(),
            L.Reshape(SHAPE),
            L.Activation("tanh"),
        ]
    )
    discriminator = keras.Sequential(
        [
            keras.Input(SHAPE),
            L.Conv2D(4, 3, 2),
            L.LeakyReLU(0.2),
            L.Dropout(0.2),
            L.Flatten(),
            L.Dense(3),
        ]
    )
    return generator, discriminator


def _functional() -> tuple[keras.Model, keras.Model]:
    """With features."""
    generator, _ = _sequential()
    z, x = keras.Input((Z_DIM,)), keras.Input(SHAPE)
    features = L.Dense(6, activation="relu")(L.Flatten()(x))
    outputs = {"logits": L.Dense(3)(features), "features": features}
    return keras.Model(z, generator(z)), keras.Model(x, outputs)


def _critic() -> tuple[keras.Model, keras.Model]:
    generator, _ = _sequential()
    x = keras.Input(SHAPE)
    h = L.Dense(6, activation="tanh")(L.Flatten()(x))
    return generator, keras.Model(x, {"logits": L.Dense(3)(h), "critic": L.Dense(1)(h)})


def _ours() -> tuple[keras.Model, keras.Model]:
    return (
        dcgan_generator(SHAPE, Z_DIM, width=4, num_layers=2, initial="he"),
        dcgan_discriminator(SHAPE, 3, width=4, num_layers=2, initial="he", hidden_noise=0.1),
    )


CASES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "sequential": (_sequential, {"terms": [Entropy(0.3), Consistency(1.0, ramp=2)]}),
    "functional": (_functional, {"terms": ALL_TERMS, "num_gen": 2}),
    "authors": (_functional, {"objective": Authors()}),
    "scan": (
        _functional,
        {"num_gen": 2, "scan": RandomScan(1), "objective": Paper(order="generators_first")},
    ),
    "critic": (_critic, {"objective": Wasserstein(), "terms": [GradientPenalty(10.0)]}),
    "ours": (_ours, {"terms": ALL_TERMS}),
}
# Of the others, one policy of float32 weights and one of float64 weights.
RUNS = [
    (policy, case)
    for case in CASES
    for policy in (POLICIES if case == "sequential" else POLICIES[::3])
]


@pytest.mark.parametrize(("policy", "case"), RUNS, indirect=["policy"])
def test_networks_train_under_every_policy(policy: str, case: str) -> None:
    make, arguments = CASES[case]
    numbers = np.random.default_rng(0)
    images = numbers.integers(0, 256, (N, *SHAPE), dtype=np.uint8)
    gan = BayesianGAN(*make(), num_data=N, seed=1, **arguments)
    optimizers = [keras.optimizers.Adam(1e-3), SGHMC(1e-3, N, friction=0.1, seed=1)]
    gan.compile(*(optimizers[::-1] if case == "functional" else optimizers))
    networks = gan.generators + gan.discriminators
    before = [[np.asarray(w) for w in network.trainable_weights] for network in networks]
    history = gan.fit(images, np.arange(N) % 3, batch_size=8, steps_per_epoch=5, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    for network, start in zip(networks, before, strict=True):
        moved = [np.asarray(w) for w in network.trainable_weights]
        assert all(np.isfinite(w).all() for w in moved)
        assert any(np.abs(a - b).max() > 0 for a, b in zip(moved, start, strict=True))
    assert gan.generate(3, 0).dtype == np.float32
    probabilities = np.asarray(gan.predict(images[:4], verbose=0))
    np.testing.assert_allclose(probabilities.sum(-1), 1.0, atol=1e-2)


def test_our_networks_compute_in_float32_under_every_policy(policy: str) -> None:
    """Each layer says its precision, so a global policy changes nothing."""
    numbers = np.random.default_rng(0)
    images = numbers.uniform(-1, 1, (4, *SHAPE)).astype(np.float32)
    z = numbers.uniform(-1, 1, (4, Z_DIM)).astype(np.float32)
    generator, discriminator = _ours()
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    plain_generator, plain_discriminator = _ours()
    for network, plain, inputs in (
        (generator, plain_generator, z),
        (discriminator, plain_discriminator, images),
    ):
        plain.set_weights(network.get_weights())
        found, expected = network(inputs, training=False), plain(inputs, training=False)
        for a, b in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
            assert keras.backend.standardize_dtype(a.dtype) == "float32"
            np.testing.assert_array_equal(a, b)
