"""The reference moments of `benchmarks/samplers/references.py`."""

import importlib.util
from pathlib import Path

import numpy as np
import tensorflow as tf

_PATH = Path(__file__).parents[2] / "benchmarks" / "samplers" / "reference_cases.py"
_SPEC = importlib.util.spec_from_file_location("reference_cases", _PATH)
assert _SPEC is not None
assert _SPEC.loader is not None
cases = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(cases)


def test_hmc_and_newton_find_the_moments_of_a_gaussian() -> None:
    covariance = np.array([[4.0, 1.9], [1.9, 1.0]])
    case = cases.gaussian("", np.array([1.0, -2.0]), np.linalg.inv(covariance))
    mode, curvature = cases.laplace(case.energy, 2)
    np.testing.assert_allclose(mode, case.mean, atol=1e-3)
    np.testing.assert_allclose(curvature, case.precision, rtol=1e-3)
    mean, std = cases.hmc(case.energy, mode, curvature)
    # 64,000 draws, next to independent: standard errors of 0.4% and 0.3%.
    np.testing.assert_allclose((mean - case.mean) / case.std, 0.0, atol=0.02)
    np.testing.assert_allclose(std / case.std, 1.0, atol=0.02)


def test_the_known_moments_belong_to_the_energies() -> None:
    # At exact draws the mean square of dU/dtheta_i is the mean of d2U/dtheta_i2, by parts: for v of
    # the funnel 1 / 9 + E(x'x e^-v) / 2, for the banana 0.1 + 40 E x^2 and 10.
    curvatures = {"funnel": [1.0 / 9.0 + 4.5], "banana": [440.1, 10.0]}
    rng = np.random.default_rng(0)
    v = 3.0 * rng.normal(size=(100_000, 1))
    x = 1.0 + 10.0**0.5 * rng.normal(size=(100_000, 1))
    draws = {
        "funnel": np.hstack([v, np.exp(v / 2.0) * rng.normal(size=(100_000, 9))]),
        "banana": np.hstack([x, x**2 + 0.1**0.5 * rng.normal(size=x.shape)]),
    }
    for name, theta in draws.items():
        case = cases.MAKERS[name]()
        # The funnel's x have heavy tails, so only its v is held to its moments.
        some = slice(1) if name == "funnel" else slice(None)
        np.testing.assert_allclose(theta.mean(0)[some], case.mean[some], atol=0.15)
        np.testing.assert_allclose(theta.std(0)[some], case.std[some], rtol=0.02)
        slopes = cases.gradient(case.energy, tf.constant(theta, tf.float32)).numpy()
        np.testing.assert_allclose(np.mean(slopes**2, 0)[some], curvatures[name], rtol=0.05)


def test_gdemo_has_the_means_that_turing_states() -> None:
    case = cases.gdemo()  # asserts them itself
    np.testing.assert_allclose(case.mean[1], 7.0 / 6.0, rtol=1e-3)
