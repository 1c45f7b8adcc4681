"""SGNHT: the right variance at any step, and under gradient noise that it is not told of."""

import gaussians
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import brentq

from bayesian_gan.samplers import SGNHT

N = 1000.0


def predicted(
    eta: float, k: np.ndarray, a: float, temperature: float, variance: float = 0.0
) -> np.ndarray:
    """Stationary variance for U = k theta^2 / 2 under gradient noise (docs/explanation/samplers.md).

    At friction alpha every coordinate is SGHMC's with noise 2 a T eta + eta^2 V; alpha is where the
    thermostat rests.
    """
    power = 2.0 * a * temperature * eta + eta**2 * variance

    def velocity(alpha: float) -> np.ndarray:
        return power / (alpha * (2.0 - alpha) * (1.0 - eta * k / (2.0 * (2.0 - alpha))))

    alpha = brentq(lambda x: velocity(x).mean() - 2.0 * temperature * eta / (2.0 - x), 1e-4, 0.99)
    return velocity(alpha) * (2.0 - alpha) / (2.0 * eta * k)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_stationary_moments_in_one_dimension(temperature: float) -> None:
    eta, k = 0.5, np.ones(1)
    np.testing.assert_allclose(
        predicted(eta, k, 0.2, temperature), temperature, rtol=1e-9
    )  # no bias at all
    sampler = SGNHT(eta * N, N, friction=0.2, temperature=temperature, seed=1)
    measured, _ = gaussians.run(
        sampler, k, chains=4000, burn_in=500, steps=400, start=np.array([temperature**0.5])
    )
    # Autocorrelation time under 10: 160,000 independent values, standard error 0.35%; three of
    # them.
    np.testing.assert_allclose(measured, temperature, rtol=0.011)


@pytest.mark.parametrize("temperature", [0.1, pytest.param(0.5, marks=pytest.mark.slow), 1.0])
def test_stationary_moments_in_fifty_dimensions(temperature: float) -> None:
    k = np.geomspace(1.0, 100.0, 50)
    eta, a = 0.01, 0.2
    variance = predicted(eta, k, a, temperature)
    sampler = SGNHT(eta * N, N, friction=a, temperature=temperature, seed=2)
    measured, _ = gaussians.run(
        sampler, k, chains=500, burn_in=500, steps=2000, start=np.sqrt(variance)
    )
    # As for SGHMC: 50,000 independent values, standard error 0.63%; 50 deviations under 4 of them.
    np.testing.assert_allclose(measured, variance, rtol=0.025)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_takes_up_gradient_noise_of_unknown_variance(temperature: float) -> None:
    eta, variance = 0.1, 3.0  # as much heat again and more than the friction alone would remove
    sampler = SGNHT(eta * N, N, friction=0.1, temperature=temperature, seed=3)
    measured, _ = gaussians.run(
        sampler, np.ones(1), chains=4000, burn_in=1500, steps=1000, gradient_std=variance**0.5
    )
    np.testing.assert_allclose(
        predicted(eta, np.ones(1), 0.1, temperature, variance), temperature, rtol=1e-9
    )
    # Autocorrelation time under 20: 200,000 values, standard error 0.32%; three of them.
    np.testing.assert_allclose(measured, temperature, rtol=0.01)


@pytest.mark.parametrize("count", [1e2, 1e4, 6e4, 1e6])
def test_the_default_mass_takes_up_gradient_noise_at_any_number_of_data(count: float) -> None:
    # U/N has curvature 1, and the gradient noise brings 0.6 of the heat that is due.
    lr, a, ratio = 0.1, 0.1, 0.6
    variance = ratio * 2.0 * a / lr * count
    sampler = SGNHT(lr, count, friction=a, seed=5)
    measured, _ = gaussians.run(
        sampler,
        np.array([count]),
        chains=4000,
        burn_in=1000,
        steps=600,
        start=count**-0.5,
        gradient_std=variance**0.5,
    )
    # A thermostat that stands still gives 1.6. Autocorrelation time under 20: 120,000 values,
    # standard error 0.4%; the width, its root, is within 1% at five of them.
    assert (measured[0] * count) ** 0.5 == pytest.approx(1.0, rel=0.01)
    # At rest alpha (1 - lr / (2 (2 - alpha))) = a (1 + ratio).
    assert float(sampler.thermostat.numpy()) == pytest.approx(a * (1 + ratio), rel=0.05)


