"""SGLD against its closed forms."""

import gaussians
import numpy as np
import pytest

from bayesian_gan.samplers import SGLD

N = 1000.0


def closed_form(eta: float, k: np.ndarray, temperature: float) -> np.ndarray:
    """Stationary variance for U = k theta^2 / 2: theta' = (1 - eta k) theta + sqrt(2 T eta) xi."""
    return 2.0 * temperature * eta / (1.0 - (1.0 - eta * k) ** 2)


@pytest.mark.parametrize("noise", ["normal", "rademacher"])
@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_stationary_moments_in_one_dimension(temperature: float, noise: str) -> None:
    eta, k = 0.5, np.ones(1)  # inflates the variance by 4/3
    sampler = SGLD(eta * N, N, temperature=temperature, noise=noise, seed=1)
    variance = closed_form(eta, k, temperature)
    measured, moved = gaussians.run(
        sampler, k, chains=4000, burn_in=50, steps=200, start=np.sqrt(variance)
    )
    # theta^2 forgets in under 2 iterations: standard error under sqrt(2 / 400000) = 0.22%;
    # tolerance four of them.
    np.testing.assert_allclose(measured, variance, rtol=0.009)
    # The last change of position: E (eta k theta)^2 + 2 T eta.
    np.testing.assert_allclose(
        moved, (eta * k) ** 2 * variance + 2.0 * temperature * eta, rtol=0.009
    )


@pytest.mark.parametrize("temperature", [0.1, pytest.param(0.5, marks=pytest.mark.slow), 1.0])
def test_stationary_moments_in_fifty_dimensions(temperature: float) -> None:
    k = np.geomspace(1.0, 100.0, 50)
    eta = 0.01
    sampler = SGLD(eta * N, N, temperature=temperature, seed=2)
    variance = closed_form(eta, k, temperature)
    measured, _ = gaussians.run(
        sampler, k, chains=1000, burn_in=100, steps=4000, start=np.sqrt(variance)
    )
    # The slowest theta^2 forgets in 1 / (2 eta k) = 50 iterations, autocorrelation time 100: 60,000
    # independent values, standard error 0.58%; the largest of 50 deviations stays under 4 of them.
    np.testing.assert_allclose(measured, variance, rtol=0.028)


def test_gradient_noise_biases_by_the_predicted_size() -> None:
    eta, variance = 0.1, 4.0
    sampler = SGLD(eta * N, N, seed=3)
    measured, _ = gaussians.run(
        sampler, np.ones(1), chains=4000, burn_in=100, steps=500, start=np.ones(1), gradient_std=2.0
    )
    # eta^2 V joins 2 T eta: T rises by eta V / 2 = 0.2. Standard error: autocorrelation time 10,
    # 0.3%.
    assert measured[0] == pytest.approx(
        closed_form(eta, np.ones(1), 1.0 + eta * variance / 2.0)[0], rel=0.012
    )
