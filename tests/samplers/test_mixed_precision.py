"""Samplers whose gradients come through bfloat16: moments as in float32, float32 state."""

from collections.abc import Callable
from typing import Any

import gaussians
import keras
import numpy as np
import pytest
import tensorflow as tf
from chains import every_sampler
from test_sghmc import closed_form

from bayesian_gan.samplers import SGHMC

N = 1000.0


class Scaled(keras.layers.Layer):
    """theta * sqrt(k), computed in the layer's own precision."""

    def __init__(self, chains: int, k: np.ndarray, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.k = k
        self.theta = self.add_weight(shape=(chains, len(k)), initializer="zeros", name="theta")

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """One column of ones makes it a product as in a network."""
        return inputs * self.theta * tf.cast(self.k**0.5, self.compute_dtype)


def gradient_in(precision: str, k: np.ndarray, chains: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """The gradient of U = sum k theta^2 / 2 through a layer of this precision.

    The loss is float32 whatever the precision.
    """
    layer = Scaled(chains, k, dtype=precision)

    def gradient(position: tf.Tensor) -> tf.Tensor:
        layer.theta.assign(position)
        with tf.GradientTape() as tape:
            outputs = layer(tf.ones((chains, 1)))
            assert outputs.dtype == layer.compute_dtype
            energy = 0.5 * tf.reduce_sum(tf.square(tf.cast(outputs, tf.float32)))
        return tape.gradient(energy, layer.theta.value)

    return gradient


@pytest.mark.parametrize("noise", ["normal", "rademacher"])
def test_stationary_moments(noise: str) -> None:
    # As in float32 (test_sghmc.py). bfloat16 has 8 bits: a product is off by up to 0.4%, to either
    # side.
    eta, k, alpha, chains = 0.25, np.array([1.0, 2.0]), 0.2, 4000
    sampler = SGHMC(eta * N, N, friction=alpha, noise=noise, seed=1)
    variance, velocity = closed_form(eta, k, alpha)
    gradient = gradient_in("mixed_bfloat16", k, chains)
    start = np.sqrt(variance)
    measured = gaussians.run(
        sampler, k, chains=chains, burn_in=200, steps=400, start=start, gradient=gradient
    )
    np.testing.assert_allclose(measured[0], variance, rtol=0.015)
    np.testing.assert_allclose(measured[1], velocity, rtol=0.015)
    for variable in sampler.velocities:
        assert variable.dtype == "float32"


def test_the_gradient_is_float32_and_was_half_precision() -> None:
    k, position = np.array([1.0]), tf.constant([[1.0 / 3.0]])
    exact = gradient_in("float32", k, 1)(position)
    rounded = gradient_in("mixed_bfloat16", k, 1)(position)
    assert rounded.dtype == tf.float32
    assert 1e-4 < abs(float(rounded[0, 0]) - float(exact[0, 0])) < 2e-3


@every_sampler
def test_all_state_is_float32(make: Callable[..., Any]) -> None:
    dense = keras.layers.Dense(3, dtype="mixed_bfloat16")
    sampler = make(seed=1)
    x = tf.ones((2, 4))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.cast(dense(x), tf.float32)))
    sampler.apply(tape.gradient(loss, dense.trainable_variables), dense.trainable_variables)
    floats = [v for v in [*sampler.variables, *dense.weights] if "int" not in v.dtype]
    assert {v.dtype for v in floats} == {"float32"}
    assert len(floats) > 2
