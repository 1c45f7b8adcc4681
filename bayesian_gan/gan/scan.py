"""The random scan: how many generators move in an iteration, and how many a discriminator meets."""

from dataclasses import dataclass

import keras

from bayesian_gan.gan.configured import Configured


@keras.saving.register_keras_serializable("bayesian_gan")
@dataclass(frozen=True)
class RandomScan(Configured):
    """Parts of a step, drawn afresh in each iteration; energies stay unbiased (not with `Authors`).

    Attributes:
        generators: k, a divisor of J_g; None for all. Each iteration moves one block of k generators of
            each chain, and the discriminators meet these k: at about k / J_g of the cost, gradients
            whose expectation is that of the full energies.
        pairs: q, how many of the generators that move one discriminator meets, drawn for each
            discriminator; None for all.

    Raises:
        InputError: a number below 1.
    """

    generators: int | None = None
    pairs: int | None = None

    def __post_init__(self) -> None:
        for name in ("generators", "pairs"):
            if getattr(self, name) is not None:
                self._check(name, low=1, whole=True)
