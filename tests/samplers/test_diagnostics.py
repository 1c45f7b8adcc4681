"""The diagnostics against known answers, and the line that they add up to."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers import SGHMC, SGLD, SGNHT, ScaleAdaptedSGHMC, diagnostics

N = 500.0


def chain(
    sampler: keras.optimizers.Optimizer, gradient_std: float = 0.0, k: float = 1.0
) -> np.ndarray:
    """Runs a standard normal target of 20,000 elements at stationarity.

    It returns the gradient of U/N at the end.
    """
    theta = keras.Variable(np.random.default_rng(0).normal(size=20000), dtype="float32")
    sampler.build([theta])
    if isinstance(sampler, ScaleAdaptedSGHMC):
        sampler.receive_second_moments([tf.fill([20000], (k / N) ** 2)])

    @tf.function
    def loop() -> None:
        for t in tf.range(400):
            noise = gradient_std * tf.random.stateless_normal([20000], tf.stack([5, t]))
            sampler.apply([(k * theta.value + noise) / N], [theta])

    loop()
    return k * theta.numpy() / N


@pytest.mark.parametrize("temperature", [0.25, 1.0])
@pytest.mark.parametrize(
    "make",
    [
        lambda **kw: SGHMC(0.02 * N, N, friction=0.5, **kw),
        lambda **kw: SGHMC(0.02 * N, N, friction=0.5, mass=2.0, **kw),
        lambda **kw: SGNHT(0.02 * N, N, friction=0.5, **kw),
        lambda **kw: ScaleAdaptedSGHMC(0.02, N, burn_in=0, friction=0.5, **kw),
    ],
    ids=["sghmc", "mass", "sgnht", "scale-adapted"],
)
def test_both_temperatures_of_a_right_chain(make: object, temperature: float) -> None:
    sampler = make(temperature=temperature, seed=1)  # type: ignore[operator]
    gradient = chain(sampler)
    kinetic = diagnostics.sampler_kinetic_temperature(sampler)
    # eta k / (2 (2 - alpha)) is under 1%, the region's half width 2.6%.
    assert kinetic.agrees, kinetic
    assert kinetic.high - kinetic.low == pytest.approx(
        2 * 2.576 * temperature * (2 / 20000) ** 0.5, rel=0.01
    )
    configurational = diagnostics.configurational_temperature(
        [sampler._trainable_variables[0].numpy()], [gradient], N, temperature=temperature
    )
    assert configurational.agrees, configurational
    assert diagnostics.explain_sampler(sampler, [gradient]).startswith(
        f"this chain is sampling at T = {temperature:g}"
    )


def test_the_factor_of_the_discretisation_is_divided_out() -> None:
    # Velocities of variance 2 eta / (2 - alpha) have T = 1; without the factor it would read 1 /
    # 0.75.
    velocities = np.random.default_rng(1).normal(size=200000) * np.sqrt(2 * 0.01 / 1.5)
    measured = diagnostics.kinetic_temperature([velocities], 0.01 * N, N, friction=0.5)
    assert measured.value == pytest.approx(1.0, rel=0.01)
    # The region covers as it says: 99% of 400 states of 100 velocities.
    states = velocities[:40000].reshape(400, 100)
    inside = [
        diagnostics.kinetic_temperature([v], 0.01 * N, N, friction=0.5).agrees for v in states
    ]
    assert sum(inside) >= 386
    assert not diagnostics.kinetic_temperature([1.02 * velocities], 5.0, N, friction=0.5).agrees


def test_gradient_noise_is_found_named_and_gone_when_taken_off() -> None:
    # V = 20 at eta 0.02: eta V / 2 is 0.2 of a friction of 0.4.
    hot = SGHMC(0.02 * N, N, friction=0.4, seed=2)
    gradient = chain(hot, gradient_std=20**0.5)
    line = diagnostics.explain_sampler(hot, [gradient])
    assert line.startswith(
        "this chain is not sampling at T = 1 because its velocities are too hot at 1.5"
    )
    assert "its positions are too hot at 1.5" in line
    right = SGHMC(0.02 * N, N, friction=0.4, gradient_noise="fisher", seed=2)
    gradient = chain(right, gradient_std=20**0.5)
    variance = [v.numpy() for v in right.gradient_variance()]
    # The estimate is V / N^2, and eta k = 2% of it more (see test_sghmc.py).
    assert variance[0].mean() == pytest.approx(20 / N**2, rel=0.04)
    ratio = diagnostics.gradient_noise_ratio(variance, 0.02 * N, N, friction=0.4)
    assert ratio == pytest.approx(0.5, rel=0.04)
    assert diagnostics.explain_sampler(right, [gradient]).startswith(
        "this chain is sampling at T = 1"
    )
    # More than the friction can take off: no estimate helps, and the line says so.
    lost = SGHMC(0.02 * N, N, friction=0.1, gradient_noise="fisher", seed=2)
    chain(lost, gradient_std=20**0.5)
    assert (
        "minibatch noise is 2 times the noise due at T (use a smaller"
        in diagnostics.explain_sampler(lost)
    )


def test_a_chain_that_has_not_arrived_or_mixed() -> None:
    cold = diagnostics.configurational_temperature([np.zeros(100)], [np.ones(100)], N)
    assert not cold.agrees
    line = diagnostics.explain(configurational=cold, rhat=1.3)
    assert "its positions are too cold at 0" in line
    assert "R-hat is 1.3" in line
    assert "\n" not in line


def test_samplers_without_a_kinetic_temperature_say_so() -> None:
    with pytest.raises(ValueError, match=r"^`sampler` must have velocities"):
        diagnostics.sampler_kinetic_temperature(SGLD(0.1, N, seed=1))
    with pytest.raises(ValueError, match=r"^`sampler` must be built"):
        diagnostics.sampler_kinetic_temperature(SGHMC(0.1, N, seed=1))
