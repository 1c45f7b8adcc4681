"""The gradient penalty against closed forms and finite differences in float64."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.gan.terms.gradient_penalty import gradient_penalties, interpolates
from bayesian_gan.networks import dcgan_discriminator

RNG = np.random.default_rng(0)


def _linear(w: np.ndarray) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((3, 2, 1), dtype="float64"),
            keras.layers.Flatten(dtype="float64"),
            keras.layers.Dense(1, dtype="float64"),
        ]
    )
    model.set_weights([w, np.ones(1)])
    return model


def _double(num_classes: int) -> keras.Model:
    """A critic of layers that the package really uses, in float64, with activations of order 1."""
    template = dcgan_discriminator(
        (8, 9, 1), num_classes, width=3, num_layers=3, critic=True, normalization="layer"
    )

    def clone(layer: Any) -> Any:
        return type(layer).from_config(layer.get_config() | {"dtype": "float64"})

    inputs = keras.Input(template.input_shape[1:], dtype="float64")
    model = keras.models.clone_model(template, inputs, clone_function=clone)
    for variable in model.trainable_variables:
        variable.assign(0.3 * RNG.standard_normal(variable.shape))
    return model


def test_a_linear_critic_has_the_closed_form() -> None:
    w = RNG.standard_normal((6, 1))
    critic, norm = _linear(w), np.linalg.norm(w)
    kernel = critic.trainable_variables[0].value
    with tf.GradientTape() as tape:
        penalties = gradient_penalties(critic, tf.constant(RNG.standard_normal((8, 3, 2, 1))), 4)
    np.testing.assert_allclose(penalties, [(norm - 1) ** 2] * 2, rtol=1e-12)
    gradient = tape.gradient(penalties, kernel)  # of the sum of both
    np.testing.assert_allclose(gradient, 2 * 2 * (norm - 1) * w / norm, rtol=1e-12)


def test_where_the_gradient_is_zero_the_penalty_is_finite_and_so_is_its_gradient() -> None:
    critic = _linear(np.zeros((6, 1)))
    with tf.GradientTape() as tape:
        penalty = gradient_penalties(critic, tf.ones((2, 3, 2, 1), tf.float64), 2)
    np.testing.assert_array_equal(penalty, [1.0])
    np.testing.assert_array_equal(tape.gradient(penalty, critic.trainable_variables[0].value), 0.0)


@pytest.mark.parametrize("num_classes", [1, 3])
def test_norms_are_those_of_each_examples_own_gradient(num_classes: int) -> None:
    critic, points = _double(num_classes), RNG.standard_normal((4, 8, 9, 1))
    h, steps = 1e-5, np.eye(72).reshape(72, 8, 9, 1)
    norms = []
    for point in points:  # Alone: other examples of the batch must not matter.
        # Not `critic_values`, which are float32.
        outputs = [critic(point + s * h * steps) for s in (1, -1)]
        up, down = (o.get("critic", o["logits"]).numpy()[:, 0] for o in outputs)
        norms.append(np.linalg.norm((up - down) / (2 * h)))
    expected = ((np.array(norms) - 1) ** 2).reshape(2, 2).mean(1)
    found = gradient_penalties(critic, tf.constant(points), 2)
    # Central differences in float64: h^2 of curvature, 1e-16 / h of rounding.
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_its_gradient_in_the_weights_equals_finite_differences() -> None:
    # The second derivatives of every layer: image convolution, convolutions, layer normalisation, heads.
    critic, points = _double(3), tf.constant(RNG.standard_normal((6, 8, 9, 1)))
    variables = critic.trainable_variables
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(gradient_penalties(critic, points, 3))
    gradients = tape.gradient(total, [v.value for v in variables], unconnected_gradients="zero")
    moved = 0
    for variable, gradient in zip(variables, gradients, strict=True):
        direction = RNG.standard_normal(variable.shape)
        value, h, ends = variable.numpy(), 1e-6, []
        for sign in (1, -1):
            variable.assign(value + sign * h * direction)
            ends.append(float(tf.reduce_sum(gradient_penalties(critic, points, 3))))
        variable.assign(value)
        slope = float(np.sum(np.asarray(gradient) * direction))
        assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(slope, rel=1e-5, abs=1e-7)
        moved += abs(slope) > 1e-3
    # All kernels, and the biases that act on slopes through a normalisation or a kink's place do not.
    assert moved >= 5


def test_interpolates_lie_between_each_generators_image_and_the_real_one_of_its_row() -> None:
    real = RNG.uniform(-1, 1, (5, 4, 3, 2)).astype(np.float32)
    fakes = RNG.uniform(-1, 1, (10, 4, 3, 2)).astype(np.float32)

    def mixing(*seed: int) -> np.ndarray:
        points = interpolates(tf.constant(real), tf.constant(fakes), tf.constant(seed))
        share = (points.numpy() - fakes) / (np.concatenate([real, real]) - fakes)
        e = np.median(share, axis=(1, 2, 3))
        expected = fakes + e[:, None, None, None] * (np.concatenate([real, real]) - fakes)
        np.testing.assert_allclose(points, expected, atol=1e-5)
        return e

    e = mixing(1, 12)
    assert e.min() >= 0
    assert e.max() <= 1
    assert len(np.unique(e.round(4))) == 10
    assert np.abs(e - mixing(1, 13)).max() > 0.05
