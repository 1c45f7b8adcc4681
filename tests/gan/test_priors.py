"""Priors against their densities in float64."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from bayesian_gan.errors import InputError
from bayesian_gan.gan.priors import Normal


def test_the_normal_prior_is_minus_its_log_density_but_for_a_constant() -> None:
    rng = np.random.default_rng(3)
    weights = [[rng.standard_normal((4, 5)), rng.standard_normal(7)] for _ in range(2)]
    found, expected = [], []
    for ws in weights:
        found.append(float(Normal(3.0).energy([tf.constant(w, tf.float32) for w in ws], 50)))
        expected.append(-sum(stats.norm.logpdf(w, scale=3.0).sum() for w in ws) / 50)
    assert found[0] == pytest.approx(sum((w**2).sum() for w in weights[0]) / (2 * 9 * 50), rel=1e-6)
    assert found[0] - found[1] == pytest.approx(expected[0] - expected[1], rel=1e-5)


@pytest.mark.parametrize("std", [0.0, -1.0, float("nan"), float("inf")])
def test_standard_deviations_that_are_none_are_refused(std: float) -> None:
    with pytest.raises(InputError, match="Normal: std must be a finite number greater than 0"):
        Normal(std)
