"""At temperature zero a sampler is an optimizer of Keras."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from chains import N, steps, variables

from bayesian_gan.samplers import (
    PSGLD,
    SGHMC,
    SGLD,
    SGNHT,
    ScaleAdaptedSGHMC,
)


@pytest.mark.parametrize(
    ("sampler", "optimizer"),
    [
        (
            SGHMC(0.1, N, friction=0.1, temperature=0.0, seed=1),
            keras.optimizers.SGD(0.1, momentum=0.9),
        ),
        (
            SGHMC(0.1, N, friction=1.0, temperature=0.0, mass=2.0, seed=1),
            keras.optimizers.SGD(0.05),
        ),
        (SGLD(0.1, N, temperature=0.0, seed=1), keras.optimizers.SGD(0.1)),
        (
            SGNHT(0.1, N, friction=0.3, temperature=0.0, seed=1),
            keras.optimizers.SGD(0.1, momentum=0.7),
        ),
    ],
    ids=["sghmc", "sghmc-mass", "sgld", "sgnht"],
)
def test_at_temperature_zero_equals_the_keras_optimizer(sampler: Any, optimizer: Any) -> None:
    ours, keras_own = steps(sampler, variables(), 20), steps(optimizer, variables(), 20)
    np.testing.assert_allclose(ours, keras_own, rtol=1e-6, atol=1e-6)
    assert np.max(np.abs(np.array(ours) - [v.numpy() for v in variables()])) > 0.1


MOMENTS = [
    np.array([1.0, 4.0, 9.0, 0.25], "float32"),
    np.array([2.0, 3.0, 5.0, 7.0], "float32"),
]


@pytest.mark.parametrize(
    ("sampler", "optimizer"),
    [
        (
            ScaleAdaptedSGHMC(
                0.01, N, burn_in=0, epsilon=0.0, friction=0.2, temperature=0.0, seed=1
            ),
            keras.optimizers.RMSprop(0.01, rho=1.0, momentum=0.8, epsilon=0.0),
        ),
        (
            PSGLD(0.01, N, decay=0.9, epsilon=0.0, temperature=0.0, seed=1),
            keras.optimizers.RMSprop(0.01, rho=0.9, epsilon=0.0),
        ),
    ],
    ids=["scale-adapted", "psgld"],
)
def test_at_temperature_zero_equals_rmsprop_of_the_same_moments(
    sampler: Any, optimizer: Any
) -> None:
    ours, theirs = variables(), variables()
    sampler.scales_given = True
    sampler.build(ours)
    optimizer.build(theirs)
    sampler.receive_second_moments([tf.constant(m) for m in MOMENTS])
    for own, moment in zip(optimizer._velocities, MOMENTS, strict=True):
        own.assign(moment)
    np.testing.assert_allclose(
        steps(sampler, ours, 20), steps(optimizer, theirs, 20), rtol=1e-6, atol=1e-6
    )
