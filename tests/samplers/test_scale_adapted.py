"""Scale-adapted SGHMC: exact closed forms after the burn-in, scales learnt within it."""

import gaussians
import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers import ScaleAdaptedSGHMC, WarmStart

N = 1000.0


@pytest.mark.parametrize("temperature", [0.1, pytest.param(0.5, marks=pytest.mark.slow), 1.0])
@pytest.mark.parametrize("k", [np.ones(1), np.geomspace(1.0, 100.0, 50)], ids=["1-D", "50-D"])
def test_stationary_moments(k: np.ndarray, temperature: float) -> None:
    lr, alpha = 0.1 * temperature**0.5, 0.2  # eta G k from 0.1 to 1
    chains = 50000 // len(k)
    sampler = ScaleAdaptedSGHMC(lr, N, burn_in=300, friction=alpha, temperature=temperature, seed=1)
    measured, _ = gaussians.run(
        sampler, k, chains=chains, burn_in=500, steps=1500, start=np.sqrt(temperature / k)
    )
    G = 1.0 / (1e-5 + np.sqrt(sampler.second_moments[0].numpy()))
    # The scale was learnt: G is 1 / sqrt(E g^2), to the accuracy of some tens of independent
    # gradients.
    ideal = N / np.sqrt(k * temperature)
    np.testing.assert_allclose(np.median(G, axis=0) / ideal, 1.0, atol=0.25)
    variance = np.mean(temperature / k / (1.0 - lr / N * G * k / (2.0 * (2.0 - alpha))), axis=0)
    # The slowest theta^2 has an autocorrelation time of 2 alpha / (2 eta G k) + 1 / alpha < 10:
    # 150,000 values in 50 dimensions, standard error 0.37%; the largest of 50 deviations stays
    # under 4 of them.
    np.testing.assert_allclose(measured, variance, rtol=0.015)


def test_scales_follow_the_equations_and_then_freeze() -> None:
    theta = keras.Variable(np.zeros(3), dtype="float32")
    sampler = ScaleAdaptedSGHMC(0.0, N, burn_in=4, seed=1)
    sampler.build([theta])
    h, V, tau = np.zeros(3), np.zeros(3), np.ones(3)
    rng = np.random.default_rng(0)
    for t in range(7):
        g = rng.normal(size=3)
        if t < 4:
            h = h + (g - h) / (tau + 1)
            V = V + (g**2 - V) / (tau + 1)
            tau = tau + 1 - tau * h**2 / V
        sampler.apply([tf.constant(g, tf.float32)], [theta])
        np.testing.assert_allclose(sampler.second_moments[0].numpy(), V, rtol=1e-5)


def test_a_mass_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^`mass` is learnt in the burn-in: leave it out"):
        ScaleAdaptedSGHMC(0.1, N, burn_in=4, mass=2.0, seed=1)
    sampler = ScaleAdaptedSGHMC(0.1, N, burn_in=4, seed=1)
    assert ScaleAdaptedSGHMC.from_config(sampler.get_config()).burn_in == 4


def test_takes_the_second_moments_of_the_warm_up() -> None:
    adam = keras.optimizers.Adam(0.0, beta_2=0.9)
    sampler = ScaleAdaptedSGHMC(0.0, N, burn_in=0, seed=1)
    optimizer = WarmStart(adam, sampler, 5, hand_over_second_moments=True)
    theta = keras.Variable(np.zeros(3), dtype="float32")
    optimizer.build([theta])
    rng = np.random.default_rng(0)
    weighted = np.zeros(3)
    for t in range(8):
        g = rng.normal(size=3)
        if t < 5:
            weighted = 0.9 * weighted + 0.1 * g**2
        optimizer.apply([tf.constant(g, tf.float32)], [theta])
    expected = weighted / (1 - 0.9**5)  # Adam's, bias-corrected, and not touched afterwards
    np.testing.assert_allclose(sampler.second_moments[0].numpy(), expected, rtol=1e-5)
