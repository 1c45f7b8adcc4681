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


@pytest.mark.slow
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_sghmc_predicts_as_hmc_does(player: reference.Player) -> None:
    hmc = reference.functionals(reference.hmc(player, 8, 500, 500), player)
    sghmc = reference.functionals(reference.sghmc(player, 8, 800, 200), player)
    result = reference.compare(hmc, sghmc)
    assert max(result.rhat) < 1.1
    assert min(result.ess) > 100
    # The largest of 50 or 36 correlated differences: 4 standard errors. What the step and the
    # minibatches add to the variance, about 2%, is below an error of these few draws.
    assert result.errors < 4.0
