"""SGHMC against its closed forms, against Keras's SGD and against a NumPy transcription."""

from typing import Any

import gaussians
import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers import SGHMC

N = 1000.0


def closed_form(eta: float, k: Any, alpha: float, temperature: float = 1.0) -> Any:
    """Stationary variances of position and velocity for U = k theta^2 / 2 (docs/explanation/samplers.md)."""
    factor = 1.0 / (1.0 - eta * k / (2.0 * (2.0 - alpha)))
    return temperature / k * factor, 2.0 * eta * temperature / (2.0 - alpha) * factor


def test_closed_form_is_the_solution_of_the_covariance_recursion() -> None:
    # The formula that the other tests trust, against a fixed point computed without it.
    eta, k, alpha = 0.3, 2.0, 0.25
    transition = np.array([[1.0 - eta * k, 1.0 - alpha], [-eta * k, 1.0 - alpha]])
    kick = np.sqrt(2 * alpha * eta) * np.ones((2, 1))
    covariance = np.zeros((2, 2))
    for _ in range(2000):
        covariance = transition @ covariance @ transition.T + kick @ kick.T
    np.testing.assert_allclose(np.diag(covariance), closed_form(eta, k, alpha), rtol=1e-10)


@pytest.mark.parametrize("noise", ["normal", "rademacher"])
@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_stationary_moments_in_one_dimension(temperature: float, noise: str) -> None:
    # A big step: eta k = 0.5 inflates the variance by 1/(1 - 0.5/3.6) = 1.16, which the test must
    # see.
    eta, k, alpha = 0.5, np.array([1.0]), 0.2
    sampler = SGHMC(eta * N, N, friction=alpha, temperature=temperature, noise=noise, seed=1)
    variance, velocity = closed_form(eta, k, alpha, temperature)
    measured = gaussians.run(
        sampler, k, chains=4000, burn_in=200, steps=400, start=np.sqrt(variance)
    )
    # Autocorrelation time of theta^2 is under 10 iterations: 160,000 independent values, standard
    # error sqrt(2 / 160000) = 0.35%. Three of them are 1.1%.
    np.testing.assert_allclose(measured[0], variance, rtol=0.011)
    np.testing.assert_allclose(measured[1], velocity, rtol=0.011)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_stationary_moments_in_fifty_dimensions(temperature: float) -> None:
    k = np.geomspace(1.0, 100.0, 50)
    eta, alpha = 0.01, 0.2  # eta k = 1 at the stiff end
    sampler = SGHMC(eta * N, N, friction=alpha, temperature=temperature, seed=2)
    variance, velocity = closed_form(eta, k, alpha, temperature)
    measured = gaussians.run(
        sampler, k, chains=1000, burn_in=200, steps=1500, start=np.sqrt(variance)
    )
    # The slowest coordinate forgets theta^2 in about alpha / (2 eta k) * 2 = 20 iterations: 75,000
    # independent values, standard error 0.5%; the largest of 50 deviations stays under 4 of them,
    # 2%.
    np.testing.assert_allclose(measured[0], variance, rtol=0.02)
    np.testing.assert_allclose(measured[1], velocity, rtol=0.02)


def noisy(gradient_noise: float | str, eta: float, variance: float, temperature: float) -> float:
    """E theta^2 for k = 1 under gradient noise of the given variance (of U)."""
    sampler = SGHMC(
        eta * N, N, friction=0.3, temperature=temperature, gradient_noise=gradient_noise, seed=3
    )
    position, _ = gaussians.run(
        sampler,
        np.ones(1),
        chains=4000,
        burn_in=600,
        steps=1000,
        start=np.array([temperature**0.5]),
        gradient_std=variance**0.5,
    )
    return float(position[0])


# V is chosen so that the gradient noise brings half or a quarter of what the friction asks for.
# Standard error: 4000 chains, 1000 iterations, autocorrelation time of theta^2 under 20 and 40:
# 0.32% and 0.45%.
@pytest.mark.parametrize("temperature", [0.5, 1.0])
@pytest.mark.parametrize(("eta", "variance"), [(0.1, 1.5), (0.02, 7.5)])
def test_gradient_noise_biases_by_the_predicted_size_and_its_estimate_removes_it(
    eta: float, variance: float, temperature: float
) -> None:
    right, _ = closed_form(eta, 1.0, 0.3, temperature)
    beta = eta * variance / (2.0 * temperature)
    # Noise of variance eta^2 V joins the 2 alpha T eta: the temperature rises by the factor 1 +
    # beta / alpha.
    biased = right * (1.0 + beta / 0.3)
    assert noisy(0.0, eta, variance, temperature) == pytest.approx(biased, rel=0.015)
    assert noisy(beta, eta, variance, temperature) == pytest.approx(right, rel=0.015)


