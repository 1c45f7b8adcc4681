"""Images from a generator, outside training."""

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.networks.outputs import to_float32


def draw_noise(
    num: int | tf.Tensor, z_dim: int, seed: int | tuple[int | tf.Tensor, int]
) -> tf.Tensor:
    """Z ~ U(-1, 1), float32 [num, z_dim]; the same numbers for the same seed."""
    pair = (seed, 0) if isinstance(seed, int) else seed
    return tf.random.stateless_uniform(
        (num, z_dim), tf.convert_to_tensor(pair, tf.int32), -1.0, 1.0
    )


def generate(generator: keras.Model, z: tf.Tensor, batch_size: int = 256) -> np.ndarray:
    """Images of noise z [num, z_dim]: float32 [num, height, width, channels] in [-1, 1].

    Batch normalisation uses its running averages, so an image does not depend on its batch.
    """
    parts = [
        np.asarray(to_float32(generator(z[i : i + batch_size], training=False)))
        for i in range(0, z.shape[0], batch_size)
    ]
    return np.concatenate(parts)
