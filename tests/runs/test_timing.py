"""What an iteration is found to take, of the model and of the supervised network."""

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


class Steps:
    """A model whose call makes up to 20 iterations, each of a known length."""

    steps_per_execution = 20

    def __init__(self) -> None:
        self.made, self.now, self.calls = 0, 100.0, list[int]()
        self.iteration = SimpleNamespace(numpy=lambda: self.made)

    def iterate(self, count: int) -> None:
        """The first one traces."""
        self.now += TRACING * (self.made == 0) + count * SECONDS
        self.made += count
        self.calls.append(count)


@pytest.mark.parametrize(
    ("seconds", "iterations", "calls"),
    [
        # One traces, one is timed, and the others fill the seconds, in calls of 20 at most.
        (1.0, None, [1, 1, 3]),
        (12.0, None, [1, 1, 20, 20, 20]),
        (0.2, None, [1, 1]),
        # Never longer than a share of the run: 1,000 iterations of 0.25 s take 5 s of it.
        (60.0, 1000, [1, 1, 19]),
        # And never more than 200.
        (6000.0, None, [1, 1, *[20] * 10]),
    ],
)
def test_a_step_is_timed_in_calls_that_grow(
    seconds: float, iterations: int | None, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps()
    monkeypatch.setattr(timing.time, "monotonic", lambda: steps.now)
    monkeypatch.setattr(timing, "_iterate", Steps.iterate)
    found = timing._step_seconds(cast(Any, steps), seconds, iterations)
    assert found == pytest.approx(SECONDS)
    assert steps.calls == calls


def test_without_one_nothing_is_taken() -> None:
    assert timing._baseline(cast(Any, SimpleNamespace(supervised=None)), 60.0) == (0.0, 0.0)
