"""The teacher: copies of the discriminators whose weights are averaged over the iterations."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms.base import Carries, Discriminators, State, Term
from bayesian_gan.networks.noise import forward, without_noise
from bayesian_gan.networks.outputs import split_outputs
from bayesian_gan.networks.replication import replicate


@dataclass(frozen=True)
class Teacher(Carries):
    """Asks for the averaged weights w', which start at w and follow it: w' <- d w' + (1 - d) w.

    d is the decay, or (1 + t) / (10 + t) in iteration t while that is less (Tarvainen & Valpola 2017, "Mean
    teachers").

    Attributes:
        decay: in [0, 1).
    """

    decay: float

    name = "teacher"

    def build(self, discriminators: Discriminators) -> State:
        """The state at iteration 0."""
        return AveragedWeights(self.decay, discriminators)


class AveragedWeights(State):
    """Noise-free copies of the discriminators with averaged weights.

    Args:
        decay: see `Teacher`.
        discriminators: that they follow.

    Attributes:
        networks: the copies.
    """

    def __init__(self, decay: float, discriminators: Discriminators) -> None:
        super().__init__(name=Teacher.name)
        self.decay = decay
        self.networks = [replicate(discriminators.template, key) for key in discriminators.keys]
        for network in self.networks:
            network.trainable = False
            without_noise(network)
        self.built = True

    def read(self, index: int, real: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Logits m'(x), [B, K], with the batch statistics of x; other random layers than noise draw."""
        return split_outputs(forward(self.networks[index], real, seed, keep_averages=True))[0]

    def move(
        self, step: tf.Tensor, discriminators: Sequence[keras.Model], observed: tf.Tensor | None
    ) -> None:
        """Moves the averaged weights towards the current ones."""
        t = tf.cast(step, tf.float32)
        decay = tf.minimum(self.decay, (1.0 + t) / (10.0 + t))
        for averaged, network in zip(self.networks, discriminators, strict=True):
            # Running averages are not averaged again: both networks have those of their own passes.
            for mean, value in zip(
                kernels(averaged, network), network.trainable_variables, strict=True
            ):
                mean.assign(decay * mean + (1.0 - decay) * value)

    def restart(self, member: int, weights: Sequence[np.ndarray]) -> None:
        """The averages begin again at these weights."""
        self.networks[member].set_weights(list(weights))


def kernels(averaged: keras.Model, network: keras.Model) -> list[keras.Variable]:
    """The weights of a copy that is not trainable which are trainable in the network, in its order."""
    own = dict(zip([id(v) for v in network.weights], averaged.weights, strict=True))
    return [own[id(v)] for v in network.trainable_variables]


@dataclass(frozen=True)
class TaughtTerm(Term):
    """A term that asks the teacher; its weight rises linearly over the first iterations.

    Attributes:
        weight: from iteration `ramp` on.
        ramp: iterations over which it rises from 0, at least 0.
        decay: of the averaged weights, in [0, 1).
    """

    ramp: int = 1500
    decay: float = 0.999

    needs_classes = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check("ramp", low=0, whole=True)
        self._check("decay", low=0, below=1)

    @property
    def carries(self) -> Carries:
        """The averaged weights."""
        return Teacher(self.decay)

    def weight_at(self, step: tf.Tensor) -> tf.Tensor:
        """The weight in an iteration."""
        risen = tf.cast(step, tf.float32) / max(self.ramp, 1)
        return self.weight * tf.minimum(risen, 1.0)

    def taught(self, passes: Passes) -> tf.Tensor:
        """The teacher's logits m'(x), [B, K]."""
        return passes.carried(Teacher.name)
