"""What is played: how many networks there are, who meets whom, and which energies they have."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from bayesian_gan.data.label_folds import kept_labels, label_folds
from bayesian_gan.errors import InputError
from bayesian_gan.gan.configured import check_number
from bayesian_gan.gan.falling_noise import FallingNoise
from bayesian_gan.gan.objectives import Objective
from bayesian_gan.gan.order import Half, halves
from bayesian_gan.gan.priors import Prior
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import Carries, Term

# Arguments that are objects of their own; `terms` is a sequence of such.
OBJECTS = ("objective", "prior", "scan", "noise")


@dataclass(frozen=True)
class Game:
    """The arguments of a `BayesianGAN` but its networks; see there for what each means.

    Raises:
        InputError: an argument out of its range, or some that do not go together.
    """

    num_data: int
    num_gen: int
    num_disc: int
    num_mcmc: int
    objective: Objective
    prior: Prior | None
    terms: Sequence[Term]
    scan: RandomScan | None
    noise: FallingNoise | None
    chain_offset: int
    shards: int
    seed: int

    def __post_init__(self) -> None:
        at_least_one = ("num_data", "num_gen", "num_disc", "num_mcmc", "shards")
        for name in (*at_least_one, "chain_offset", "seed"):
            low = 1 if name in at_least_one else 0
            value = check_number(name, getattr(self, name), low=low, whole=True)
            object.__setattr__(self, name, value)  # NumPy's integers become Python's own.
        self._check_objects()
        self._check_terms()
        self._check_scan()
        if self.objective.all_meet:
            self._check_all_meet()

    def _check_objects(self) -> None:
        for name, kind, example in (
            ("objective", Objective, "Paper()"),
            ("prior", Prior | None, "Normal(1.0), a function, or None for maximum likelihood"),
            ("scan", RandomScan | None, "RandomScan(generators=1), or None"),
            ("noise", FallingNoise | None, "FallingNoise(0.5, 1000, 2000), or None"),
        ):
            if not isinstance(getattr(self, name), kind):
                raise InputError(f"{name} must be such as {example}, not {getattr(self, name)!r}")

    def _check_terms(self) -> None:
        if not isinstance(self.terms, (list, tuple)):
            raise InputError(f"terms must be a list such as [Entropy(0.3)], not {self.terms!r}")
        for term in self.terms:
            if not isinstance(term, Term):
                raise InputError(f"terms must be such as [Entropy(0.3)], and hold {term!r}")
        metrics = [term.metric for term in self.terms]
        for metric in metrics:
            if metrics.count(metric) > 1:
                raise InputError(f"terms must be different ones, and two are called {metric!r}")
        states: dict[str, Carries] = {}
        for term in self.terms:
            wanted = term.carries
            if wanted is not None and states.setdefault(wanted.name, wanted) != wanted:
                raise InputError(
                    f"terms ask for {states[wanted.name]} and {wanted}: give them the same arguments"
                )
        # A list that its owner changes later is no part of the game.
        object.__setattr__(self, "terms", tuple(self.terms))

    @property
    def moving(self) -> int:
        """k, the generators of a chain that move in an iteration."""
        return (self.scan and self.scan.generators) or self.num_gen

    @property
    def meeting(self) -> int:
        """q, how many of these one discriminator meets."""
        return (self.scan and self.scan.pairs) or self.moving

    def _check_scan(self) -> None:
        """Raises InputError where the parts of one step do not fit the numbers of samples."""
        for name, value, most, of in (
            ("generators", self.moving, self.num_gen, "num_gen"),
            ("pairs", self.meeting, self.moving, "the generators that move in a step"),
        ):
            if value > most:
                raise InputError(f"RandomScan: {name} must lie in 1..{most} ({of}), not {value}")
        if self.num_gen % self.moving:
            raise InputError(
                f"RandomScan: generators must divide num_gen, which is {self.num_gen}, into equal blocks; "
                f"{self.moving} does not"
            )

    def _check_all_meet(self) -> None:
        name = repr(self.objective)
        for argument, given in (
            ("generators", self.moving < self.num_gen),
            ("pairs", self.meeting < self.moving),
        ):
            if given:
                raise InputError(
                    f"RandomScan({argument}=...) does not go with {name}: its logsumexp over all pairs has "
                    "no unbiased estimate from some of them"
                )
        if self.chain_offset:
            raise InputError(
                f"chain_offset does not go with {name}: all chains meet, so none can run alone"
            )
        if self.objective.label_folds > 1:
            raise InputError(
                f"label_folds does not go with {name}: all chains meet, so none is without a label that "
                "another has"
            )
        if self.shards > 1:
            raise InputError(
                f"shards and strategies do not go with {name}: its logsumexp of minibatch means is not a "
                "mean over shards; use Paper(), or one device"
            )

    @property
    def chain_numbers(self) -> tuple[int, ...]:
        """Numbers of the M chains."""
        return tuple(range(self.chain_offset, self.chain_offset + self.num_mcmc))

    def kept_labels(self, labels: np.ndarray) -> np.ndarray | None:
        """Places of the labelled examples that each chain learns from; None where that is all of them.

        Args:
            labels: of the labelled examples, integers [N_s].

        Returns:
            Int32 [M, kept].

        Raises:
            InputError: there are fewer labels than folds.
        """
        if self.objective.label_folds == 1:
            return None
        folds = label_folds(labels, self.objective.label_folds, self.seed)
        return kept_labels(folds, self.chain_numbers, self.objective.label_folds)

    @property
    def scans(self) -> bool:
        """Whether an iteration moves a random part of the generators."""
        return self.moving < self.num_gen

    def halves(self) -> Sequence[Half]:
        """The parts of a step, in turn."""
        return halves(self.objective.order)

    @property
    def blocks(self) -> int:
        """Parts of a chain's generators, of which one moves in an iteration; 1 without a random scan."""
        return self.num_gen // self.moving

    def groups(self) -> list[tuple[int, ...]]:
        """Sets of chains, by their index, whose networks meet: each alone, or all together."""
        chains = range(self.num_mcmc)
        return [tuple(chains)] if self.objective.all_meet else [(m,) for m in chains]

    def carries(self) -> list[Carries]:
        """The states that the terms need, each once."""
        return list(dict.fromkeys(term.carries for term in self.terms if term.carries is not None))

    def own_terms(self) -> list[Term]:
        """The terms that have one value for each discriminator."""
        return [term for term in self.terms if not term.of_pairs]

    def pair_terms(self) -> list[Term]:
        """The terms that have a value for each pair that meets."""
        return [term for term in self.terms if term.of_pairs]

    def metrics(self, num_classes: int) -> list[str]:
        """Names of what `fit` logs, in order.

        Args:
            num_classes: K.
        """
        labelled = ["labelled"] if num_classes > 1 else []
        terms = {term.metric: term for term in self.terms}
        matching = [name for name, term in terms.items() if term.player == "generator"]
        others = [name for name in terms if name not in matching]
        energies = ["discriminator_energy", "generator_energy", "real", "fake"]
        return [*energies, *matching, *labelled, *others]

    def check(self, generator: keras.Model, discriminator: keras.Model) -> None:
        """Raises InputError where the networks are not such that the game can be played with them."""
        if self.prior is not None:
            for network in (generator, discriminator):
                self.prior.of(network)
        self.objective.check(discriminator, self.terms, self.prior)
        if self.objective.augment is not None:
            self.objective.augment.check(discriminator)
        for term in self.terms:
            term.check(discriminator)

    def get_config(self) -> dict[str, Any]:
        """The attributes by name, objects as Keras serialises them."""
        serialised = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name == "terms":
                value = [keras.saving.serialize_keras_object(term) for term in value]
            elif field.name in OBJECTS and value is not None:
                value = keras.saving.serialize_keras_object(value)
            serialised[field.name] = value
        return serialised


def check_replicas(game: Game, strategy: tf.distribute.Strategy | None) -> None:
    """Raises InputError where devices cannot share the shards of the game equally.

    Args:
        game: what is played.
        strategy: whose replicas share the shards; None for one device.
    """
    if strategy is None:
        return
    replicas = strategy.num_replicas_in_sync
    if game.shards % replicas:
        raise InputError(
            f"shards is {game.shards}, and {replicas} devices need a multiple of {replicas}: give --shards "
            f"{replicas} (each shard has batch statistics of its own, so it decides the result)"
        )
    if game.scans:
        raise InputError(
            "RandomScan(generators=...) does not go with a strategy: leave it out, or use one device"
        )


def revived(
    config: dict[str, Any], networks: Sequence[str], custom_objects: Any = None
) -> dict[str, Any]:
    """The arguments of a model's `get_config` with their objects made again.

    Args:
        config: of a model.
        networks: names of the arguments that are networks.
        custom_objects: classes by name that Keras does not know.
    """

    def revive(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return keras.saving.deserialize_keras_object(value, custom_objects=custom_objects)

    found = {name: revive(v) if name in (*OBJECTS, *networks) else v for name, v in config.items()}
    return found | {"terms": [revive(term) for term in config["terms"]]}
