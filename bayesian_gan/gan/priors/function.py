"""A function of Python as a prior."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.priors.base import Prior
from bayesian_gan.networks.saving import is_registered


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class FunctionPrior(Prior):
    """-log p(theta) as a function of the weights; `BayesianGAN(prior=function)` makes one of it.

    It is saved with the model if it is registered with `keras.saving.register_keras_serializable`.

    Attributes:
        function: takes the list of a network's trainable weights, float32 tensors in the order of
            `network.trainable_variables`, of generators as of discriminators, and gives a scalar.
    """

    function: Callable[[list[tf.Tensor]], tf.Tensor]

    def energy(self, weights: Sequence[tf.Tensor], num_data: int) -> tf.Tensor:
        """What the function gives, divided by N.

        Raises:
            InputError: it is no scalar.
        """
        found = self.function(list(weights))
        if not tf.is_tensor(found) or found.shape.rank != 0:
            shape = found.shape.as_list() if tf.is_tensor(found) else repr(found)
            raise InputError(
                f"prior: {_name(self.function)} must give a scalar tensor, -log p(theta), not {shape}: "
                "sum over all weights"
            )
        return tf.cast(found, tf.float32) / num_data

    def sample(self, weights: Sequence[tf.Tensor], seed: tf.Tensor) -> list[tf.Tensor]:
        """Raises InputError: a density says how probable weights are, and not how to draw them."""
        raise InputError(
            f"prior: {_name(self.function)} is a density, which nothing is drawn from directly: give such as "
            "Normal(1.0), or a class derived from Prior that has `sample`"
        )

    def get_config(self) -> dict[str, Any]:
        """The function by the name that it is registered by.

        Raises:
            InputError: it is not.
        """
        if not is_registered(self.function):
            raise InputError(
                f"the prior cannot be saved: {_name(self.function)} is a function of Python, whose code would "
                "have to be stored and run; register it with keras.saving.register_keras_serializable, or give "
                "a prior such as Normal(1.0)"
            )
        return {"function": keras.saving.serialize_keras_object(self.function)}


def as_prior(given: Any) -> Any:
    """What `prior=` is given: a function as a `FunctionPrior`, and all else as it is."""
    if not callable(given) or isinstance(given, (Prior, type)):
        return given
    return FunctionPrior(given)


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)
