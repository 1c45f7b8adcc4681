"""The mean of a chain's weights, and the temperature that is centred on it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bayesian_gan.monitoring.health import MIN_POSITIONS, HealthMeter
from bayesian_gan.monitoring.positions import Positions

D, T, N = 400, 0.5, 1000.0
FAR = 30.0


class _Variable:
    def __init__(self, value: np.ndarray) -> None:
        self.value = value

    def numpy(self) -> np.ndarray:
        return self.value


def _model() -> tuple[Any, list[_Variable]]:
    """A stand-in of one generator and one discriminator, with a variable each."""
    variables = [_Variable(np.zeros(D, np.float32)) for _ in range(2)]
    networks = [[SimpleNamespace(trainable_variables=[v])] for v in variables]
    return SimpleNamespace(generators=networks[0], discriminators=networks[1]), variables


def test_it_is_the_mean_and_comes_back_from_its_arrays() -> None:
    model, variables = _model()
    positions, rng = Positions(model), np.random.default_rng(0)
    assert positions.arrays() == {}
    states = rng.normal(5.0, 1.0, (30, 2, D)).astype(np.float32)
    kept: dict[str, np.ndarray] = {}
    for t, state in enumerate(states):
        for variable, value in zip(variables, state, strict=True):
            variable.value = value
        positions.add()
        if t == 19:
            kept = {name: array.copy() for name, array in positions.arrays().items()}
    np.testing.assert_allclose(positions.mean("generator", 0)[0], states[:, 0].mean(0), rtol=1e-5)
    again = Positions(model)
    again.restore(kept)
    assert again.count == 20
    for state in states[20:]:
        for variable, value in zip(variables, state, strict=True):
            variable.value = value
        again.add()
    for player in ("generator", "discriminator"):
        np.testing.assert_array_equal(again.mean(player, 0)[0], positions.mean(player, 0)[0])
    # Going back does not hold on to the arrays that it was given.
    again.restore(kept)
    again.add()
    assert int(kept["count"]) == 20
    np.testing.assert_allclose(kept["generator_0000/000"], states[:20, 0].mean(0), rtol=1e-5)
    again.restore({})
    assert again.count == 0


def test_exact_draws_far_from_zero_have_the_temperature_that_they_were_drawn_at() -> None:
    model, variables = _model()
    positions = Positions(model)
    meter: Any = HealthMeter.__new__(HealthMeter)
    meter.model, meter._positions = model, positions
    rng = np.random.default_rng(1)
    centred, uncentred = [], []
    for t in range(400):
        # U = N (theta - FAR)^2 / 2 has variance T / N about FAR; U / N is what gradients are of.
        theta = FAR + np.sqrt(T / N) * rng.standard_normal(D)
        variables[0].value = theta.astype(np.float32)
        gradient = theta - FAR
        found = meter._configurational("generator", [0], {("generator", 0): [gradient]}, N)
        assert (found is None) == (t < MIN_POSITIONS)
        if found is not None:
            centred.append(found)
            uncentred.append(N * float(np.mean(theta * gradient)))
        positions.add()
    # Each is a mean of D products of variance 2 T^2, so the mean of 390 has a deviation of
    # T sqrt(2 / (390 D)) = 0.0018; five of them. Before, one had sqrt(N T / D) FAR = 34.
    assert np.mean(centred) == pytest.approx(T, abs=0.009)
    assert np.std(centred) < 0.06
    assert np.std(uncentred) > 20.0


def test_a_chain_on_its_way_is_cold() -> None:
    model, variables = _model()
    positions = Positions(model)
    meter: Any = HealthMeter.__new__(HealthMeter)
    meter.model, meter._positions = model, positions
    found = None
    for t in range(50):
        variables[0].value = np.full(D, 0.01 * t, np.float32)
        # The energy falls where the weights grow.
        gradients = {("generator", 0): [np.full(D, -0.1)]}
        found = meter._configurational("generator", [0], gradients, N)
        positions.add()
    # theta - c = 0.01 (49 - 24), c the mean of 0 to 48.
    assert found == pytest.approx(-0.1 * 0.25 * N, rel=1e-4)
