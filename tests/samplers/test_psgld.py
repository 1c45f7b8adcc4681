"""pSGLD: stationary moments with a slow preconditioner, and the Gamma term with a fast one."""

import gaussians
import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.integrate import quad

from bayesian_gan.samplers import PSGLD

N = 1000.0


def predicted(
    lr: float, k: np.ndarray, temperature: float, decay: float
) -> tuple[np.ndarray, np.ndarray]:
    """Stationary variance and preconditioner for U = k theta^2 / 2 (docs/explanation/samplers.md).

    G is 1 / sqrt(E g^2), and V = E g^2 follows from the variance itself: iterated to the fixed
    point. The last factor is the first-order bias of a preconditioner that follows theta^2 with an
    averaging time of 1 / (1 - rho).
    """
    variance = temperature / k
    for _ in range(50):
        G = 1.0 / (1e-5 + k * np.sqrt(variance) / N)
        a = lr / N * G * k
        memory = (1.0 - decay) / (1.0 - decay * (1.0 - a) ** 2)
        variance = temperature / k / (1.0 - a / 2.0) * (1.0 + memory)
    return variance, G


@pytest.mark.parametrize("temperature", [0.1, pytest.param(0.5, marks=pytest.mark.slow), 1.0])
@pytest.mark.parametrize("k", [np.ones(1), np.geomspace(1.0, 100.0, 50)], ids=["1-D", "50-D"])
def test_stationary_moments(k: np.ndarray, temperature: float) -> None:
    lr, decay = 0.05 * temperature**0.5, 0.9995  # eta G k from 0.05 to 0.5; averaging time 2000
    variance, G = predicted(lr, k, temperature, decay)
    chains = 20000 // len(k)
    sampler = PSGLD(lr, N, decay=decay, temperature=temperature, seed=1)
    moments = np.tile((1.0 / G - 1e-5) ** 2, (chains, 1))
    measured, _ = gaussians.run(
        sampler,
        k,
        chains=chains,
        burn_in=2000,
        steps=4000,
        start=np.sqrt(variance),
        prepare=lambda: sampler.receive_second_moments([tf.constant(moments, tf.float32)]),
    )
    # The slowest theta^2 has an autocorrelation time of 1 / (eta G k) = 20: 400 chains make 80,000
    # independent values, standard error 0.5%; the largest of 50 deviations stays under 4 of them.
    # The bias itself is 0.5% and less.
    np.testing.assert_allclose(measured, variance, rtol=0.02)


def without_gamma() -> float:
    """E theta^2 of the density of Langevin dynamics without Gamma: proportional to exp(-U) / G."""

    def density(x: float) -> float:
        return (1.0 + abs(x)) * np.exp(-x * x / 2.0)

    return float(quad(lambda x: x * x * density(x), -12, 12)[0] / quad(density, -12, 12)[0])


@pytest.mark.parametrize(("gamma_term", "expected"), [(False, without_gamma()), (True, 1.0)])
def test_the_gamma_term_restores_the_target_of_a_preconditioner_that_follows_theta(
    gamma_term: bool, expected: float
) -> None:
    # decay 0 makes G = 1 / (1 + |theta|) a function of theta: the worst case, 44% wrong without
    # Gamma.
    sampler = PSGLD(0.02, 1, decay=0.0, epsilon=1.0, gamma_term=gamma_term, seed=2)
    measured, _ = gaussians.run(
        sampler, np.ones(1), chains=4000, burn_in=1000, steps=6000, start=np.ones(1)
    )
    # Autocorrelation time of theta^2 about 1 / (eta G) = 100: 240,000 values, standard error 0.4%.
    # The step's own bias is of order eta G / 2 < 1%.
    assert measured[0] == pytest.approx(expected, rel=0.02)


def test_three_steps_by_hand() -> None:
    lr, rho, epsilon, temperature = 0.01, 0.9, 0.1, 2.0  # F = 0.4: of gradients from 0 to 1
    theta = keras.Variable(np.linspace(-1.0, 1.0, 5), dtype="float32")
    sampler = PSGLD(
        lr, N, decay=rho, epsilon=epsilon, gamma_term=True, temperature=temperature, seed=6
    )
    sampler.build([theta])
    position, V_last, V = theta.numpy().astype(float), np.zeros(5), np.zeros(5)
    eta, xi_last = lr / N, np.zeros(5)
    for t in range(3):
        g = np.cos(3.0 * position)
        xi = -sampler._draw([theta])[0].numpy() / float(sampler._noise_scale(tf.constant(lr)))
        V = rho * V + (1 - rho) * g**2 if t else g**2
        F = 2.0 * temperature / (lr * N) * np.exp(-0.02 * t)
        G = 1.0 / (epsilon + np.maximum(np.sqrt(V), F))
        G_last = 1.0 / (epsilon + np.maximum(np.sqrt(V_last), F))
        gamma = (G - G_last) * xi_last / np.sqrt(2 * temperature * eta * G_last)
        position = (
            position
            - lr * G * g
            + eta * temperature * gamma
            + np.sqrt(2 * temperature * eta * G) * xi
        )
        V_last, xi_last = V, xi
        sampler.apply([tf.constant(g, tf.float32)], [theta])
        np.testing.assert_allclose(
            theta.numpy(), position, rtol=2e-5, atol=1e-6, err_msg=f"step {t}"
        )
