"""The prior of He et al.'s variances against SciPy, in a model, and in a random scan."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import energies_of
from scipy import stats
from small import networks

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.priors import HeNormal, Prior
from bayesian_gan.gan.scan import RandomScan

MakeModel = Callable[..., BayesianGAN]
N, STEP = 50, tf.constant(3, tf.int64)


def _network() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.Conv2D(4, 5),
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(2),
        ]
    )


# Of `_network` under HeNormal(0.7, scale=0.5): 5 * 5 * 3 inputs, then 2 * 2 * 4.
STDS = [(2 * 0.5 / 75) ** 0.5, 0.7, 0.7, 0.7, (2 * 0.5 / 16) ** 0.5, 0.7]


def _energy(weights: list[np.ndarray], stds: list[float]) -> float:
    pairs = zip(weights, stds, strict=True)
    return -sum(stats.norm(scale=s).logpdf(w).sum() for w, s in pairs) / N


def test_kernels_have_a_variance_each_and_all_else_one() -> None:
    network = _network()
    prior = HeNormal(0.7, scale=0.5).of(network)
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal(v.shape) for v in network.trainable_variables]
    tensors = [tf.constant(w, tf.float32) for w in weights]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        energy = prior.energy(tensors, N)
    assert float(energy) == pytest.approx(_energy(weights, STDS), rel=1e-6)
    slopes = tape.gradient(energy, tensors)
    for slope, w, s in zip(slopes, weights, STDS, strict=True):
        np.testing.assert_allclose(slope, w / s**2 / N, rtol=1e-5)


def test_draws_have_these_variances() -> None:
    network = _network()
    prior = HeNormal(0.7, scale=0.5).of(network)
    # A thousand networks side by side: of a weight the shape is read alone.
    like = [tf.zeros((1000, *v.shape)) for v in network.trainable_variables]
    for draw, weight, s in zip(prior.sample(like, tf.constant([7, 1])), like, STDS, strict=True):
        assert draw.shape == weight.shape
        # The standard error of a standard deviation of n numbers is 1 / sqrt(2 n), with 2,000 numbers
        # 1.6%. Four of them.
        assert np.std(draw) == pytest.approx(s, rel=0.064)


@pytest.mark.parametrize("scan", [None, RandomScan(1)])
def test_a_model_has_it_of_both_players_and_in_a_random_scan(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, scan: RandomScan | None
) -> None:
    rates: dict[str, Any] = {"num_mcmc": 1, "scan": scan, "terms": []}
    model, bare = (make_model(prior=prior, **rates) for prior in (HeNormal(0.7), None))
    found = []
    for each in (model, bare):
        each.compile(keras.optimizers.SGD(0.0))
        each.hold(images, labels, batch_size=8)
        if scan is None:
            energies = energies_of(each, (0,), STEP)
            found.append([energies.generators, energies.discriminators])
        else:
            each.train_step(None)
            # Generator 0 or 1 has moved; the other's energy is still 0.
            moved = each.generator_energies.numpy()
            found.append([moved[moved != 0], each.discriminator_energies.numpy()])
    for (with_prior, without), networks_ in zip(
        zip(*found, strict=True), (model.generators, model.discriminators), strict=True
    ):
        assert len(with_prior) in (1, 2)
        expected = [_he_energy(network, 0.7, model.game.num_data) for network in networks_]
        chosen = expected if len(with_prior) == len(expected) else [None]
        for difference, value in zip(np.subtract(with_prior, without), chosen, strict=True):
            options = expected if value is None else [value]
            assert any(float(difference) == pytest.approx(o, rel=1e-4) for o in options)


def _he_energy(network: keras.Model, std: float, num_data: int) -> float:
    """By hand: Dense and Conv2D kernels [..., in, out], transposed ones [k, k, out, in] of stride 2."""
    total = 0.0
    for v in network.trainable_variables:
        s, shape = std, v.shape
        if len(shape) == 2:
            s = (2 / shape[0]) ** 0.5
        elif len(shape) == 4 and network.name.startswith("gen"):
            s = (2 * 4 / (shape[0] * shape[1] * shape[3])) ** 0.5
        elif len(shape) == 4:
            s = (2 / (shape[0] * shape[1] * shape[2])) ** 0.5
        total -= stats.norm(scale=s).logpdf(np.asarray(v)).sum()
    return total / num_data


def test_without_a_network_it_is_no_density() -> None:
    for call in (lambda: HeNormal().energy([], 1), lambda: HeNormal().sample([], tf.zeros(2))):
        with pytest.raises(InputError, match="HeNormal: weights alone do not say"):
            call()
    with pytest.raises(InputError, match="HeNormal: scale must be a finite number greater than 0"):
        HeNormal(1.0, 0.0)


def test_a_network_with_a_weight_of_an_unknown_fan_in_is_refused_when_the_model_is_made() -> None:
    generator, _ = networks()
    discriminator = keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Flatten(), _Own(), keras.layers.Dense(3)]
    )
    arguments: dict[str, Any] = {"num_data": 10, "terms": []}
    assert BayesianGAN(generator, discriminator, **arguments) is not None
    with pytest.raises(InputError, match=r"HeNormal: the weight '.*mixing' \[16, 5\] of .* _Own"):
        BayesianGAN(generator, discriminator, prior=HeNormal(), **arguments)


class _Own(keras.layers.Layer):
    def build(self, input_shape: tuple[int, ...]) -> None:
        self.mixing = self.add_weight(shape=(input_shape[-1], 5), name="mixing")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, tf.convert_to_tensor(self.mixing))

    def compute_output_shape(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        return (input_shape[0], 5)


def test_other_priors_are_the_same_for_every_network() -> None:
    assert Prior().of(_network()) == Prior()
