"""The posterior of a small Bayesian GAN: HMC's potential, and SGHMC's agreement with HMC."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.synthetic import hmc_reference as reference


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_the_potential_of_hmc_is_the_energy_of_the_model(player: reference.Player) -> None:
    gan = reference.build(player, chains=2)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    models = gan.discriminators if player == "discriminator" else gan.generators
    flat = np.stack([np.concatenate([w.ravel() for w in m.get_weights()]) for m in models])
    exact = reference.potential(tf.constant(flat), player).numpy()
    state = gan.discriminator_energies if player == "discriminator" else gan.generator_energies
    energies: list[np.ndarray] = []
    keep = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: energies.append(state.numpy())
    )
    gan.fit(
        reference.ring(),
        batch_size=reference.BATCH,
        steps_per_epoch=400,
        callbacks=[keep],
        verbose=0,
    )
    mean = np.mean(energies, 0) * reference.NUM_DATA
    error = np.std(energies, 0) / 400**0.5 * reference.NUM_DATA
    # 400 minibatches, z drawn afresh: within four standard errors of the whole data's.
    assert np.all(np.abs(mean - exact) < 4 * error + 1e-3)
    assert np.all(error < 0.02 * exact)


def test_heat_is_the_slope_of_the_potential_along_a_linear_field() -> None:
    rng = np.random.default_rng(0)
    # Draws around which the covariance is [[4, 1], [1, 2]] repeated, and the mean 0.5.
    root = np.kron(np.eye(9), np.linalg.cholesky([[4.0, 1.0], [1.0, 2.0]]))
    unit = rng.normal(size=(400, 18))
    unit = (unit - unit.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(unit.T))).T
    around = (0.5 + unit @ root.T)[:, None]
    A = np.kron(np.eye(9), np.array([[2.0, -1.0], [-1.0, 4.0]]) / 7.0)
    theta, small = rng.normal(size=(3, 2, 18)), 1e-3
    field = (theta - 0.5) @ A / np.trace(A)

    def energy(flat: np.ndarray) -> np.ndarray:
        found = reference.potential(tf.constant(flat.reshape(-1, 18), tf.float32), "generator")
        return found.numpy().astype(np.float64).reshape(3, 2)

    slope = (energy(theta + small * field) - energy(theta - small * field)) / (2 * small)
    found = reference.heat(theta, around, "generator")
    # Rounding of energies of order 100 in float32, 1e-5 / 2e-3, and kinks within the step.
    np.testing.assert_allclose(found, slope, rtol=0.01, atol=0.02)
    assert np.ptp(slope) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_sghmc_predicts_as_hmc_does_and_a_chain_that_is_too_hot_is_seen(
    player: reference.Player,
) -> None:
    hmc = reference.hmc(player, 8, 500, 500)
    found = {
        T: reference.compare(hmc, reference.sghmc(player, 8, 800, 200, T), player)
        for T in (1.0, 1.1)
    }
    for result in found.values():
        assert max(result.rhat) < 1.1
        assert min(result.ess) > 100
    # The largest of 50 or 36 correlated differences, and two temperatures: 4 standard errors. What
    # the step and the minibatches add to the variance, about 1%, is below an error of so few draws.
    assert found[1.0].agrees
    # A heat of 0.1 is six of its standard errors, and of no difference of predictions four.
    assert not found[1.1].agrees
    assert found[1.1].temperature[1] - 1.0 > 5.0 * found[1.1].uncertainty[1]
