"""Networks drawn from a prior, against networks that are given the same weights by hand."""

import numpy as np
import pytest
import tensorflow as tf
from conftest import parse_flags

from bayesian_gan.data import digits
from bayesian_gan.errors import InputError
from bayesian_gan.gan.priors import Laplace
from bayesian_gan.networks.noise import without_noise
from bayesian_gan.options.config import Config
from bayesian_gan.runs.build import example_networks
from bayesian_gan.runs.prior_predictive import BATCHES, PriorPredictive, prior_predictive
from bayesian_gan.samplers import stateless
from bayesian_gan.seeds import Use

B = 8
FLAGS = (
    "--preset laptop --gf_dim 4 --df_dim 4 --z_dim 5 --batch_size 8 --prior laplace "
    "--prior_std 0.3 --random_seed 4"
)


def _config(*more: str) -> Config:
    return parse_flags("--out_dir", "o", *FLAGS.split(), *more)


def test_each_network_has_a_draw_of_the_prior_and_the_statistics_of_its_minibatch() -> None:
    config, data = _config(), digits.load()
    found = prior_predictive(config, (8, 8, 1), 10, 3, data.images)
    assert found.generated.shape == (3, B, 8, 8, 1)
    assert found.classes is not None
    assert found.classes.shape == (3, BATCHES * B, 10)
    assert found.real.shape == (3, BATCHES * B)
    np.testing.assert_allclose(found.classes.sum(axis=-1), 1.0, rtol=1e-5)
    generator, discriminator = example_networks(config, (8, 8, 1), 10)
    for player, network in enumerate((generator, discriminator)):
        without_noise(network)
        seed = stateless.seed_pair((4, Use.PRIOR, player, 2))
        drawn = Laplace(0.3).sample(network.trainable_variables, seed)
        for variable, value in zip(network.trainable_variables, drawn, strict=True):
            variable.assign(value)
    words = stateless.seed_pair((4, Use.PRIOR, 2))
    z = tf.random.stateless_uniform((B, 5), words, -1.0, 1.0)
    np.testing.assert_allclose(found.generated[2], generator(z, training=True), atol=1e-5)
    # The same images in the same order: the last network's answers to each minibatch of its own.
    chosen = data.images[np.linspace(0, len(data.images) - 1, BATCHES * B).round().astype(int)]
    order = np.random.default_rng((4, Use.PRIOR, 3)).permutation(BATCHES * B)
    x = chosen[order].astype("float32") / 127.5 - 1.0
    for start in range(0, len(x), B):
        logits = discriminator(x[start : start + B], training=True)["logits"]
        part = slice(start, start + B)
        np.testing.assert_allclose(found.classes[2, part], tf.nn.softmax(logits), atol=1e-4)
        Z = np.exp(np.asarray(logits, np.float64)).sum(axis=-1)
        np.testing.assert_allclose(found.real[2, part], Z / (1.0 + Z), atol=1e-4)


def test_two_classes_have_their_probabilities() -> None:
    found = prior_predictive(_config(), (8, 8, 1), 2, 1)
    assert found.classes is not None
    assert found.classes.shape == (1, BATCHES * B, 2)


def test_it_follows_its_seed_and_networks_differ() -> None:
    first, again, other = (
        prior_predictive(_config(*flags), (8, 8, 1), 1, 2)
        for flags in (("--nosemi",), ("--nosemi",), ("--nosemi", "--random_seed", "5"))
    )
    assert first.classes is None
    np.testing.assert_array_equal(first.generated, again.generated)
    np.testing.assert_array_equal(first.real, again.real)
    assert np.abs(first.generated - other.generated).max() > 0.1
    assert np.abs(first.generated[0] - first.generated[1]).max() > 0.1
    assert np.abs(first.real[0] - first.real[1]).max() > 1e-4


@pytest.mark.parametrize(("given", "shown"), [(5, 5), (8, 8), (13, 8), (40, 32), (32, 32)])
def test_examples_are_whole_minibatches_or_all_of_few(given: int, shown: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (given, 8, 8, 1), dtype=np.uint8)
    assert prior_predictive(_config(), (8, 8, 1), 3, 1, images).real.shape == (1, shown)


def test_vectors_and_he_normal() -> None:
    config = parse_flags("--out_dir", "o", "--batch_size", "8", "--prior", "he_normal")
    found = prior_predictive(config, (6,), 3, 50)
    assert found.generated.shape == (50, B, 6)
    # z has the mean square 1/3, and the kernel doubles it; a leaky ReLU of slope 0.2 leaves 0.52 of
    # it, and both layers add biases of variance 1. The standard error of fifty networks is some 4%.
    expected = 2.0 * 0.52 * (2.0 / 3.0 + 1.0) + 1.0
    assert np.mean(found.generated**2) == pytest.approx(expected, rel=0.15)


def test_what_is_said_of_it() -> None:
    classes = np.array([[[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]], [[0.5, 0.3, 0.2], [0.4, 0.3, 0.3]]])
    generated = np.array([[-1.0, -0.995, 0.0, 0.98], [0.3, 0.999, 0.5, -0.9]])
    found = PriorPredictive(generated, classes, np.zeros((2, 2)))
    assert found.saturated == 3 / 8
    np.testing.assert_array_equal(found.largest, [[0.7, 0.6], [0.5, 0.4]])
    np.testing.assert_array_equal(found.favourite, [0.5, 1.0])


def test_maximum_likelihood_has_nothing_to_draw_from() -> None:
    with pytest.raises(InputError, match="maximum likelihood has no prior"):
        prior_predictive(_config("--ml"), (8, 8, 1), 3, 1)
