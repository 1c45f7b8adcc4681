"""Keras's Adam, with one operation for each variable."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class FusedAdam(keras.optimizers.Adam):
    r"""Adam (Kingma & Ba 2015) as Keras has it, by TensorFlow's own kernel.

    With g the gradient and t the iteration, from 1:

        m <- m + (1 - beta_1) (g - m),    v <- v + (1 - beta_2) (g^2 - v)
        theta <- theta - lr sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)

    Keras makes some fifteen operations of this for each variable, and an ensemble has hundreds of
    variables: a third of what a graph's first call takes. State, configuration and arguments are those of
    `keras.optimizers.Adam`, so either reads the other's checkpoints, and weights differ in their
    last digits only.

    Args:
        *args, **kwargs: see `keras.optimizers.Adam`.

    Raises:
        ValueError: `amsgrad` is asked for, which the kernel lacks.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.amsgrad:
            raise ValueError("`amsgrad` has no fused form: use keras.optimizers.Adam")
        self._scalars = _Scalars()

    def apply(
        self,
        grads: Sequence[tf.Tensor | None],
        trainable_variables: Sequence[keras.Variable] | None = None,
    ) -> None:
        """Moves the variables by one iteration."""
        self._scalars.of_dtype = {}
        super().apply(grads, trainable_variables)
        self._scalars.of_dtype = {}

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Moves one variable and its moments."""
        index, dtype = self._get_variable_index(variable), tf.as_dtype(variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            lr=tf.cast(learning_rate, dtype),
            grad=tf.convert_to_tensor(tf.cast(gradient, dtype)),
            **self._arguments(dtype),
        )

    def _arguments(self, dtype: tf.DType) -> dict[str, tf.Tensor]:
        """What all variables of a dtype share in an iteration, made with the first of them."""
        known = self._scalars.of_dtype
        if dtype not in known:
            beta_1, beta_2 = tf.constant(self.beta_1, dtype), tf.constant(self.beta_2, dtype)
            t = tf.cast(self.iterations.value + 1, dtype)
            known[dtype] = {
                "beta1": beta_1,
                "beta2": beta_2,
                "beta1_power": tf.pow(beta_1, t),
                "beta2_power": tf.pow(beta_2, t),
                "epsilon": tf.constant(self.epsilon, dtype),
            }
        return known[dtype]


class _Scalars:
    """Holds what variables share between `apply` and `update_step`, out of sight of Keras's tracking."""

    def __init__(self) -> None:
        self.of_dtype: dict[tf.DType, dict[str, tf.Tensor]] = {}


def fused(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    """An unbuilt optimizer in its fused form, if it has one: Keras's own Adam; any other as it is."""
    if type(optimizer) is keras.optimizers.Adam and not optimizer.built and not optimizer.amsgrad:
        return FusedAdam.from_config(optimizer.get_config())
    return optimizer
