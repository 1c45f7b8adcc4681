"""Preconditioned samplers learn their scales before these could throw a chain out."""

from collections.abc import Callable

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers import PSGLD, ScaleAdaptedSGHMC, WarmStart
from bayesian_gan.samplers.sampler import Sampler

N, CHAINS, WARM_UP = 1000.0, 200, 3000
WIDTHS = np.geomspace(0.01, 0.1, 10)  # posterior standard deviations of a regression's ten weights
STEP = 0.1 * WIDTHS.min()

MAKERS: dict[str, Callable[[], Sampler]] = {
    "psgld": lambda: PSGLD(STEP, N, decay=0.999, seed=1),
    "scale-adapted": lambda: ScaleAdaptedSGHMC(STEP, N, burn_in=1000, friction=0.3, seed=1),
}


def regression() -> tuple[np.ndarray, np.ndarray]:
    """Precision and mean of a correlated Gaussian posterior."""
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(10, 30))
    correlation = np.corrcoef(factors)
    return np.linalg.inv(correlation * np.outer(WIDTHS, WIDTHS)), 20.0 * WIDTHS * rng.normal(
        size=10
    )


def runner(optimizer: keras.optimizers.Optimizer, noise: float) -> Callable[[int], np.ndarray]:
    """Moves the chains from theta = 0 and returns them, in posterior deviations.

    Args:
        optimizer: what moves them.
        noise: standard deviation of the minibatch noise, in those that the gradients have at T = 1.
    """
    precision, mean = (tf.constant(x, tf.float32) for x in regression())
    theta = keras.Variable(np.zeros((CHAINS, 10)), dtype="float32")
    optimizer.build([theta])
    amplitude = noise * tf.sqrt(tf.linalg.diag_part(precision))

    @tf.function
    def loop(count: tf.Tensor) -> tf.Tensor:
        positions = tf.TensorArray(tf.float32, count)
        for t in tf.range(count):
            key = tf.stack([97, tf.cast(optimizer.iterations.value, tf.int32)])
            shaken = amplitude * tf.random.stateless_normal([CHAINS, 10], key)
            optimizer.apply([((theta.value - mean) @ precision + shaken) / N], [theta])
            positions = positions.write(t, theta.value)
        return positions.stack()

    return lambda count: (loop(tf.constant(count)).numpy() - mean.numpy()) / WIDTHS


@pytest.mark.parametrize("noise", [0.0, 0.5], ids=["full-batch", "minibatch"])
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_nothing_is_thrown_out_after_a_warm_up(make: Callable[[], Sampler], noise: float) -> None:
    # On full batches Adam leaves gradients of zero, which know of no scale at all.
    move = runner(WarmStart(keras.optimizers.Adam(0.003), make(), WARM_UP), noise)
    move(WARM_UP)
    first = move(100)
    # Of 2,000 normal numbers the largest is about 3.5; Adam's own noise adds to it.
    assert np.abs(first).max() < 6.0
    move(3000)
    widths = np.sqrt(np.square(move(4000)).mean((0, 1)))
    # 200 chains and 4,000 iterations: a standard error under 1%; the step's bias and the noise's
    # heat are under 3%.
    np.testing.assert_allclose(widths, 1.0, atol=0.05)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_from_zero_with_nothing_burned_in(make: Callable[[], Sampler]) -> None:
    move = runner(make(), 0.0)
    distance = np.abs(regression()[1] / WIDTHS).max()
    assert np.abs(move(100)).max() < distance + 6.0
    move(15_000)
    widths = np.sqrt(np.square(move(4000)).mean((0, 1)))
    np.testing.assert_allclose(widths, 1.0, atol=0.05)


def test_a_burn_in_begins_after_the_warm_up() -> None:
    theta = keras.Variable(np.ones(3), dtype="float32")
    sampler = ScaleAdaptedSGHMC(0.0, N, burn_in=4, seed=1)
    optimizer = WarmStart(keras.optimizers.SGD(0.0), sampler, 5)
    optimizer.build([theta])
    seen = []
    for t in range(12):
        optimizer.apply([tf.fill([3], float(t + 1))], [theta])
        seen.append(float(sampler.second_moments[0].numpy()[0]))
    assert seen[:5] == [0.0] * 5
    assert len(set(seen[5:9])) == 4
    assert len(set(seen[8:])) == 1


def test_no_scales_at_all_are_refused() -> None:
    theta = [keras.Variable(np.ones(3), dtype="float32")]
    for optimizer in (
        ScaleAdaptedSGHMC(0.1, N, burn_in=0, seed=1),
        WarmStart(
            keras.optimizers.Adam(0.1), ScaleAdaptedSGHMC(0.1, N, burn_in=0, seed=1), iterations=3
        ),
    ):
        with pytest.raises(ValueError, match=r"^`burn_in` is 0, and nothing else .* hand_over"):
            optimizer.build(theta)
