"""The order of a step: which players move at one state of the networks, and who moves first.

Algorithm 1 of the paper moves the generators, and then the discriminators against the moved ones; the
authors' program does the reverse. Both halves of such a step have the images of the iteration, and each has z
and noise of its own. A simultaneous step is one half, in which both players move.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bayesian_gan.errors import InputError
from bayesian_gan.networks.players import PLAYERS, Player
from bayesian_gan.options.objective import Order


@dataclass(frozen=True)
class Half:
    """The part of an iteration whose gradients are taken at one state.

    Attributes:
        players: who moves at its end.
        fold: ends the seeds' keys of all that is random in it: nothing in the first one, 1 in a second.
    """

    players: tuple[Player, ...] = PLAYERS
    fold: tuple[int, ...] = ()


WHOLE = Half()
_GENERATORS: Player = "generator"
_DISCRIMINATORS: Player = "discriminator"
_HALVES: dict[Order, tuple[Half, ...]] = {
    "simultaneous": (WHOLE,),
    "generators_first": (Half((_GENERATORS,)), Half((_DISCRIMINATORS,), (1,))),
    "discriminators_first": (Half((_DISCRIMINATORS,)), Half((_GENERATORS,), (1,))),
}


def check_order(order: str) -> None:
    """Raises InputError where there is no such order."""
    if order not in _HALVES:
        raise InputError(f"order must be one of {', '.join(_HALVES)}, not {order!r}")


def halves(order: Order) -> Sequence[Half]:
    """The parts of a step, in turn."""
    return _HALVES[order]
