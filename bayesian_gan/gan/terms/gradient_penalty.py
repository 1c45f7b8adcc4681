"""The gradient penalty of a Wasserstein critic (Gulrajani et al. 2017, arXiv:1704.00028)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms.base import Term
from bayesian_gan.networks.normalization import GhostBatchNormalization
from bayesian_gan.networks.outputs import critic_values
from bayesian_gan.options.config import Config
from bayesian_gan.samplers import stateless


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class GradientPenalty(Term):
    """lambda times the mean of (||grad c(x')|| - 1)^2 between real and generated images x'.

    It joins the energies of the critics, in place of the clipping of their weights. Its value, which is logged,
    has lambda in it, so its weight in an iteration is 1.

    Attributes:
        weight: lambda > 0; 10 in Gulrajani et al. 2017.

    Raises:
        InputError: it is not.
    """

    weight: float = 10.0

    metric = "penalty"
    of_pairs = True
    needs_critic = True

    def __post_init__(self) -> None:
        self._check("weight", above=0)

    @classmethod
    def from_options(cls, config: Config) -> Self:
        """`--gradient_penalty`."""
        assert config.gradient_penalty is not None
        return cls(config.gradient_penalty)

    def check(self, discriminator: keras.Model) -> None:
        """Raises InputError where the critic couples the examples of a batch."""
        super().check(discriminator)
        coupling = (GhostBatchNormalization, keras.layers.BatchNormalization)
        for layer in discriminator._flatten_layers():
            if isinstance(layer, coupling):
                raise InputError(
                    f"GradientPenalty is a norm for each example, and the discriminator's {layer.name} couples "
                    "those of a batch: give it layer normalisation, or use Wasserstein(weight_clip=...)"
                )

    def weight_at(self, step: tf.Tensor) -> float:
        """1: the value has lambda in it."""
        return 1.0

    def __call__(self, passes: Passes) -> tf.Tensor:
        """Lambda times the penalty between x and each generator's images, [q]."""
        of_points, of_pass = passes.seeds(self.metric, 2)
        points = interpolates(passes.real, passes.fakes, of_points)

        def critic(x: tf.Tensor) -> Any:
            return passes.run(x, of_pass)

        return self.weight * gradient_penalties(critic, points, passes.real.shape[0])


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
    e = stateless.uniform((fakes.shape[0], *ones), seed)
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
