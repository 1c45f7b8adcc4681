"""What seeds are used for: names of what is drawn, for `samplers.stateless.seed_pair`. One seed has one use."""

from enum import IntEnum, unique


@unique
class Use(IntEnum):
    """What is drawn by a key (seed of the model, use, ...): its second number.

    What follows the use stands beside it; and a 1 at the end, of what the second half of a step
    draws anew. No key is another one with zeros at its end: NumPy takes these for the same.

    The synthetic experiment also names 10 and 11, of NumPy's generators: other streams.
    """

    GENERATOR_WEIGHTS = 0  # chain, generator: of iteration 0
    DISCRIMINATOR_WEIGHTS = 1  # chain, discriminator
    SAMPLER = 2  # player, chain (, block of a random scan): the seed of a sampler
    Z = 3  # chain
    UNLABELLED = 4  # chain
    LABELLED = 5  # chain
    REGULARISER = 6  # player, chains that meet, network: what an objective draws beside the prior
    SUPERVISED = 7  # minibatches of the supervised baseline
    BLOCK = 8  # chain: which generators a random scan moves
    MET = 9  # chain, discriminator: which generators it meets
    PASSES = 10  # chain, discriminator: of real, labelled and generated images
    GENERATOR_PASSES = 12  # chain, generator: its place in the block that moves
    TERM = 13  # chain, discriminator, name
    STATE = 14  # chain, discriminator, name
    AUGMENT = 15  # chain, 0 for unlabelled images and 1 for labelled ones
    PRIOR = 16  # generator 0 or discriminator 1, its number; 2 of z, 3 of what discriminators see
    FOLDS = 17  # which labelled examples each chain learns without
    SWAG = 18  # passes of generator 0 or discriminator 1; 2 of a draw, its number


def name_key(name: str) -> int:
    """A number for a key that no other name has."""
    return int.from_bytes(name.encode(), "big")
