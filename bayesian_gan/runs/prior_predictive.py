"""What the networks of a run do before they have seen anything: their weights drawn from the prior."""

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.errors import InputError
from bayesian_gan.gan.priors import Prior
from bayesian_gan.networks.generation import draw_noise
from bayesian_gan.networks.noise import forward, without_noise
from bayesian_gan.networks.normalization import set_ghost_batch
from bayesian_gan.networks.outputs import p_real, probabilities, split_outputs, to_float32
from bayesian_gan.options.config import Config
from bayesian_gan.runs.build import build_prior, example_networks
from bayesian_gan.samplers import stateless
from bayesian_gan.seeds import Use

GENERATOR, DISCRIMINATOR, Z, NOISE = range(4)
# Minibatches of examples that the discriminators are shown.
BATCHES = 4
# An image's value of tanh that is beyond this is all but black or white.
SATURATED = 0.99


@dataclass(frozen=True, eq=False)
class PriorPredictive:
    """What networks drawn from a prior make and say, each of one minibatch's statistics.

    Attributes:
        generated: float32 [networks, B, ...]: of each generator a minibatch, of the same z.
        classes: class probabilities of each discriminator, float32 [networks, n, K]; None with K = 1.
        real: P(real) of the same examples, or the critic's score, float32 [networks, n].
    """

    generated: np.ndarray
    classes: np.ndarray | None
    real: np.ndarray

    @property
    def saturated(self) -> float:
        """The share of generated values beyond `SATURATED`."""
        return float(np.mean(np.abs(self.generated) > SATURATED))

    @property
    def largest(self) -> np.ndarray:
        """The largest class probability of each example, [networks, n]."""
        assert self.classes is not None
        return self.classes.max(axis=-1)

    @property
    def favourite(self) -> np.ndarray:
        """The share of the examples that each discriminator gives its most frequent class, [networks]."""
        assert self.classes is not None
        n, K = self.classes.shape[1:]
        chosen = self.classes.argmax(axis=-1)
        return np.array([np.bincount(row, minlength=K).max() / n for row in chosen])


def prior_predictive(
    config: Config,
    shape: tuple[int, ...],
    num_classes: int,
    networks: int,
    examples: np.ndarray | None = None,
) -> PriorPredictive:
    """Draws generators and discriminators from the prior of a run, and passes a few minibatches.

    Batch normalisation has no running averages before there is training: as in training it uses the statistics
    of the minibatch, of `--batch_size` examples. Noise on activations is off, as where a run predicts.

    Args:
        config: of the run; with a prior.
        shape: of an example, (height, width, channels) or (d,).
        num_classes: K; 1 without labels.
        networks: how many are drawn of each kind, at least 1.
        examples: that the discriminators are shown, as a run has them: uint8 images or standardised
            vectors. None for noise: pixels U(-1, 1), or vectors N(0, I).

    Raises:
        InputError: the run has no prior, or networks cannot be built for these examples.
    """
    prior = build_prior(config)
    if prior is None:
        raise InputError("maximum likelihood has no prior to draw from: leave --ml out")
    generator, discriminator = example_networks(config, shape, num_classes)
    z = draw_noise(config.batch_size, config.z_dim, _words(config, Z))
    x = _examples(config, shape, examples)
    set_ghost_batch((generator, discriminator), config.batch_size)
    made = [_pass(network, z) for network in _drawn(config, prior, generator, GENERATOR, networks)]
    said = [
        _pass(network, x)
        for network in _drawn(config, prior, discriminator, DISCRIMINATOR, networks)
    ]
    classes = None
    if num_classes > 1:
        classes = np.stack([probabilities(split_outputs(outputs)[0]) for outputs in said])
    return PriorPredictive(
        np.stack([to_float32(images) for images in made]),
        classes,
        np.stack([p_real(outputs) for outputs in said]),
    )


def _drawn(
    config: Config, prior: Prior, network: keras.Model, player: int, count: int
) -> Iterator[keras.Model]:
    """The network with one draw of its weights after the other."""
    without_noise(network)
    density, variables = prior.of(network), network.trainable_variables
    for k in range(count):
        seed = stateless.seed_pair((config.random_seed, Use.PRIOR, player, k))
        for variable, value in zip(variables, density.sample(variables, seed), strict=True):
            variable.assign(value)
        yield network


def _pass(network: keras.Model, inputs: tf.Tensor) -> tf.Tensor:
    return forward(network, inputs, tf.zeros(2, tf.int32), keep_averages=False)


def _examples(config: Config, shape: tuple[int, ...], examples: np.ndarray | None) -> tf.Tensor:
    """Whole minibatches of examples, evenly spaced among those given; all of few as one. float32."""
    B = config.batch_size
    if examples is None:
        seed = stateless.seed_pair((config.random_seed, Use.PRIOR, NOISE))
        if len(shape) == 1:
            return tf.random.stateless_normal((BATCHES * B, *shape), seed)
        return tf.random.stateless_uniform((BATCHES * B, *shape), seed, -1.0, 1.0)
    count = min(len(examples), BATCHES * B)
    count = count // B * B or count
    chosen = examples[np.linspace(0, len(examples) - 1, count).round().astype(int)]
    # Files that are sorted by class shall not make minibatches of one class.
    order = np.random.default_rng((config.random_seed, Use.PRIOR, NOISE)).permutation(count)
    return to_unit(tf.constant(chosen[order]))


def _words(config: Config, what: int) -> tuple[int, int]:
    first, second = stateless.seed_pair((config.random_seed, Use.PRIOR, what)).numpy()
    return int(first), int(second)
