"""What an iteration of the supervised network is found to take."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bayesian_gan.runs import timing

SECONDS, TRACING = 0.25, 3.0


class Baseline:
    """Iterations of a known length on a clock of its own; it stops after `most`."""

    def __init__(self, most: int) -> None:
        self.iteration, self.most, self.now = 0, most, 100.0

    def train_to(self, iteration: int) -> None:
        """The first call traces."""
        self.now += TRACING * (self.iteration == 0)
        made = min(iteration, self.most) - self.iteration
        self.iteration += made
        self.now += made * SECONDS


@pytest.mark.parametrize(
    ("most", "seconds", "iterations", "each"),
    [(1000, 60.0, 51, SECONDS), (1000, 0.1, 6, SECONDS), (1, 60.0, 1, 0.0)],
)
def test_an_iteration_is_timed_without_its_tracing(
    most: int, seconds: float, iterations: int, each: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    baseline = Baseline(most)
    monkeypatch.setattr(timing.time, "monotonic", lambda: baseline.now)
    parts = cast(Any, SimpleNamespace(supervised=baseline))
    assert timing._baseline(parts, seconds) == pytest.approx((each, TRACING + SECONDS))
    assert baseline.iteration == iterations


def test_without_one_nothing_is_taken() -> None:
    assert timing._baseline(cast(Any, SimpleNamespace(supervised=None)), 60.0) == (0.0, 0.0)
