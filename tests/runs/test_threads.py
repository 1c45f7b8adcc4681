"""Threads: a core for each discriminator that runs side by side, and the rest inside of operations."""

import pytest

from bayesian_gan.runs.threads import INTER, INTRA, thread_environment


@pytest.mark.parametrize(
    ("side_by_side", "cores", "intra"),
    [(2, 2, "1"), (1, 8, "8"), (3, 8, "2"), (20, 8, "1"), (None, 8, "1")],
)
def test_threads(side_by_side: int | None, cores: int, intra: str) -> None:
    assert thread_environment(side_by_side, cores) == {INTER: str(cores), INTRA: intra}
