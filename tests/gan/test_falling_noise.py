"""Activation noise that falls in a straight line."""

import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of
from taught import model_with

from bayesian_gan.errors import InputError
from bayesian_gan.gan.falling_noise import FallingNoise


@pytest.mark.parametrize(("step", "share"), [(10, 1.0), (30, 0.6), (50, 0.2), (90, 0.2)])
def test_the_noise_falls_in_a_straight_line(
    images: np.ndarray, labels: np.ndarray, step: int, share: float
) -> None:
    falling = model_with([], images, labels, 0.3, noise=FallingNoise(0.2, 10, 50))
    constant, whole = (model_with([], images, labels, s) for s in (0.3 * share, 0.3))
    at = tf.constant(step, tf.int64)
    found, expected, other = (
        energies_of(model, (0,), at).discriminators.numpy() for model in (falling, constant, whole)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    if share < 1:
        assert np.all(np.abs(found - other) > 1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.5, 0, 1), "final must be a finite number at least 0 and at most 1, not 1.5"),
        ((0.5, 5, 4), "last must be a whole number at least 5, not 4"),
        ((0.5, -1, 4), "first must be a whole number at least 0, not -1"),
    ],
)
def test_lines_that_are_none_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FallingNoise(*arguments)
