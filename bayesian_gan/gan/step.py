"""One iteration: minibatch -> energies -> gradients -> moves, once or, by the order of the step, in two halves.

A pure function of the state (weights, optimizers, iteration) and of the data: which images, z and noise a step
takes follows from (seed, use, chain, step).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from bayesian_gan.gan import replicas
from bayesian_gan.gan.chains import Chain
from bayesian_gan.gan.energies import Energies, Players, gradients
from bayesian_gan.gan.game import Game
from bayesian_gan.gan.generators import (
    Architecture,
    Generator,
    Written,
    generator_of,
    write_averages,
)
from bayesian_gan.gan.minibatch import TrainingData, draw_minibatch
from bayesian_gan.gan.order import WHOLE, Half
from bayesian_gan.gan.random_scan import random_start, read_block
from bayesian_gan.gan.shards import own_shards
from bayesian_gan.gan.terms import State
from bayesian_gan.samplers import stateless
from bayesian_gan.seeds import Use

Optimizers = Sequence[keras.optimizers.Optimizer]
Block = Sequence[Sequence[tf.Tensor]]


class Change(NamedTuple):
    """What a group of chains computes at one state, before anything moves; a structure of tensors.

    Of a half of an iteration it holds what belongs to the player that moves.

    Attributes:
        energies: of its networks.
        generators: for each chain, gradients of U_g / N; empty where they do not move.
        discriminators: for each chain, gradients of U_d / N; likewise.
        averages: new values of `Step.averages`; None where a pass wrote none.
        scanned: those of generators that were read for a random scan, for each of them; empty without.
    """

    energies: Energies
    generators: list[list[tf.Tensor]]
    discriminators: list[list[tf.Tensor]]
    averages: list[tf.Tensor | None]
    scanned: list[Written]


class Moved(NamedTuple):
    """What a group leaves to be written when its networks have moved.

    Attributes:
        energies: see `Change`.
        averages: see `Change`.
        block: in a random scan, which of the model's generators have moved, int32 [k]; None for all.
    """

    energies: Energies
    averages: list[tf.Tensor | None]
    block: tf.Tensor | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """The iteration of a model on its data.

    Attributes:
        game: what is played.
        chains: M.
        states: that the terms carry.
        template: a network of the generators' architecture.
        data: what is trained on.
    """

    game: Game
    chains: Sequence[Chain]
    states: Sequence[State]
    template: keras.Model
    data: TrainingData

    @cached_property
    def architecture(self) -> Architecture:
        """The generators'."""
        return Architecture(self.template)

    @cached_property
    def _constrained(self) -> list[int]:
        """Once for all discriminators, which are of one architecture: a graph is walked to find them."""
        return self.game.objective.constrained(self.chains[0].discriminators[0])

    def players(
        self,
        group: Sequence[int],
        step: tf.Tensor,
        shard: tf.Tensor | None = None,
        block: Block | None = None,
        half: Half = WHOLE,
    ) -> list[Players]:
        """What the chains of a group bring to an iteration.

        Args:
            group: chains whose networks meet, by index.
            step: iteration, int64.
            shard: number of a shard, to have that part of the minibatches; None for all.
            block: weights of the generators that move (`random_scan.read_block`), of a group of one chain; None
                for all of the group.
            half: of the iteration.
        """
        game, brought = self.game, []
        for chain in (self.chains[m] for m in group):
            batch = draw_minibatch(
                self.data,
                game.seed,
                chain.number,
                step,
                game.moving,
                int(self.template.input_shape[-1]),
                (shard, game.shards),
                half,
                game.objective.augment,
                chain.first // game.num_disc,
            )
            if block is None:
                generators = [generator_of(self.architecture, g) for g in chain.generators]
            else:
                generators = [Generator(self.architecture, weights) for weights in block]
            brought.append(
                Players(
                    chain.number,
                    generators,
                    chain.discriminators,
                    self.data,
                    batch,
                    chain.first,
                    self.states,
                    shard,
                    half,
                )
            )
        return brought

    def change(self, group: Sequence[int], step: tf.Tensor, block: Block | None = None) -> Change:
        """What an iteration's halves compute for a group at the state as it is; nothing is written or moves.

        See `players` for the arguments.
        """
        return united(
            [self.change_of_half(half, group, step, block) for half in self.game.halves()]
        )

    def change_of_half(
        self, half: Half, group: Sequence[int], step: tf.Tensor, block: Block | None = None
    ) -> Change:
        """What a half computes, over the shards of this replica; see `players` for the arguments.

        Shards come in turn, so that a device has to hold what the networks make of one at a time. They are
        traced once.
        """
        own = own_shards(self.game.shards)
        if len(own) == 1:
            return self._change_of_shard(half, group, step, own[0], block)
        of_shard = _own_graph(partial(self._change_of_shard, half, group), **stateless.APART)
        total = of_shard(step, own[0], block)
        for shard in own[1:]:
            with tf.control_dependencies(tensors_of(total)):
                total = added(total, of_shard(step, shard, block))
        return divided(total, len(own))

    def _change_of_shard(
        self,
        half: Half,
        group: Sequence[int],
        step: tf.Tensor,
        shard: tf.Tensor | None,
        block: Block | None,
    ) -> Change:
        with keras.StatelessScope() as scope:
            chains = self.players(group, step, shard, block, half)
            found, of_generators, of_discriminators = gradients(self.game, chains, step)
        scans = block is not None and "generator" in half.players
        return Change(
            found,
            of_generators,
            of_discriminators,
            [scope.get_current_value(v) for v in self._averages_of_half(half, group)],
            [g.written for g in chains[0].generators] if scans else [],
        )

    def averages(self, group: Sequence[int]) -> list[keras.Variable]:
        """Floating-point variables that a pass through a group's networks may write: running averages.

        Those of each player are written by the half in which it moves. In a random scan those of the generators
        are not among them, since the block is not known before.
        """
        return [v for half in self.game.halves() for v in self._averages_of_half(half, group)]

    def _averages_of_half(self, half: Half, group: Sequence[int]) -> list[keras.Variable]:
        networks: list[keras.Model] = []
        for chain in (self.chains[m] for m in group):
            if "generator" in half.players and not self.game.scans:
                networks += chain.generators
            if "discriminator" in half.players:
                networks += chain.discriminators
                for state in self.states:
                    networks += state.networks[chain.first : chain.first + self.game.num_disc]
        return [
            variable
            for network in networks
            for variable in network.non_trainable_variables
            if tf.as_dtype(variable.dtype).is_floating
        ]

    def move(
        self,
        group: Sequence[int],
        step: tf.Tensor,
        of_generators: Optimizers,
        of_discriminators: Optimizers,
    ) -> Moved:
        """Moves the networks of a group.

        Args:
            group: chains whose networks meet, by index.
            step: iteration, int64.
            of_generators: the optimizer of each chain of the model; of each block of each in a random scan.
            of_discriminators: the optimizer of each chain.
        """
        if self.game.scans:
            m, blocks = group[0], self.game.blocks
            own = of_generators[m * blocks : (m + 1) * blocks]
            return self._scan(m, step, own, of_discriminators[m])
        parts = []
        for half in self.game.halves():
            change = _own_graph(partial(self.change_of_half, half, group))(step)
            for of, found in (
                (of_generators, change.generators),
                (of_discriminators, change.discriminators),
            ):
                for chain, each in zip(group, replicas.share(found), strict=False):
                    of[chain].apply(each)
            parts.append(change)
        whole = united(parts)
        return Moved(whole.energies, whole.averages)

    def _scan(
        self,
        m: int,
        step: tf.Tensor,
        of_blocks: Optimizers,
        of_discriminators: keras.optimizers.Optimizer,
    ) -> Moved:
        """Moves one block of generators of chain m, drawn afresh, and the discriminators, which meet it.

        The block is known only when the step runs. So its weights are read, and written, by a condition over
        the blocks, and the networks between are traced once for all blocks.
        """
        game, chain = self.game, self.chains[m]
        k = game.moving
        blocks = [chain.generators[i : i + k] for i in range(0, game.num_gen, k)]
        block = random_start((game.seed, Use.BLOCK, chain.number), step, len(blocks))

        def compute(half: Half, step: tf.Tensor, block: tf.Tensor) -> Change:
            values = tf.switch_case(block, [partial(read_block, models) for models in blocks])
            return self.change_of_half(half, (m,), step, values)

        def write(
            change: Change, models: Sequence[keras.Model], optimizer: keras.optimizers.Optimizer
        ) -> tf.Tensor:
            optimizer.apply(change.generators[0])
            write_averages(models, change.scanned)
            return tf.constant(0)

        parts = []
        for half in game.halves():
            change = _own_graph(partial(compute, half))(step, block)
            if change.generators:
                writes = [
                    partial(write, change, *own) for own in zip(blocks, of_blocks, strict=True)
                ]
                tf.switch_case(block, writes)
            for each in change.discriminators:
                of_discriminators.apply(each)
            parts.append(change)
        whole = united(parts)
        return Moved(whole.energies, whole.averages, m * game.num_gen + block * k + tf.range(k))

    def finish(self, step: tf.Tensor, moved: Sequence[Moved], known: tf.Tensor) -> Energies:
        """Writes what follows from a step whose weights have moved; returns the energies of all networks.

        Args:
            step: iteration, int64.
            moved: of each group.
            known: energies of the generators before, which those keep that a random scan left out.
        """
        for group, part in zip(self.game.groups(), moved, strict=True):
            for variable, value in zip(self.averages(group), part.averages, strict=True):
                if value is not None:
                    variable.assign(value)
        discriminators = [d for chain in self.chains for d in chain.discriminators]
        for discriminator in discriminators:
            for i in self._constrained:
                variable = discriminator.trainable_variables[i]
                variable.assign(self.game.objective.constrain(variable.value))
        found = joined([part.energies for part in moved])
        for state in self.states:
            state.move(step, discriminators, found.observed.get(state.name))
        if not self.game.scans:
            return found
        blocks = tf.concat([part.block for part in moved], 0)[:, None]
        every = tf.tensor_scatter_nd_update(known, blocks, found.generators)
        return found._replace(generators=every)


