"""The smallest networks that a GAN can be made of, for tests of what it is given and gives."""

from typing import Any

import keras
import numpy as np

from bayesian_gan.gan.model import BayesianGAN

SHAPE, CLASSES, NUM_DATA, Z = (4, 4, 1), 3, 48, 2


def networks(classes: int = CLASSES, shape: tuple[int, ...] = SHAPE) -> tuple[Any, Any]:
    """A generator and a discriminator of one dense layer each."""
    size = int(np.prod(shape))
    generator = keras.Sequential(
        [keras.Input((Z,)), keras.layers.Dense(size, "tanh"), keras.layers.Reshape(shape)]
    )
    discriminator = keras.Sequential(
        [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(classes)]
    )
    return generator, discriminator


def small_gan(
    optimizer: Any = None, classes: int = CLASSES, shape: tuple[int, ...] = SHAPE, **arguments: Any
) -> BayesianGAN:
    """A compiled GAN of these networks, whose discriminators can be told apart."""
    generator, discriminator = networks(classes, shape)
    given: dict[str, Any] = {"num_data": NUM_DATA, "num_mcmc": 2, "terms": []} | arguments
    model = BayesianGAN(generator, discriminator, **given)
    model.compile(optimizer or keras.optimizers.Adam(0.05))
    return model


def examples(count: int = NUM_DATA) -> tuple[np.ndarray, np.ndarray]:
    """Images that their classes can be read from, uint8, and their labels; black and white occur."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    images = rng.integers(0, 256, (count, *SHAPE)).astype(np.uint8)
    images[np.arange(count), 0, labels] = 255
    images[:, 3, 3] = 0
    return images, labels


def sampled(model: BayesianGAN) -> list[np.ndarray]:
    """The weights of all posterior samples; those of the templates, which are never used, differ."""
    return [
        w for network in (*model.generators, *model.discriminators) for w in network.get_weights()
    ]