@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_gradient_noise_estimated_from_the_gradients(temperature: float) -> None:
    # The difference of successive gradients also sees the movement that the last gradient caused,
    # which adds eta k V to the estimate: 2% of V, so at most 2% * 1/2 of the variance here.
    right, _ = closed_form(0.02, 1.0, 0.3, temperature)
    assert noisy("fisher", 0.02, 7.5, temperature) == pytest.approx(right, rel=0.03)


def test_naive_sghmc_heats_up_under_gradient_noise() -> None:
    # Friction 0: every iteration adds eta^2 V to E v^2 and nothing takes it away (Chen et al. 2014,
    # section 3.1).
    eta, variance, steps = 0.01, 1.0, 2000
    sampler = SGHMC(eta * N, N, friction=0.0, seed=4)
    _, velocity = gaussians.run(
        sampler,
        np.array([1.0]),
        chains=2000,
        burn_in=steps,
        steps=1,
        start=np.zeros(1),
        gradient_std=1.0,
    )
    # Half of what enters the velocity goes over to the position: E v^2 = t eta^2 V / 2; standard
    # error 3%.
    assert velocity[0] == pytest.approx(steps * eta**2 * variance / 2.0, rel=0.12)


def test_mass_rescales_the_step_of_each_variable() -> None:
    eta, alpha, mass = 0.4, 0.2, (1.0, 4.0)
    sampler = SGHMC(eta * N, N, friction=alpha, mass=mass, seed=5)
    theta = [keras.Variable(np.zeros(20000), dtype="float32") for _ in mass]
    sampler.build(theta)

    @tf.function
    def loop() -> None:
        for _ in tf.range(300):
            sampler.apply([v / N for v in theta], theta)

    loop()
    for m, value in zip(mass, theta, strict=True):
        # 20,000 independent chains at one time: standard error of the variance 1%.
        assert np.var(value.numpy()) == pytest.approx(closed_form(eta / m, 1.0, alpha)[0], rel=0.03)


def test_three_steps_by_hand() -> None:
    lr, alpha, beta, temperature, mass = 0.05, 0.25, 0.1, 0.5, 2.0
    theta = keras.Variable(np.linspace(-1.0, 1.0, 5), dtype="float32")
    sampler = SGHMC(
        lr, N, friction=alpha, gradient_noise=beta, temperature=temperature, mass=mass, seed=6
    )
    sampler.build([theta])
    position, velocity = theta.numpy().astype(float), np.zeros(5)
    for t in range(3):
        gradient = np.cos(position)
        sampler._drawn.noise = {}
        unit = sampler._draw([theta])[0].numpy() / float(sampler._noise_scale(tf.constant(lr)))
        injected = np.sqrt(2 * (alpha - beta) * temperature * lr / N / mass)
        # The sign of a symmetric noise is a convention; in the code it joins the gradient.
        velocity = (1 - alpha) * velocity - lr / mass * gradient - injected * unit
        position = position + velocity
        sampler.apply([tf.constant(gradient, tf.float32)], [theta])
        np.testing.assert_allclose(
            theta.numpy(), position, rtol=1e-5, atol=1e-6, err_msg=f"step {t}"
        )


def test_schedules_drive_step_and_temperature() -> None:
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([999], [0.02 * N, 0.2 * N])
    heat = keras.optimizers.schedules.PiecewiseConstantDecay([999], [1.0, 0.25])
    sampler = SGHMC(rate, N, friction=0.2, temperature=heat, seed=7)
    position, velocity = gaussians.run(
        sampler, np.array([1.0]), chains=4000, burn_in=1200, steps=300, start=np.ones(1)
    )
    expected = closed_form(0.2, 1.0, 0.2, 0.25)
    np.testing.assert_allclose([position[0], velocity[0]], expected, rtol=0.02)


def test_step_size_zero_rests() -> None:
    theta = keras.Variable([1.0, 2.0])
    sampler = SGHMC(0.0, N, friction=1.0, seed=8)
    sampler.build([theta])
    sampler.apply([tf.constant([3.0, 4.0])], [theta])
    np.testing.assert_array_equal(theta.numpy(), [1.0, 2.0])
