"""What a discriminator gives: logits, features, and the probabilities that follow."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf


def probabilities(logits: tf.Tensor) -> tf.Tensor:
    """Softmax of K > 1 logits, P(y | x, real); the sigmoid of a single one, P(real | x).

    A Wasserstein critic is a single logit that is no log-odds: its sigmoid is a score in (0, 1)
    that grows with c(x), the larger the more real. Its origin and scale are arbitrary; only its
    order says something.
    """
    return tf.nn.softmax(logits) if logits.shape[-1] > 1 else tf.nn.sigmoid(logits)


def to_float32(tensor: Any) -> Any:
    """A tensor, or a symbolic one of Keras, as float32; itself where it is that already."""
    if keras.backend.standardize_dtype(tensor.dtype) == "float32":
        return tensor
    return keras.ops.cast(tensor, "float32")


def split_outputs(outputs: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Logits and features of a discriminator, float32; without features, the logits in their place.

    Energies are float32, whatever a network computes in.
    """
    if not isinstance(outputs, dict):
        outputs = {"logits": outputs}
    logits = to_float32(outputs["logits"])
    return logits, to_float32(outputs["features"]) if "features" in outputs else logits


def critic_values(outputs: Any) -> tf.Tensor:
    """c(x) of a Wasserstein critic, float32 [batch, 1]: the output "critic", else a single logit."""
    if isinstance(outputs, dict):
        outputs = outputs.get("critic", outputs["logits"])
    return to_float32(outputs)


def real_logit(outputs: Any) -> tf.Tensor:
    """The logit of P(real | x), float32 [batch]: log Z of K logits, or c(x) where there is a critic's head.

    c(x) is a score: see `probabilities`. Symbolic outputs of Keras will do, too.
    """
    if isinstance(outputs, dict) and "critic" in outputs:
        return keras.ops.squeeze(critic_values(outputs), -1)
    return keras.ops.logsumexp(split_outputs(outputs)[0], axis=-1)


def p_real(outputs: Any) -> tf.Tensor:
    """P(real | x), [batch], of any discriminator's outputs: the sigmoid of `real_logit`, float32.

    All that shows, follows or exports P(real) reads it here: of K logits it is Z / (1 + Z), of a
    critic, with labels or without, the score that `probabilities` speaks of.
    """
    return tf.sigmoid(real_logit(outputs))


def log_odds(outputs: Any, labels: tf.Tensor | None) -> tf.Tensor:
    """Log-odds of what a discriminator says of images, float32 [batch].

    log P(y) / (1 - P(y)) of each image's class y, computed from the logits, so that it keeps its
    digits where P(y) is all but 0 or 1. Without labels, or with K = 1, `real_logit`.

    Args:
        outputs: of the discriminator.
        labels: integers [batch], or None.
    """
    logits = split_outputs(outputs)[0]
    if labels is None or logits.shape[-1] == 1:
        return real_logit(outputs)
    of_class = tf.gather(logits, labels, axis=1, batch_dims=1)
    is_class = tf.one_hot(labels, logits.shape[-1], on_value=True, off_value=False)
    return of_class - tf.reduce_logsumexp(tf.where(is_class, -np.inf, logits), axis=-1)


def num_classes(discriminator: keras.Model) -> int:
    """K, the number of a discriminator's logits; 1 is the unsupervised case."""
    logits, _ = split_outputs(symbolic_output(discriminator))
    return int(logits.shape[-1])


def critic_weights(model: keras.Model) -> list[int]:
    """Which of `model.trainable_variables` the critic depends on: not those of a class head."""
    critic = keras.Model(model.inputs, critic_values(symbolic_output(model)))
    own = {id(v) for v in critic.trainable_variables}
    return [i for i, v in enumerate(model.trainable_variables) if id(v) in own]


def symbolic_output(model: keras.Model) -> Any:
    """The structure of a model's outputs; a sequential model has none of its own, only the list."""
    return model.outputs[0] if isinstance(model, keras.Sequential) else model.output
