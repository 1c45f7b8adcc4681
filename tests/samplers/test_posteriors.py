"""Posteriors that are not normal: the benchmarks of the samplers, held to their limits."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers import SGHMC, CyclicalStep, diagnostics

FOLDER = Path(__file__).parents[2] / "benchmarks" / "samplers"


def benchmark(name: str) -> ModuleType:
    """A benchmark script as a module."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("friction", "gradient_noise", "fresh", "low", "high"),
    [(0.3, 0.02, 0, 0.0, 0.02), (0.0, 0.0, 50, 0.07, 0.2)],
    ids=["sghmc", "naive"],
)
def test_density_of_chens_double_well_under_gradient_noise(
    friction: float, gradient_noise: float, fresh: int, low: float, high: float
) -> None:
    chen = benchmark("chen_figures")
    sampler = SGHMC(0.01 * chen.N, chen.N, friction=friction, gradient_noise=gradient_noise, seed=1)
    values = chen.trajectory(sampler, np.zeros(400), chen.slope, 2.0, 3000, fresh)[500:]
    edges = np.linspace(-2.5, 2.5, 51)
    middle = (edges[1:] + edges[:-1]) / 2
    truth = np.exp(2 * middle**2 - middle**4)
    truth /= truth.sum()
    found = np.histogram(values, edges)[0] / values.size
    # One million values, autocorrelation time about 100 (hops over the barrier): 10,000 independent
    # ones, so the wells share their mass to 0.5%; the bins add as much again. Naive SGHMC is 0.11
    # away.
    assert low <= 0.5 * np.abs(found - truth).sum() + 0.5 * (1 - found.sum()) <= high


def test_cyclical_sghmc_finds_the_modes_of_the_mixture_and_plain_sghmc_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mixture = benchmark("mixture")
    monkeypatch.setattr(mixture, "CHAINS", 16)
    monkeypatch.setattr(mixture, "STEPS", 20_000)
    step = CyclicalStep(3.5 * mixture.VARIANCE, mixture.CYCLE, exploration=0.8)
    cyclical = mixture.sample(SGHMC(step, 1, friction=0.1, seed=2))
    collected = cyclical[[bool(step.is_sampling(t)) for t in range(mixture.STEPS)]]
    plain = mixture.sample(SGHMC(0.1 * mixture.VARIANCE, 1, friction=0.1, seed=2))
    assert mixture.modes_found(collected)[0] >= 90
    assert mixture.modes_found(plain)[0] <= 10


def test_gradient_of_the_mixture() -> None:
    mixture = benchmark("mixture")
    theta = tf.Variable(np.random.default_rng(0).uniform(-10, 10, size=(5, 2)), dtype=tf.float32)
    with tf.GradientTape() as tape:
        squares = tf.reduce_sum(
            tf.square(theta[:, None] - tf.constant(mixture.MEANS, tf.float32)), -1
        )
        energy = -tf.reduce_logsumexp(-squares / (2 * mixture.VARIANCE), -1)
    np.testing.assert_allclose(
        mixture.gradient(theta.value()), tape.gradient(energy, theta), rtol=1e-3, atol=1e-2
    )


@pytest.mark.slow
def test_64_chains_agree_with_hmc_on_bayesian_logistic_regression() -> None:
    logistic = benchmark("logistic_regression")
    features, labels = logistic.load()
    reference = logistic.hmc(features, labels)
    assert diagnostics.rhat(reference).max() < 1.01
    found = logistic.compare(reference, logistic.sghmc(features, labels), features)
    assert found["mean"] < 0.1
    assert found["std"] < 0.05
    assert found["KL"] < 1e-3