def tensors_of(change: Change) -> list[tf.Tensor]:
    """All that there is in it."""
    return [value for value in tf.nest.flatten(change) if value is not None]


def added(change: Change, other: Change) -> Change:
    """The sum of two shards' changes."""
    return tf.nest.map_structure(lambda a, b: None if a is None else a + b, change, other)


def divided(change: Change, number: int) -> Change:
    """The mean of a number of shards from their sum."""
    return tf.nest.map_structure(lambda a: None if a is None else a / number, change)


def united(halves: Sequence[Change]) -> Change:
    """What the halves of an iteration computed, as one."""
    if len(halves) == 1:
        return halves[0]
    first, second = (half.energies for half in halves)
    energies = Energies(
        second.discriminators if first.discriminators is None else first.discriminators,
        second.generators if first.generators is None else first.generators,
        first.terms | second.terms,
        first.observed | second.observed,
    )
    lists = zip(*(half[1:] for half in halves), strict=True)
    return Change(energies, *([*one, *other] for one, other in lists))


def joined(energies: Sequence[Energies]) -> Energies:
    """The energies of all groups as one, in order."""
    return tf.nest.map_structure(lambda *values: tf.concat(values, 0), *energies)


def _own_graph(function: Callable[..., Any], **attributes: Any) -> Callable[..., Any]:
    """The function, traced in a graph of its own, with these attributes, where a graph is being traced.

    TensorFlow orders the terms of a sum by the names of its operations, which it counts up in a graph. In one
    graph for all chains the last digits of a chain would depend on how many come before it.
    """
    if tf.executing_eagerly():
        return function
    return tf.function(function, autograph=False, experimental_attributes=attributes or None)
