"""The gradient penalty of a Wasserstein critic (Gulrajani et al. 2017, arXiv:1704.00028)."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from bayesian_gan.networks.outputs import critic_values
from bayesian_gan.seeds import ALGORITHM


def interpolates(real: tf.Tensor, fakes: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Points on the lines between real and generated examples, e x + (1 - e) G(z) with e ~ U(0, 1).

    Args:
        real: [B, ...].
        fakes: [G * B, ...], of one generator after the other; row i of each meets row i of `real`.
        seed: of e, one number for each row; int32 [2].

    Returns:
        [G * B, ...], which no gradient passes through: the penalty is the critic's alone.
    """
    count, ones = fakes.shape[0] // real.shape[0], [1] * (real.shape.rank - 1)
    e = tf.random.stateless_uniform((fakes.shape[0], *ones), seed, dtype=fakes.dtype, alg=ALGORITHM)
    return tf.stop_gradient(fakes + e * (tf.tile(real, (count, *ones)) - fakes))


def gradient_penalties(
    critic: Callable[[tf.Tensor], Any], points: tf.Tensor, rows: int
) -> tf.Tensor:
    """Mean of (||grad c(x)|| - 1)^2 over each `rows` consecutive points; [n / rows].

    The norm is of the gradient with respect to one example, so c must not couple the examples of a batch (no
    batch normalisation). Differentiable in the critic's weights; where a gradient is exactly zero, its norm
    counts as constant.

    Args:
        critic: a network, or a pass through one, whose output `critic_values` reads.
        points: [n, ...].
        rows: a divisor of n.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        total = tf.reduce_sum(critic_values(critic(points)))
    slopes = tf.reshape(tape.gradient(total, points), (points.shape[0], -1))
    squares = tf.reduce_sum(tf.square(slopes), axis=-1)
    # The square root has no derivative at 0: there the inner one keeps NaN out of the gradient.
    positive = squares > 0
    norms = tf.where(positive, tf.sqrt(tf.where(positive, squares, 1.0)), 0.0)
    return tf.reduce_mean(tf.reshape(tf.square(norms - 1.0), (-1, rows)), axis=-1)
