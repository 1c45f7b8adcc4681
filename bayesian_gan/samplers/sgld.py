"""Stochastic gradient Langevin dynamics."""

import keras
import tensorflow as tf

from bayesian_gan.samplers.sampler import Sampler


@keras.saving.register_keras_serializable("bayesian_gan.samplers")
class SGLD(Sampler):
    r"""Stochastic gradient Langevin dynamics (Welling & Teh 2011, equation 4).

    With g the minibatch gradient of U/N and eta = learning_rate / N (the paper's epsilon is 2 eta):

        theta <- theta - learning_rate g + sqrt(2 T eta) xi,    xi ~ N(0, 1)

    Target: exp(-U(theta) / T). It is SGHMC at friction 1. At T = 0 it is Keras's SGD without
    momentum. Gradient noise of variance V (of U) adds eta V / 2 to T: let the step shrink
    (`PolynomialStep`), or use SGHMC, which can take it off.

    It has the arguments of `Sampler` and no slots; `learning_rate` is per *mean* gradient, as in
    SGD.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, learning_rate: tf.Tensor
    ) -> None:
        """Moves one variable: theta <- theta - lr (g + n), with Var(n) = 2 T / (lr N)."""
        tf.raw_ops.ResourceApplyGradientDescent(
            var=variable.handle,
            alpha=tf.cast(learning_rate, variable.dtype),
            delta=self._noisy(gradient, variable),
        )
