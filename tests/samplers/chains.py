"""Every sampler, small chains of it, and the models that the tests of samplers share."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers import (
    PSGLD,
    SGHMC,
    SGLD,
    SGNHT,
    CyclicalStep,
    ScaleAdaptedSGHMC,
    TemperatureRamp,
)

N = 100.0

MAKERS: dict[str, Callable[..., Any]] = {
    "sghmc": lambda **kw: SGHMC(0.01, N, **kw),
    "sghmc-rademacher": lambda **kw: SGHMC(0.01, N, noise="rademacher", **kw),
    "sghmc-fisher": lambda **kw: SGHMC(
        CyclicalStep(0.01, 4), N, gradient_noise="fisher", mass=[1.0, 2.0], **kw
    ),
    "sgld": lambda **kw: SGLD(0.01, N, temperature=TemperatureRamp(0.0, 1.0, 8), **kw),
    "psgld": lambda **kw: PSGLD(0.01, N, epsilon=0.01, gamma_term=True, **kw),
    "sgnht": lambda **kw: SGNHT(0.01, N, **kw),
    "scale-adapted": lambda **kw: ScaleAdaptedSGHMC(
        0.01, N, burn_in=7, gradient_noise="fisher", **kw
    ),
}

every_sampler = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
# For what costs seconds: quick tests have the plainest, and the one with the most state.
QUICK = ("sghmc", "scale-adapted")
every_sampler_slowly = pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, make in MAKERS.items()
    ],
)


def model(optimizer: keras.optimizers.Optimizer, **compiled: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, name="head")])
    net.compile(optimizer, "mse", **compiled)
    return net


def fit(net: keras.Model, epochs: int = 1, x: np.ndarray | None = None) -> None:
    """Four iterations an epoch, in the same order."""
    inputs = data() if x is None else x
    net.fit(inputs, data()[:, :2], epochs=epochs, batch_size=10, shuffle=False, verbose=0)


def data() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


def steps(optimizer: keras.optimizers.Optimizer, theta: list[keras.Variable], count: int) -> Any:
    @tf.function
    def loop() -> None:
        for _ in tf.range(count):
            optimizer.apply([tf.sin(v) for v in theta], theta)

    optimizer.build(theta)
    loop()
    return [v.numpy() for v in theta]


def variables() -> list[keras.Variable]:
    return [keras.Variable(np.linspace(0.1, 1.0, 4) * i, dtype="float32") for i in (1, -2)]
