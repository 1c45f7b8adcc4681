"""Which samples `--samples` names."""

import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.runs.samples import choose


def test_samples_are_spread_over_chains_and_draws() -> None:
    def pairs(which: str) -> list[tuple[int, int]]:
        return [(s.iteration, s.member) for s in choose([10, 20, 30, 40], 2, which)]

    assert pairs("all") == [(i, m) for i in (10, 20, 30, 40) for m in (0, 1)]
    assert pairs("last") == pairs("1") == [(40, 1)]
    # Half of them: of each chain, every other draw, the last among them.
    assert pairs("4") == [(20, 0), (20, 1), (40, 0), (40, 1)]
    assert pairs("2") == [(40, 0), (40, 1)]
    assert len(set(pairs("5"))) == 5


@pytest.mark.parametrize("which", ["0", "9", "-1", "some", "", "1.5", "²"])
def test_what_names_no_samples_is_refused(which: str) -> None:
    with pytest.raises(InputError, match="from 1 to 8"):
        choose([10, 20, 30, 40], 2, which)
