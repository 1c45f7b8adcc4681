"""Feature matching: generated images are to have the features of real ones."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.passes import Passes
from bayesian_gan.gan.terms.base import Term
from bayesian_gan.options.config import Config

Distance = Literal["huber", "mean"]


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class FeatureMatching(Term):
    """The distance of real and generated images' features, in the energies of the generators.

    Attributes:
        weight: 1 in the authors' program, 0 in the paper's text.
        distance: "huber", image by image as in the authors' program, or "mean", of the minibatch means.
    """

    weight: float = 1.0
    distance: Distance = "huber"

    metric = "matching"
    player = "generator"
    of_pairs = True
    needs_features = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distance not in get_args(Distance):
            raise InputError(
                f"FeatureMatching: distance must be 'huber' or 'mean', not {self.distance!r}"
            )

    @classmethod
    def from_options(cls, config: Config) -> Self:
        """`--feature_matching` and `--matching`."""
        return cls(config.feature_matching, config.matching)

    def __call__(self, passes: Passes) -> tf.Tensor:
        """The distance from each generator's images, [q]."""
        of = huber_distance if self.distance == "huber" else mean_distance
        return of(passes.features, passes.fake_features)


def huber_distance(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Mean Huber distance (delta 1) of features, row by row, as in the authors' program.

    h(r) = r^2 / 2 for |r| < 1, else |r| - 1/2, of r = real - fake, averaged over rows and features.

    Args:
        real: features of the unlabelled minibatch, [batch, features].
        fake: features of generated images, [..., batch, features].

    Returns:
        [...].
    """
    r = tf.abs(real - fake)
    clipped = tf.minimum(r, 1.0)
    return tf.reduce_mean(clipped * (r - 0.5 * clipped), axis=(-2, -1))


def mean_distance(real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
    """Squared distance of the minibatch means of features (Salimans et al. 2016, "Improved techniques").

    ||mean f(x) - mean f(G(z))||^2 / F, with F the number of features.

    Args:
        real: features of the unlabelled minibatch, [batch, F].
        fake: features of generated images, [..., batch, F].

    Returns:
        [...].
    """
    difference = tf.reduce_mean(real, axis=-2) - tf.reduce_mean(fake, axis=-2)
    return tf.reduce_mean(tf.square(difference), axis=-1)
