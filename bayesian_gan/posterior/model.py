"""What a posterior needs of the model whose networks it collects: attributes alone."""

from collections.abc import Sequence
from typing import Protocol

import keras

from bayesian_gan.data.input_range import InputRange


class Counts(Protocol):
    """How many networks a model has, and which chains they belong to."""

    @property
    def num_gen(self) -> int:
        """J_g, generators of a chain."""

    @property
    def num_disc(self) -> int:
        """J_d, discriminators of a chain."""

    @property
    def num_mcmc(self) -> int:
        """M, chains."""

    @property
    def chain_numbers(self) -> Sequence[int]:
        """The chains' numbers, [M]."""


class CollectedModel(Protocol):
    """A model of M * J_g generators and M * J_d discriminators, such as `BayesianGAN`."""

    @property
    def game(self) -> Counts:
        """How many networks there are."""

    @property
    def input_range(self) -> InputRange:
        """Of images of floats."""

    @property
    def iteration(self) -> keras.Variable:
        """Iterations made, an integer scalar."""

    @property
    def generators(self) -> Sequence[keras.Model]:
        """M * J_g, chain by chain."""

    @property
    def discriminators(self) -> Sequence[keras.Model]:
        """M * J_d, chain by chain."""

    @property
    def generator_template(self) -> keras.Model:
        """The architecture of every generator."""

    @property
    def discriminator_template(self) -> keras.Model:
        """The architecture of every discriminator."""
