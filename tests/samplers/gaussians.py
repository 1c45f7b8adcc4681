"""Independent Gaussian targets, many chains in one variable, moved by the samplers as they ship.

U(theta) = sum_i k_i theta_i^2 / 2 for every chain, so the gradient of U/N is k theta / N. All
chains live in one variable of shape [chains, dimension]: their coordinates never meet, so one
tensor is many chains.
"""

from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf


def run(
    optimizer: keras.optimizers.Optimizer,
    precisions: np.ndarray,
    *,
    chains: int,
    burn_in: int,
    steps: int,
    start: np.ndarray | float = 1.0,
    gradient_std: float = 0.0,
    epoch: int = 0,
    gradient: Callable[[tf.Tensor], tf.Tensor] | None = None,
    prepare: Callable[[], None] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Second moments of position and velocity, over chains and iterations after the burn-in.

    Args:
        optimizer: unbuilt sampler; its `num_data` is N.
        precisions: [dimension], k.
        chains: number of chains.
        burn_in: iterations before the moments are taken.
        steps: iterations over which they are taken.
        start: standard deviation that the chains start with, one or [dimension].
        gradient_std: standard deviation of the noise added to the gradient of U.
        epoch: iterations in an epoch, over which that noise sums to 0, as that of minibatches without
            replacement does; 0 for independent noise.
        gradient: of U, if not k theta.
        prepare: called when the sampler is built.

    Returns:
        E theta^2 and E v^2, both [dimension]; the velocity is the last change of position.
    """
    k = tf.constant(precisions, tf.float32)
    theta = keras.Variable(
        np.random.default_rng(7).normal(size=(chains, len(k))) * start, dtype="float32"
    )
    optimizer.build([theta])
    if prepare:
        prepare()
    force = gradient or (lambda position: k * position)
    count = tf.cast(optimizer.num_data, tf.float32)

    def step(noise_key: tf.Tensor) -> None:
        g = force(theta.value)
        if gradient_std:
            g += gradient_std * minibatch_noise(noise_key, epoch, g.shape)
        optimizer.apply([g / count], [theta])

    @tf.function
    def loop(first: tf.Tensor, number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        position_sum = tf.zeros([len(k)], tf.float64)
        velocity_sum = tf.zeros([len(k)], tf.float64)
        for t in tf.range(first, first + number):
            before = tf.identity(theta.value)
            step(t)
            v = theta.value - before
            position_sum += tf.cast(tf.reduce_mean(tf.square(theta.value), 0), tf.float64)
            velocity_sum += tf.cast(tf.reduce_mean(tf.square(v), 0), tf.float64)
        return position_sum / tf.cast(number, tf.float64), velocity_sum / tf.cast(
            number, tf.float64
        )

    loop(tf.constant(0), tf.constant(burn_in))
    position, velocity = loop(tf.constant(burn_in), tf.constant(steps))
    return position.numpy(), velocity.numpy()


def minibatch_noise(t: tf.Tensor, epoch: int, shape: Sequence[int]) -> tf.Tensor:
    """Noise of variance 1 for iteration t, which sums to 0 over each epoch; 0: independent noise."""
    if not epoch:
        return tf.random.stateless_normal(shape, tf.stack([99, t]))
    every = tf.random.stateless_normal((epoch, *shape), tf.stack([99, t // epoch]))
    centred = every[t % epoch] - tf.reduce_mean(every, 0)
    return (epoch / (epoch - 1.0)) ** 0.5 * centred
