"""The optimizers that move the chains: a copy for each, or for each block of a random scan.

In a random scan one block of a chain's generators moves in an iteration. What an optimizer learns
from gradients, and how many it has met (Adam's bias correction, a variance of gradients), is each
block's own. What is a function of the run's iteration stays one for all: learning rates and
temperatures that follow a schedule, the end of a warm-up, and when the samplers' noise is drawn.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule as Schedule

from bayesian_gan.errors import InputError
from bayesian_gan.gan.chains import Chain, variables
from bayesian_gan.samplers import WarmStart
from bayesian_gan.samplers.adam import fused
from bayesian_gan.samplers.sampler import Sampler, current_rate
from bayesian_gan.seeds import Use

Optimizer: TypeAlias = keras.optimizers.Optimizer


def as_optimizer(given: Any) -> Optimizer:
    """A Keras optimizer or sampler, or the one of a name such as "adam".

    Raises:
        InputError: it is none, or it averages weights or accumulates gradients.
    """
    if isinstance(given, str):
        try:
            return keras.optimizers.get(given)
        except ValueError:
            raise InputError(f"compile: Keras has no optimizer called {given!r}") from None
    if not isinstance(given, keras.optimizers.Optimizer):
        raise InputError(f"compile needs Keras optimizers or samplers, not {given!r}")
    for optimizer in (given, *parts_of(given)):
        for name in ("use_ema", "gradient_accumulation_steps"):
            if getattr(optimizer, name):
                raise InputError(
                    f"compile: {name} of {type(optimizer).__name__} has no place here: leave it out"
                )
    return given


class BothPlayers:
    """The optimizers of all chains as the one that Keras's callbacks know, `model.optimizer`.

    `ReduceLROnPlateau` and `LearningRateScheduler` read and set `learning_rate`. It is that of the
    discriminators' optimizers. Setting it to r times its value sets the generators' to r times
    theirs: where both players have one learning rate, all have the new one.

    Args:
        generators: of each chain, or of each block of a random scan.
        discriminators: of each chain.
    """

    def __init__(
        self, generators: Sequence[Optimizer], discriminators: Sequence[Optimizer]
    ) -> None:
        self._generators, self._discriminators = list(generators), list(discriminators)
        self.built = True  # As each of them is; `BackupAndRestore` asks.

    @property
    def learning_rate(self) -> float:
        """That of the first chain's discriminators."""
        return current_rate(self._discriminators[0])

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        every = (*self._generators, *self._discriminators)
        if any(isinstance(o._learning_rate, Schedule) for o in every):
            raise InputError(
                "the learning rate follows a schedule: compile with a number, so that it can be set"
            )
        value, before = float(value), self.learning_rate
        for optimizer in self._discriminators:
            optimizer.learning_rate = value
        for optimizer in self._generators:
            own = current_rate(optimizer)
            same = before == own or before == 0.0
            optimizer.learning_rate = value if same else value * own / before

    @property
    def variables(self) -> list[keras.Variable]:
        """Those of all of them, each once; `Model.summary` counts them."""
        every = (*self._generators, *self._discriminators)
        return list({id(v): v for optimizer in every for v in optimizer.variables}.values())

    @property
    def iterations(self) -> int:
        """Iterations of the first chain's discriminators."""
        return int(self._discriminators[0].iterations.numpy())


def check_frozen(
    optimizers: Sequence[Optimizer], networks: Sequence[Sequence[keras.Model]]
) -> None:
    """Refuses networks whose layers were frozen, or freed, after their optimizer was built.

    Args:
        optimizers: of `chain_optimizers`.
        networks: that each moves.

    Raises:
        InputError: there is one.
    """
    for optimizer, moved in zip(optimizers, networks, strict=True):
        built = [id(v) for v in optimizer._trainable_variables]
        if built != [id(v) for v in variables(moved)]:
            raise InputError(
                f"layers of {moved[0].name!r} were frozen or freed after compile: call compile again"
            )


def chain_optimizers(
    optimizer: Optimizer, chains: Sequence[Chain], player: int, seed: int, blocks: int = 1
) -> list[Optimizer]:
    """A built copy of an optimizer or sampler for each block of each chain, chain by chain.

    Copies of a sampler draw noise of their own.

    Args:
        optimizer: to be copied; or the name of one of Keras's, such as "adam".
        chains: whose networks the copies move.
        player: `GENERATOR` or `DISCRIMINATOR`.
        seed: of the model.
        blocks: parts of equal size of a chain's networks, of which one moves in an iteration; 1 for
            all together.

    Raises:
        InputError: it is no Keras optimizer.
    """
    found = []
    for chain in chains:
        networks = chain.discriminators if player else chain.generators
        key, each = (seed, Use.SAMPLER, player, chain.number), len(networks) // blocks
        keys = [key] if blocks == 1 else [(*key, b) for b in range(blocks)]
        copies = [_copy(optimizer, own) for own in keys]
        if blocks > 1:
            _share_clocks(copies)
        for b, copy in enumerate(copies):
            copy.build(variables(networks[b * each : (b + 1) * each]))
        found += copies
    return found


def parts_of(optimizer: Optimizer) -> list[Optimizer]:
    """Optimizers inside an optimizer: those of `WarmStart`."""
    return [v for v in vars(optimizer).values() if isinstance(v, keras.optimizers.Optimizer)]


def _copy(optimizer: Optimizer, key: tuple[int, ...]) -> Optimizer:
    if not hasattr(optimizer, "with_seed"):
        return fused(type(optimizer).from_config(optimizer.get_config()))
    copy = optimizer.with_seed(int(np.random.SeedSequence(key).generate_state(1)[0] >> 1))
    if isinstance(copy, WarmStart):
        copy.optimizer = fused(copy.optimizer)
    return copy


class _OfTheRun(Schedule):
    """A schedule at the sum of the copies' counts: each iteration of the run moves one of them."""

    def __init__(self, schedule: Schedule, counts: Sequence[keras.Variable]) -> None:
        self._schedule, self._counts = schedule, counts

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        del step  # The count of one copy.
        return self._schedule(tf.add_n([count.value for count in self._counts]))

    def get_config(self) -> dict[str, Any]:
        """The schedule's own."""
        return self._schedule.get_config()


def _share_clocks(copies: Sequence[Optimizer]) -> None:
    """Makes unbuilt copies, of which one moves in an iteration, agree on the run's iteration.

    Warm starts and samplers use their counter as that, and get one for all. Another optimizer keeps
    its own count, and its schedule gets the sum of all.
    """
    first = copies[0]
    counts = [copy._iterations for copy in copies]
    for copy in copies:
        if isinstance(copy, (WarmStart, Sampler)):
            copy._untrack_variable(copy._iterations)
            copy._track_variable(first._iterations)
            copy._iterations = first._iterations
        elif isinstance(copy._learning_rate, Schedule):
            copy.learning_rate = _OfTheRun(copy._learning_rate, counts)
    for parts in zip(*(parts_of(copy) for copy in copies), strict=True):
        _share_clocks(parts)
