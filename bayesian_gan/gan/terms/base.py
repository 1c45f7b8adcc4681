"""What a term of an energy is, and what a state is that terms carry from one iteration to the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.errors import InputError
from bayesian_gan.gan.configured import Configured
from bayesian_gan.gan.passes import Passes
from bayesian_gan.networks.outputs import num_classes, symbolic_output
from bayesian_gan.networks.players import PLAYERS, Player
from bayesian_gan.options.config import Config

# What the energies themselves are logged as.
OTHERS = ("discriminator_energy", "generator_energy", "real", "fake", "adversarial", "labelled")


@dataclass(frozen=True)
class Discriminators:
    """The discriminators that a state is made for.

    Attributes:
        template: their architecture.
        networks: M * J_d, those of chain m at m * J_d and on.
        keys: of each, the integers that its initial weights are drawn by.
    """

    template: keras.Model
    networks: Sequence[keras.Model]
    keys: Sequence[tuple[int, ...]]


class State(keras.layers.Layer):
    """Variables that terms carry from one iteration to the next, for every discriminator.

    A Keras layer, so that checkpoints, saving and restoring find its variables. Terms with an equal `Carries`
    share one.

    Attributes:
        networks: one for each discriminator; none where the state is made of plain variables.
    """

    networks: Sequence[keras.Model] = ()

    def __init__(self, **arguments: Any) -> None:
        """Of a Keras layer; its variables are float32, as the energies are, whatever Keras's policy."""
        super().__init__(**({"dtype": "float32"} | arguments))

    def read(self, index: int, real: tf.Tensor, seed: tf.Tensor) -> Any:
        """What the state gives for one discriminator and its unlabelled minibatch.

        Args:
            index: of the discriminator, 0 <= index < M * J_d.
            real: x, [B, ...].
            seed: of what it draws in this iteration, int32 [2].
        """
        raise NotImplementedError

    def observe(self, passes: Passes) -> tf.Tensor | None:
        """What an iteration tells the state of one discriminator, of a fixed shape; None for nothing."""
        return None

    def move(
        self, step: tf.Tensor, discriminators: Sequence[keras.Model], observed: tf.Tensor | None
    ) -> None:
        """Goes on by one iteration, after the discriminators have moved.

        Args:
            step: the iteration, int64.
            discriminators: M * J_d.
            observed: of `observe`, [M * J_d, ...].
        """
        raise NotImplementedError

    def restart(self, member: int, weights: Sequence[np.ndarray]) -> None:
        """Begins again for one discriminator, which got these weights (in the order of `network.weights`)."""
        raise NotImplementedError


@dataclass(frozen=True)
class Carries:
    """Which state a term needs; equal ones are one state.

    Attributes:
        name: of the state, which no other has.
    """

    name: ClassVar[str]

    def build(self, discriminators: Discriminators) -> State:
        """The state at iteration 0."""
        raise NotImplementedError


@dataclass(frozen=True)
class Term(Configured):
    """A term of the players' energies: weight times what a call gives, a minibatch mean.

    A term of one's own is a class that says these things and is registered with
    `keras.saving.register_keras_serializable`, if a model that has it is to be saved. With arguments beside the
    weight it is a frozen dataclass.

    Attributes:
        weight: finite, at least 0.
        metric: its name among the metrics that `fit` logs, which no other has.
        player: whose energies it joins.
        of_pairs: whether it has a value for each generator that a discriminator meets, or one in all. A term of
            the generators has one for each.
        needs_classes: whether it speaks of class probabilities, so that K > 1 is needed.
        needs_features: whether it needs the discriminator's features.
        needs_critic: whether it goes with a Wasserstein critic only.

    Raises:
        InputError: a weight out of its range.
    """

    weight: float

    metric: ClassVar[str] = ""
    player: ClassVar[Player] = "discriminator"
    of_pairs: ClassVar[bool] = False
    needs_classes: ClassVar[bool] = False
    needs_features: ClassVar[bool] = False
    needs_critic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        self._check("weight", low=0)

    @classmethod
    def from_options(cls, config: Config) -> Self:
        """The term as the options of a run have it."""
        raise NotImplementedError

    @property
    def carries(self) -> Carries | None:
        """The state that it needs; its value is `passes.carried(name)`."""
        return None

    def check(self, discriminator: keras.Model) -> None:
        """Raises InputError where the term is none, or the discriminator lacks what it needs."""
        name, outputs = type(self).__name__, symbolic_output(discriminator)
        if not self.metric or self.metric in OTHERS:
            raise InputError(
                f"{name}: metric must be a name of its own, not {self.metric!r} nor one of {', '.join(OTHERS)}"
            )
        if self.player not in PLAYERS:
            raise InputError(f"{name}: player must be one of {PLAYERS}, not {self.player!r}")
        if self.player == "generator" and not self.of_pairs:
            raise InputError(f"{name}: a term of the generators is of pairs: set of_pairs = True")
        if self.needs_classes and num_classes(discriminator) == 1:
            raise InputError(
                f"{name} needs labels: a discriminator with K > 1 logits; leave the term out"
            )
        if self.needs_features and not (isinstance(outputs, dict) and "features" in outputs):
            raise InputError(
                f'{name} needs a discriminator with outputs {{"logits": ..., "features": ...}}: add the '
                "output, or give terms without it, such as terms=[]"
            )

    def weight_at(self, step: tf.Tensor) -> float | tf.Tensor:
        """The weight in an iteration."""
        return self.weight

    def __call__(self, passes: Passes) -> tf.Tensor:
        """The value for one discriminator: a scalar; [q], one for each generator met, where it is of pairs."""
        raise NotImplementedError

    def value(self, passes: Passes) -> tf.Tensor:
        """What the call gives, if it has the shape that it must have.

        Raises:
            InputError: it has another one.
        """
        found = tf.convert_to_tensor(self(passes))
        wanted = [passes.fake_features.shape[0]] if self.of_pairs else []
        if found.shape != wanted:
            raise InputError(
                f"{type(self).__name__}: its value has shape {found.shape.as_list()} and must have {wanted}, "
                f"{'one number for each generator met' if self.of_pairs else 'a scalar'}"
            )
        return found