def test_one_weight_is_enough_for_the_thermostat() -> None:
    # Its v^2 is a noisy thermometer.
    eta, a, weights, steps = 0.2, 0.2, 1, 20_000
    sampler = SGNHT(eta * N, N, friction=a, seed=8)
    theta = keras.Variable(np.ones(weights), dtype="float32")
    sampler.build([theta])
    noise = (0.6 * 2.0 * a / eta) ** 0.5

    @tf.function
    def loop(first: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        total = tf.zeros([3], tf.float64)
        for t in tf.range(first, first + number):
            shaken = noise * tf.random.stateless_normal([weights], tf.stack([98, t]))
            sampler.apply([(theta.value + shaken) / N], [theta])
            alpha = sampler.thermostat.value
            seen = tf.stack([tf.reduce_mean(tf.square(theta.value)), alpha, tf.square(alpha)])
            total += tf.cast(seen, tf.float64)
        return total / tf.cast(number, tf.float64)

    loop(tf.constant(0), tf.constant(400))
    square, alpha, alpha_square = loop(tf.constant(400), tf.constant(steps)).numpy()
    # Autocorrelation time of theta^2 under 10: 2,000 values, standard error 3.2%.
    assert square == pytest.approx(1.0, abs=0.1)
    # The friction swings by a / sqrt(mu d), over mu / a = 50 iterations: 400 values.
    spread = (alpha_square - alpha**2) ** 0.5
    assert spread == pytest.approx(a / (10.0 * weights) ** 0.5, rel=0.25)


def test_a_start_far_away_is_a_descent_and_not_a_divergence() -> None:
    sampler = SGNHT(0.1, 1e6, seed=7)
    theta = keras.Variable(np.full(50, 1e4), dtype="float32")  # 1e7 posterior deviations away
    sampler.build([theta])

    @tf.function
    def loop(count: tf.Tensor) -> None:
        for _ in tf.range(count):
            sampler.apply([theta.value + 0.0], [theta])

    loop(tf.constant(1))
    assert float(sampler.thermostat.numpy()) == 1.0
    loop(tf.constant(4000))
    # Standard deviation 1e-3. The norm of 50 weights is within a half of what it should be.
    assert np.sqrt(np.mean(theta.numpy() ** 2)) == pytest.approx(1e-3, rel=0.5)
    assert float(sampler.thermostat.numpy()) == pytest.approx(0.1, rel=0.3)


def test_one_thermostat_for_all_variables() -> None:
    eta, a, k = 0.2, 0.2, (1.0, 5.0)
    sampler = SGNHT(eta * N, N, friction=a, seed=4)
    theta = [keras.Variable(np.zeros(size), dtype="float32") for size in (10000, 30000)]
    sampler.build(theta)

    @tf.function
    def loop() -> tf.Tensor:
        total = tf.zeros([2])
        for t in tf.range(900):
            sampler.apply([c / N * v for c, v in zip(k, theta, strict=True)], theta)
            if t >= 500:
                total += tf.stack([tf.reduce_mean(tf.square(v)) for v in theta])
        return total / 400.0

    # Three elements in four are stiff. Autocorrelation time under 10: standard error under 0.25%.
    expected = predicted(eta, np.array([1.0, 5.0, 5.0, 5.0]), a, 1.0)[:2]
    np.testing.assert_allclose(loop().numpy(), expected, rtol=0.01)


def test_three_steps_by_hand() -> None:
    lr, a, temperature, mu = 0.05, 0.25, 0.5, 3.0
    theta = keras.Variable(np.linspace(-1.0, 1.0, 5), dtype="float32")
    sampler = SGNHT(lr, N, friction=a, thermostat_mass=mu, temperature=temperature, seed=6)
    sampler.build([theta])
    position, v, alpha, eta = theta.numpy().astype(float), np.zeros(5), a, lr / N
    for t in range(3):
        g = 0.1 * np.cos(position)
        xi = -sampler._draw([theta])[0].numpy() / float(sampler._noise_scale(tf.constant(lr)))
        v = (1 - alpha) * v - lr * g + np.sqrt(2 * a * temperature * eta) * xi
        position = position + v
        w = 2 * temperature * eta / (2 - alpha)
        alpha = min(1.0, alpha + a**2 / mu * (np.mean(v**2) / w - 1))
        assert alpha < 1.0
        sampler.apply([tf.constant(g, tf.float32)], [theta])
        np.testing.assert_allclose(
            theta.numpy(), position, rtol=1e-5, atol=1e-6, err_msg=f"step {t}"
        )
        np.testing.assert_allclose(sampler.thermostat.numpy(), alpha, rtol=1e-5)


def test_the_heat_is_a_mean_over_the_weights_that_move() -> None:
    theta = [keras.Variable(np.zeros(size), dtype="float32") for size in (30, 10)]
    sampler = SGNHT(0.1, N, seed=1)
    sampler.build(theta)
    noise = sampler._gradient_noise
    noise.count.assign(noise.window.numpy() - 1)
    noise.heat.assign(1e6)  # Beside it the last iteration's is nothing.
    moving = theta[1:]  # The other is frozen.
    sampler.apply([tf.zeros(10)], moving)
    window = noise.window.numpy() // 2 - noise.filling
    assert float(noise.unheard.numpy()) == pytest.approx(1e6 / (window * 10), rel=1e-3)
