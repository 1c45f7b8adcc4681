"""A gradient that is not finite stops a chain before anything is written."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from chains import N, data, every_sampler, fit, model, steps, variables

from bayesian_gan.samplers import (
    SGHMC,
    WarmStart,
)


@every_sampler
def test_the_first_gradient_that_is_not_finite_stops_the_chain(make: Callable[..., Any]) -> None:
    theta = variables()
    sampler = make(seed=1)
    steps(sampler, theta, 3)
    before = [v.numpy() for v in [*theta, *sampler.variables]]
    bad = [tf.constant([1.0, 2.0, 3.0, 4.0]), tf.constant([1.0, np.nan, 1.0, np.inf])]
    path = theta[1].path
    with pytest.raises(FloatingPointError, match=rf"{sampler.name}.*{path} .*iteration 3"):
        sampler.apply(bad, theta)
    with pytest.raises(tf.errors.InvalidArgumentError, match="stopped at an earlier gradient"):
        tf.function(lambda: sampler.apply([bad[0], bad[0]], theta))()
    for old, variable in zip(before, [*theta, *sampler.variables], strict=True):
        if "halted" not in variable.path:
            np.testing.assert_array_equal(old, variable.numpy())


@every_sampler
def test_in_a_graph_the_error_names_the_variable_too(make: Callable[..., Any]) -> None:
    theta = variables()
    sampler = make(seed=1)
    steps(sampler, theta, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"{theta[0].path} .*\[2\]"):
        tf.function(lambda: sampler.apply([theta[0] * np.inf, theta[1] * 1.0], theta))()


@pytest.mark.parametrize(
    "wrap", [lambda s: s, lambda s: WarmStart(keras.optimizers.SGD(0.1), s, 1)]
)
def test_under_xla_fit_raises_at_its_end_and_the_weights_are_the_last_finite_ones(
    wrap: Callable[..., Any],
) -> None:
    good = model(wrap(SGHMC(0.01, N, seed=1)), jit_compile=True)
    good.fit(data()[:20], data()[:20, :2], batch_size=10, shuffle=False, verbose=0)
    poisoned = data()
    poisoned[25] = np.nan  # the third batch
    net = model(wrap(SGHMC(0.01, N, seed=1)), jit_compile=True)
    with pytest.raises(FloatingPointError, match=r"head/kernel is not finite.*iteration 2"):
        fit(net, x=poisoned)
    np.testing.assert_array_equal(net.get_weights()[0], good.get_weights()[0])
