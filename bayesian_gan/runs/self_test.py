"""Twenty iterations of a small Bayesian GAN on one device, to compare devices by."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.gan.graphs import freed_graphs
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.samplers import SGHMC

ITERATIONS = 20
SHAPE, CLASSES, NUM_DATA, BATCH, WIDTH, Z_DIM = (8, 8, 1), 3, 64, 16, 8, 8
# Share of the weights' movement that the rounding of another device may make in 20 iterations. GPUs
# from compute capability 8.0 on round the factors of convolutions to 10 bits (TF32), 1e-3 of them.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Tested:
    """What a device made of the self-test.

    Attributes:
        start: all weights before it, float64 [P].
        end: after it.
    """

    start: np.ndarray
    end: np.ndarray

    @property
    def is_finite(self) -> bool:
        """Whether all weights are finite, and not all where they were."""
        return bool(np.isfinite(self.end).all() and (self.end != self.start).any())

    def difference(self, other: "Tested") -> float:
        """Root mean square difference of the ends, over that of end and start: 0 where they agree."""
        moved = np.sqrt(np.mean(np.square(other.end - other.start)))
        return float(np.sqrt(np.mean(np.square(self.end - other.end))) / moved)


def run_self_test(device: str) -> Tested:
    """Trains from the same seed on the same images; SGHMC's noise is the same on all devices.

    Args:
        device: such as "/device:CPU:0".

    Raises:
        tf.errors.OpError: the device cannot.
    """
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (NUM_DATA, *SHAPE)).astype(np.uint8)
    labels = np.where(np.arange(NUM_DATA) < NUM_DATA // 2, np.arange(NUM_DATA) % CLASSES, -1)
    with tf.device(device), freed_graphs():
        model = BayesianGAN(
            dcgan_generator(SHAPE, Z_DIM, WIDTH, 2),
            dcgan_discriminator(SHAPE, CLASSES, WIDTH, 2),
            num_data=NUM_DATA,
            seed=1,
        )
        start = _weights(model)
        model.compile(SGHMC(1e-3, NUM_DATA, seed=1))
        model.fit(images, labels, batch_size=BATCH, steps_per_epoch=ITERATIONS, verbose=0)
    return Tested(start, _weights(model))


def _weights(model: BayesianGAN) -> np.ndarray:
    networks: list[keras.Model] = [*model.generators, *model.discriminators]
    arrays = [np.asarray(v).ravel() for network in networks for v in network.trainable_variables]
    return np.concatenate(arrays).astype(np.float64)
