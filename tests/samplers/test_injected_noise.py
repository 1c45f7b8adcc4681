"""The noise: its distribution, and that no two places of it are correlated."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from chains import N
from scipy.stats import kstest

from bayesian_gan.samplers import (
    SGHMC,
)
from bayesian_gan.samplers.noise import KINDS, fold_seed


@pytest.mark.parametrize("noise", ["normal", "rademacher"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_xla_draws_the_same_numbers(noise: str, dtype: str) -> None:
    def draw(key: tf.Tensor) -> tf.Tensor:
        return KINDS[noise](1001, key, tf.ones([], dtype))

    graph, compiled = tf.function(draw), tf.function(draw, jit_compile=True)
    # 24 seeds, because a fault of the key's signs leaves one seed in four as it should be.
    for seed in range(24):
        key = tf.constant(fold_seed(seed, 0))
        np.testing.assert_allclose(compiled(key), graph(key), atol=2e-6, err_msg=f"seed {seed}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_normal_noise_under_xla_is_normal_and_new_in_every_iteration(dtype: str) -> None:
    sampler = SGHMC(0.01, N, seed=1)
    sampler.build([keras.Variable(np.zeros(20000), dtype=dtype) for _ in range(2)])

    @tf.function(jit_compile=True)
    def draw(iteration: tf.Tensor) -> list[tf.Tensor]:
        sampler.iterations.assign(iteration)
        drawn = sampler._draw(sampler._trainable_variables)
        scale = tf.cast(sampler._noise_scale(tf.constant(0.01)), dtype)
        return [n / scale for n in drawn.values()]

    drawn = [*draw(tf.constant(0, tf.int64)), *draw(tf.constant(1, tf.int64))]
    assert kstest(np.concatenate(drawn), "norm").pvalue > 0.01
    correlations = np.corrcoef(drawn)[np.triu_indices(4, 1)]
    assert np.max(np.abs(correlations)) < 4.0 / 20000**0.5


def draws(sampler: Any, shapes: list[tuple[int, ...]], iteration: int) -> list[np.ndarray]:
    """The noise of one iteration, standardised."""
    theta = [keras.Variable(np.zeros(shape), dtype="float32") for shape in shapes]
    sampler.build(theta)
    sampler.iterations.assign(iteration)
    return [
        x.numpy().ravel() / x.numpy().std()
        for x in sampler._draw(sampler._trainable_variables).values()
    ]


@pytest.mark.parametrize("noise", ["normal", "rademacher"])
def test_noise_of_variables_steps_and_chains_is_uncorrelated(noise: str) -> None:
    # Two small variables that share a block, and two large ones that do not.
    shapes = [(200, 100), (20000,), (200000,), (200000,)]

    def at(seed: int, iteration: int) -> list[np.ndarray]:
        return draws(SGHMC(0.01, N, noise=noise, seed=seed), shapes, iteration)

    ours = at(1, 0)
    np.testing.assert_array_equal(ours[2], at(1, 0)[2])
    groups = [
        *ours,
        *at(1, 1),
        *at(1, 2),
        *at(2, 0),
        *at(2, 1),
    ]
    for i, a in enumerate(groups):
        for b in groups[:i]:
            size = min(len(a), len(b))
            # 190 pairs: the largest of them stays under 5 standard errors of a correlation.
            assert abs(np.mean(a[:size] * b[:size])) < 5.0 / size**0.5
    for a in ours:
        assert abs(a.mean()) < 4.0 / len(a) ** 0.5
        # Within a variable, too: at lag 1, and at 32 and 256, where a fault of the bit unpacking
        # would show.
        for lag in (1, 8, 32, 256):
            assert abs(np.mean(a[lag:] * a[:-lag])) < 4.0 / len(a) ** 0.5


def test_noise_has_the_stated_distribution() -> None:
    normal = draws(SGHMC(0.01, N, seed=1), [(100000,)], 7)[0]
    assert kstest(normal, "norm").pvalue > 0.01
    signs = draws(SGHMC(0.01, N, noise="rademacher", seed=1), [(99999,)], 7)[0]
    np.testing.assert_allclose(np.unique(np.round(signs, 2)), [-1.0, 1.0])
