"""The log-likelihood of an image's class, and its gradient with respect to the image."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from bayesian_gan.networks.outputs import log_odds


def log_likelihood(
    network: Callable[[tf.Tensor], Any], images: tf.Tensor, labels: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Log P(y | x, real) of each image's class y, and its gradient with respect to x.

    log P(y) = log sigmoid(log-odds of y). A softmax in float32 would round P(y) to 1 from log-odds
    of 17 on, and the gradient with it to 0, which an attack would take for robustness; the log-odds
    keep it up to 87.

    Args:
        network: images to logits, or to a discriminator's outputs, each image by itself.
        images: float32 [batch, ...].
        labels: integers [batch] in [0, K).

    Returns:
        float32 [batch], and the shape of the images.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        found = tf.math.log_sigmoid(log_odds(network(images), labels))
    return found, tape.gradient(found, images)
