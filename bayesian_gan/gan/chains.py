"""Chains: the networks that are the posterior samples of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from bayesian_gan.errors import InputError
from bayesian_gan.gan.game import Game
from bayesian_gan.gan.terms import Discriminators, State
from bayesian_gan.networks.checks import check_image_range, check_network, check_outputs
from bayesian_gan.networks.replication import replicate
from bayesian_gan.seeds import Use

GENERATOR, DISCRIMINATOR = 0, 1


@dataclass(frozen=True, eq=False)
class Chain:
    """One chain's networks, each a Keras model of its own.

    Attributes:
        number: keys everything random of the chain, which is the same whichever model it runs in.
        generators: J_g.
        discriminators: J_d.
        first: index of its first discriminator among those of all chains.
    """

    number: int
    generators: list[keras.Model]
    discriminators: list[keras.Model]
    first: int


def weight_key(seed: int, player: int, chain: int, member: int) -> tuple[int, ...]:
    """What the initial weights of a network are drawn by.

    Args:
        seed: of the model.
        player: `GENERATOR` or `DISCRIMINATOR`.
        chain: number of the chain.
        member: index of the network in it.
    """
    use = Use.DISCRIMINATOR_WEIGHTS if player else Use.GENERATOR_WEIGHTS
    return (seed, use, chain, member)


def build_chains(game: Game, generator: keras.Model, discriminator: keras.Model) -> list[Chain]:
    """Chains of copies of two architectures, with initial weights of their own.

    Args:
        game: what is played.
        generator: the architecture.
        discriminator: likewise.
    """

    def copies(template: keras.Model, player: int, number: int, count: int) -> list[keras.Model]:
        keys = (weight_key(game.seed, player, number, i) for i in range(count))
        return [replicate(template, key) for key in keys]

    return [
        Chain(
            number,
            copies(generator, GENERATOR, number, game.num_gen),
            copies(discriminator, DISCRIMINATOR, number, game.num_disc),
            index * game.num_disc,
        )
        for index, number in enumerate(game.chain_numbers)
    ]


def build_states(game: Game, discriminator: keras.Model, chains: Sequence[Chain]) -> list[State]:
    """What the terms of a game carry, at iteration 0.

    Args:
        game: what is played.
        discriminator: the architecture.
        chains: whose discriminators the states are of.
    """
    keys = [
        weight_key(game.seed, DISCRIMINATOR, chain.number, i)
        for chain in chains
        for i in range(game.num_disc)
    ]
    networks = [d for chain in chains for d in chain.discriminators]
    of = Discriminators(discriminator, networks, keys)
    return [carries.build(of) for carries in game.carries()]


def variables(models: Sequence[keras.Model]) -> list[keras.Variable]:
    """The trainable variables of networks, one network after the other."""
    return [v for model in models for v in model.trainable_variables]


def check_networks(generator: keras.Model, discriminator: keras.Model) -> None:
    """Raises InputError where the networks are none for a game, or do not fit each other."""
    check_network("generator", generator)
    check_network("discriminator", discriminator)
    if not isinstance(generator.output_shape, tuple):
        raise InputError("the generator has several outputs: give a network of one, its images")
    generated, seen = generator.output_shape[1:], discriminator.input_shape[1:]
    if generated != seen:
        raise InputError(
            f"the generator makes images of shape {generated}, the discriminator takes {seen}"
        )
    if len(generator.input_shape) != 2:
        raise InputError(f"the generator must take z [batch, z_dim], not {generator.input_shape}")
    check_outputs(discriminator)
    check_image_range(generator)
