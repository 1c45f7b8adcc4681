"""The verdict on samplers at work: on chains that are right and on chains that are not."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from gaussians import minibatch_noise

from bayesian_gan.samplers import SGHMC, SGLD, SGNHT, ScaleAdaptedSGHMC, WarmStart, diagnostics
from bayesian_gan.samplers.diagnostics import Outcome, explain_sampler

N = 500.0
WEIGHTS = 2000
Draws = dict[str, np.ndarray]


def chain(
    sampler: keras.optimizers.Optimizer,
    gradient_std: float = 0.0,
    steps: int = 1500,
    start: float = 1.0,
    epoch: int = 0,
) -> tuple[Draws, Draws]:
    """Positions, and gradients of U/N, of a standard normal, every 50th of them.

    A gradient that the sampler sees has normal noise of this standard deviation, over N; it sums to
    0 over each `epoch`, if one is given. The weights start with the standard deviation `start`.
    """
    normal = np.random.default_rng(0).normal(size=WEIGHTS)
    theta = keras.Variable(start * normal, dtype="float32")
    if isinstance(sampler, ScaleAdaptedSGHMC):
        sampler.scales_given = True
    sampler.build([theta])
    if isinstance(sampler, ScaleAdaptedSGHMC):
        sampler.receive_second_moments([tf.fill([WEIGHTS], 1.0 / N**2)])

    @tf.function
    def fifty(first: tf.Tensor) -> None:
        for t in tf.range(first, first + 50):
            noise = gradient_std * minibatch_noise(t, epoch, [WEIGHTS])
            sampler.apply([(theta.value + noise) / N], [theta])

    kept = []
    for first in range(0, steps, 50):
        fifty(tf.constant(first))
        kept.append(theta.numpy())
    draws = np.stack(kept)[:, None]
    return {"theta": draws}, {"theta": draws / N}


def test_positions_say_nothing_without_gradients_nor_gradients_without_positions() -> None:
    sampler = SGLD(0.02 * N, N, seed=1)
    positions, gradients = chain(sampler)
    for given in ((positions, None), (None, gradients), (None, None)):
        found = explain_sampler(sampler, *given)
        assert found.outcome is Outcome.CANNOT_SAY
        assert "its positions were not given" in str(found)


@pytest.mark.parametrize("temperature", [0.25, 1.0])
@pytest.mark.parametrize(
    "make",
    [
        lambda **kw: SGLD(0.02 * N, N, **kw),
        lambda **kw: SGHMC(0.02 * N, N, friction=0.5, **kw),
        lambda **kw: SGHMC(0.02 * N, N, friction=0.5, mass=2.0, **kw),
        lambda **kw: SGNHT(0.02 * N, N, friction=0.5, **kw),
        lambda **kw: ScaleAdaptedSGHMC(0.02, N, burn_in=0, friction=0.5, **kw),
    ],
    ids=["sgld", "sghmc", "mass", "sgnht", "scale-adapted"],
)
def test_a_right_chain(make: Any, temperature: float) -> None:
    sampler = make(temperature=temperature, seed=1)
    found = explain_sampler(sampler, *chain(sampler, start=temperature**0.5), rhat=1.0)
    assert str(found).startswith(f"this chain is sampling at T = {temperature:g}"), found
    if not isinstance(sampler, SGLD):
        kinetic = diagnostics.sampler_kinetic_temperature(sampler)
        # eta k / (2 (2 - alpha)) is under 1%, the region's half width 8%.
        assert kinetic.agrees, kinetic
        assert kinetic.high - kinetic.low == pytest.approx(
            2 * 2.576 * temperature * (2 / WEIGHTS) ** 0.5, rel=0.01
        )


def test_gradient_noise_is_found_and_named() -> None:
    # V = 20 at eta 0.02: eta V / 2 is 0.2 of a friction of 0.4.
    hot = SGHMC(0.02 * N, N, friction=0.4, seed=2)
    found = explain_sampler(hot, *chain(hot, gradient_std=20**0.5), rhat=1.0)
    assert found.outcome is Outcome.NOT_SAMPLING
    assert "its velocities are too hot at 1.4" in found.text
    assert "the temperature of all weights together is 1.5" in found.text


def test_velocities_that_an_epoch_heats_are_no_fault_of_positions() -> None:
    sampler = SGHMC(0.02 * N, N, friction=0.2, seed=2)
    # V = 10: eta V / (2 alpha) is 0.5, of which 8 iterations, a fifth of the chain's memory, cancel most.
    positions, gradients = chain(sampler, gradient_std=10**0.5, epoch=8)
    assert diagnostics.sampler_kinetic_temperature(sampler).value > 1.15
    found = explain_sampler(sampler, positions, gradients, rhat=1.0)
    assert found.outcome is Outcome.SAMPLING, found


def test_fisher_is_vouched_for_by_directions_only() -> None:
    sampler = SGHMC(0.02 * N, N, friction=0.4, gradient_noise="fisher", seed=2)
    positions, gradients = chain(sampler)
    # 30 draws of 2,000 weights cannot show that the noise's correlations do no harm.
    found = explain_sampler(sampler, positions, gradients, rhat=1.0)
    assert found.outcome is Outcome.CANNOT_SAY
    assert "takes noise off weight by weight" in found.text
    # 2,000 weights as chains of one variable with four: now directions can be judged.
    few = [{"theta": v["theta"].reshape(-1, 500, 4)} for v in (positions, gradients)]
    assert explain_sampler(sampler, *few, rhat=1.0).outcome is Outcome.SAMPLING


def test_noise_that_friction_cannot_take_off() -> None:
    sampler = SGHMC(0.02 * N, N, friction=0.1, gradient_noise="fisher", seed=2)
    chain(sampler, gradient_std=20**0.5, steps=500)
    ratio = diagnostics.gradient_noise_ratio([np.full(3, 20.0 / N**2)], 0.02 * N, N, friction=0.1)
    assert ratio == pytest.approx(2.0)
    assert "minibatch noise is 2" in explain_sampler(sampler).text


def test_a_warm_start_is_judged_by_the_sampler_at_work() -> None:
    def make(iterations: int) -> WarmStart:
        return WarmStart(
            keras.optimizers.SGD(0.0), SGHMC(0.02 * N, N, friction=0.5, seed=1), iterations
        )

    fresh = explain_sampler(make(500))
    assert fresh.outcome is Outcome.NOT_SAMPLING
    assert "the warm-up is not over: nothing is sampled yet" in fresh.text
    warm = make(1500)
    assert "the warm-up is not over" in explain_sampler(warm, *chain(warm), rhat=1.0).text
    over = make(50)
    positions, gradients = chain(over, steps=1600)
    positions, gradients = ({"theta": v["theta"][2:]} for v in (positions, gradients))
    found = explain_sampler(over, positions, gradients, rhat=1.0)
    assert found.outcome is Outcome.SAMPLING, found


def test_what_needs_no_draws() -> None:
    resting = SGHMC(0.02 * N, N, seed=1)
    assert "it has not moved yet" in explain_sampler(resting).text
    resting.build([keras.Variable(np.zeros(300), dtype="float32")])
    found = explain_sampler(resting)
    assert found.outcome is Outcome.NOT_SAMPLING
    assert "its velocities are too cold at 0 times T" in found.text
    still = SGLD(0.0, N, seed=1)
    still.build([keras.Variable(np.zeros(3), dtype="float32")])
    assert "its learning rate is 0" in explain_sampler(still).text
    assert (
        "no noise is drawn at T = 0" in explain_sampler(SGLD(0.1, N, temperature=0.0, seed=1)).text
    )
    moving = SGLD(0.1, N, seed=1)
    moving.build([keras.Variable(np.zeros(3), dtype="float32")])
    found = explain_sampler(moving)
    assert found.outcome is Outcome.CANNOT_SAY
    assert "its positions were not given" in found.text


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError, match=r"^`optimizer` must be a sampler or a WarmStart, not adam"):
        explain_sampler(keras.optimizers.Adam())
    with pytest.raises(ValueError, match=r"^`sampler` must have velocities"):
        diagnostics.sampler_kinetic_temperature(SGLD(0.1, N, seed=1))
    with pytest.raises(ValueError, match=r"^`sampler` must be built"):
        diagnostics.sampler_kinetic_temperature(SGHMC(0.1, N, seed=1))
