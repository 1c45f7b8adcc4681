"""The two-layer networks, and a Bayesian GAN on vectors."""

import keras
import numpy as np
import pytest

from bayesian_gan import BayesianGAN, InputError
from bayesian_gan.networks import mlp_discriminator, mlp_generator
from bayesian_gan.samplers import SGHMC


def two_layers(x: np.ndarray, weights: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    kernel, bias, last_kernel, last_bias = weights
    hidden = x @ kernel + bias
    hidden = np.where(hidden > 0, hidden, 0.2 * hidden)
    return hidden, hidden @ last_kernel + last_bias


def test_networks_are_two_dense_layers_with_a_leaky_relu_between() -> None:
    numbers = np.random.default_rng(0)
    generator = mlp_generator(x_dim=5, z_dim=3, hidden=7)
    discriminator = mlp_discriminator(x_dim=5, num_classes=2, hidden=6)
    for model in (generator, discriminator):
        model.set_weights([numbers.normal(size=w.shape) for w in model.get_weights()])
    z = numbers.normal(size=(4, 3)).astype(np.float32)
    x = generator(z).numpy()
    np.testing.assert_allclose(x, two_layers(z, generator.get_weights())[1], rtol=1e-5, atol=1e-5)
    features, logits = two_layers(x, discriminator.get_weights())
    outputs = discriminator(x)
    np.testing.assert_allclose(outputs["features"], features, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(outputs["logits"], logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", ["x_dim", "z_dim", "hidden"])
def test_sizes_below_one_are_refused(size: str) -> None:
    with pytest.raises(InputError, match=f"{size} must be at least 1, not 0"):
        mlp_generator(**({"x_dim": 2, "z_dim": 2, "hidden": 2} | {size: 0}))


def make_gan() -> BayesianGAN:
    networks = mlp_generator(3, 2, 8), mlp_discriminator(3, 1, 8)
    gan = BayesianGAN(*networks, num_data=32, num_gen=2, num_mcmc=2, seed=1)
    gan.compile(keras.optimizers.Adam(0.02), SGHMC(1e-3, 32, seed=1))
    return gan


def test_posterior_samples_of_vectors_far_from_the_unit_cube_reach_them() -> None:
    x = np.random.default_rng(1).normal(50.0, 0.1, size=(32, 3))
    gan = make_gan()
    before = [np.abs(gan.generate(100, g) - 50.0).mean() for g in range(4)]
    gan.fit(x, batch_size=16, steps_per_epoch=60, verbose=0)
    after = [np.abs(gan.generate(100, g) - 50.0).mean() for g in range(4)]
    assert gan.generate(5, 0).shape == (5, 3)
    # They start near 0; D sees vectors as they are, so its gradient draws every generator towards
    # 50.
    assert all(a < b - 1.0 for a, b in zip(after, before, strict=True))
    assert gan.predict(x, verbose=0).shape == (32, 1)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((4, 3), np.uint8), "vectors must be floats, not uint8"),
        (np.full((4, 3), np.nan), "vectors must be finite"),
        (np.full((4, 3), 1e300), "vectors must be finite"),
        (np.zeros((4, 2)), r"must have shape \[N, 3\]"),
    ],
)
def test_vectors_that_cannot_be_trained_on_are_refused(x: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_gan().fit(x, batch_size=2, steps_per_epoch=1, verbose=0)
