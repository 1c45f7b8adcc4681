"""Which draws stay where more are taken than are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bayesian_gan.samplers.sampler import check_integer


@dataclass(frozen=True)
class Kept:
    """Keeps at most `max_samples` draws: the most recent ones, or a uniform random choice.

    Which draws stay is a function of their iterations and the seed alone. So a chain that goes back
    to an earlier state, and makes its iterations again, ends with the draws that it would have had.

    Args:
        max_samples: how many stay, at least 1; None for all.
        keep: "recent", or "reservoir": each iteration has a random number of its own, and those
            with the largest stay, which is a uniform random choice among all that were taken.
        seed: of these numbers, at least 0.

    Raises:
        TypeError, ValueError: an argument is of the wrong type or range; the message begins with
            its name.
    """

    max_samples: int | None = None
    keep: str = "recent"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_samples is not None:
            checked = check_integer("max_samples", self.max_samples, 1)
            object.__setattr__(self, "max_samples", checked)
        if self.keep not in ("reservoir", "recent"):
            raise ValueError(f'`keep` must be "reservoir" or "recent", not {self.keep!r}')
        object.__setattr__(self, "seed", check_integer("seed", self.seed, 0))

    def beyond(self, iterations: Sequence[int]) -> list[int]:
        """The iterations, of those taken and not yet gone, whose draws go."""
        if self.max_samples is None:
            return []
        ranked = sorted(iterations)
        if self.keep == "reservoir":
            ranked.sort(key=lambda iteration: _random_number(self.seed, iteration))
        return ranked[: -self.max_samples]


@lru_cache(maxsize=2**16)
def _random_number(seed: int, iteration: int) -> int:
    """A uniform 64-bit integer."""
    return int(np.random.SeedSequence([seed, iteration]).generate_state(1, np.uint64)[0])
