"""Threads: two cores for each discriminator, which are always busy, and the rest inside of operations."""

import pytest

from bayesian_gan.runs.threads import INTER, INTRA, thread_environment


@pytest.mark.parametrize(
    ("side_by_side", "cores", "intra"),
    [
        (1, 2, "1"),
        (2, 2, "1"),
        (1, 1, "1"),
        (1, 8, "4"),
        (3, 8, "1"),
        (2, 16, "4"),
        (20, 8, "1"),
        (None, 8, "1"),
    ],
)
def test_threads(side_by_side: int | None, cores: int, intra: str) -> None:
    assert thread_environment(side_by_side, cores) == {INTER: str(cores), INTRA: intra}
