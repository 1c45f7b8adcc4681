"""What a discriminator gives: logits, features, and the probabilities that follow."""

from typing import Any

import keras
import tensorflow as tf


def probabilities(logits: tf.Tensor) -> tf.Tensor:
    """Softmax of K > 1 logits, P(y | x, real); the sigmoid of a single one, P(real | x)."""
    return tf.nn.softmax(logits) if logits.shape[-1] > 1 else tf.nn.sigmoid(logits)


def split_outputs(outputs: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Logits and features of a discriminator; without features, the logits in their place."""
    if isinstance(outputs, dict):
        return outputs["logits"], outputs.get("features", outputs["logits"])
    return outputs, outputs


def symbolic_output(model: keras.Model) -> Any:
    """The structure of a model's outputs; a sequential model has none of its own, only the list."""
    return model.outputs[0] if isinstance(model, keras.Sequential) else model.output
