"""The posterior of a run with `--swag`: draws of the Gaussian along the last iterations of its DCGAN."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.noise import forward
from bayesian_gan.options.config import Config
from bayesian_gan.posterior import Posterior
from bayesian_gan.posterior.draws import array_name
from bayesian_gan.samplers import stateless
from bayesian_gan.samplers.swag import Swag
from bayesian_gan.seeds import Use

NUM_DRAWS = 20
# Minibatches for the running averages of a draw: with a momentum of 0.9 all but 0.5% is then the draw's own.
PASSES = 50


def draw_swag(
    config: Config, model: BayesianGAN, images: np.ndarray, snapshots: Posterior, folder: Path
) -> Posterior:
    """Fits the Gaussian to all snapshots, and fills a posterior with draws of it.

    Both networks are drawn together, and each draw's running averages are found anew, by passes
    through minibatches as training has them, without its noise on activations. The model's own
    weights are as before. Draws are numbered from 1: they belong to no iteration.

    Args:
        config: of the run, with a rank.
        model: the single DCGAN.
        images: the training images.
        snapshots: what was collected, at least two draws.
        folder: of the new posterior, which is there whole or not at all; one that an earlier end of
            the run left there is replaced.

    Raises:
        InputError: a snapshot is damaged.
        OSError: the posterior cannot be written.
    """
    assert config.swag is not None
    (generator,), (discriminator,) = model.generators, model.discriminators
    players = {"g": generator, "d": discriminator}
    # A list: draws follow the order of the arrays, which a set has anew in every process.
    trained = [
        array_name(player[0], 0, k)
        for player in ("generator", "discriminator")
        for k in snapshots.trained(player)
    ]
    draws = (snapshots.draw(iteration) for iteration in snapshots.iterations)
    fitted = Swag.of(({n: d[n] for n in trained} for d in draws), config.swag)
    last = snapshots.draw(snapshots.iterations[-1])
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    posterior = Posterior.create(part, model)
    kept = {player: network.get_weights() for player, network in players.items()}
    passes = [
        _Passes(network, (config.random_seed, Use.SWAG, k))
        for k, network in enumerate(players.values())
    ]
    try:
        for number in range(1, NUM_DRAWS + 1):
            rng = np.random.default_rng((config.random_seed, Use.SWAG, 2, number))
            _give(players, last | fitted.draw(rng))
            z = rng.uniform(-1.0, 1.0, (PASSES, config.batch_size, generator.input_shape[-1]))
            chosen = rng.integers(len(images), size=(PASSES, config.batch_size))
            for k in range(PASSES):
                passes[0](tf.constant(z[k], tf.float32), number * PASSES + k)
                real = tf.constant(images[np.sort(chosen[k])])
                passes[1](to_unit(real, model.input_range), number * PASSES + k)
            posterior.write(number, posterior.arrays(model))
    finally:
        for player, network in players.items():
            network.set_weights(kept[player])
    shutil.rmtree(folder, ignore_errors=True)
    return Posterior(part.rename(folder))


class _Passes:
    """Passes of one network that have its running averages follow its weights.

    Args:
        network: whose activations get no noise.
        key: what its random layers draw by, with the number of the pass.
    """

    def __init__(self, network: keras.Model, key: tuple[int, ...]) -> None:
        def passed(x: tf.Tensor, step: tf.Tensor) -> None:
            forward(
                network,
                x,
                stateless.seed_pair(key, step),
                keep_averages=True,
                noise=tf.constant(0.0),
            )

        self._passed = tf.function(passed, autograph=False)

    def __call__(self, x: tf.Tensor, step: int) -> None:
        self._passed(x, tf.constant(step))


def _give(players: Mapping[str, keras.Model], draw: Mapping[str, np.ndarray]) -> None:
    for player, network in players.items():
        network.set_weights([draw[array_name(player, 0, k)] for k in range(len(network.weights))])
