"""The schedules against the formulas of their papers, in plain Python."""

import math
from typing import Any

import keras
import pytest
import tensorflow as tf

from bayesian_gan.samplers import (
    CyclicalStep,
    CyclicalTemperature,
    PolynomialStep,
    SaturatingDecay,
    Successive,
    TemperatureRamp,
)


def test_cyclical_step_and_temperature() -> None:
    step = CyclicalStep(0.2, 50, exploration=0.8, first=7)
    heat = CyclicalTemperature(50, exploration=0.8, temperature=0.5, first=7)
    for t in range(170):
        r = (max(t - 7, 0) % 50) / 50
        expected = 0.1 * (math.cos(math.pi * r) + 1)
        assert float(step(t)) == pytest.approx(expected, rel=1e-6, abs=1e-7)
        assert bool(step.is_sampling(t)) == (t >= 7 and r >= 0.8)
        assert float(heat(t)) == (0.5 if t >= 7 and r >= 0.8 else 0.0)
    always = CyclicalStep(0.2, 50, exploration=0.0, first=7)
    assert [bool(always.is_sampling(t)) for t in (6, 7, 8, 57)] == [False, True, True, True]
    # A run of more iterations than float32 can count.
    assert float(step(7 + 50 * 10**9 + 25)) == pytest.approx(0.1, rel=1e-5)


def test_temperature_ramp() -> None:
    ramp = TemperatureRamp(0.0, 2.0, 10, first=5)
    assert [float(ramp(t)) for t in (0, 5, 10, 15, 99)] == [0.0, 0.0, 1.0, 2.0, 2.0]


def test_saturating_decay_is_the_one_of_the_program() -> None:
    decay = SaturatingDecay(0.005, 60000 / 64, decay=3.0)
    for t in (0, 100, 937, 938, 50000):
        expected = 0.005 * math.exp(-3.0 * min(1.0, t * 64 / 60000))
        assert float(decay(t)) == pytest.approx(expected, rel=1e-5)


def test_polynomial_step_is_welling_and_teh() -> None:
    a, b, gamma = 0.3, 20.0, 0.55
    step = PolynomialStep(a * b**-gamma, b, power=gamma)
    for t in (0, 1, 100, 10**6):
        assert float(step(t)) == pytest.approx(a * (b + t) ** -gamma, rel=1e-5)


def test_one_schedule_follows_another() -> None:
    first, then = TemperatureRamp(0.0, 1.0, 10), TemperatureRamp(3.0, 5.0, 10)
    both = Successive(first, then, 6)
    assert [float(both(t)) for t in (0, 5, 6, 9)] == pytest.approx([0.0, 0.5, 4.2, 4.8])


@pytest.mark.parametrize(
    "schedule",
    [
        CyclicalStep(0.2, 50, exploration=0.7, first=3),
        CyclicalTemperature(50, exploration=0.7, temperature=0.5, first=3),
        TemperatureRamp(0.1, 0.9, 10, first=2),
        SaturatingDecay(0.1, 10.5, decay=2.0),
        PolynomialStep(0.1, 20.0, power=0.6),
        Successive(SaturatingDecay(0.1, 10.5), PolynomialStep(0.1, 20.0), 5),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_configuration_round_trip_and_graph(schedule: Any) -> None:
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert again.get_config() == schedule.get_config()
    compiled = tf.function(lambda t: again(t), jit_compile=True)
    for t in (0, 4, 11, 1000):
        received = float(compiled(tf.constant(t, tf.int64)))
        assert received == pytest.approx(float(schedule(t)), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: CyclicalStep(-0.1, 50), "initial_learning_rate"),
        (lambda: CyclicalStep(0.1, 0), "cycle_length"),
        (lambda: CyclicalStep(0.1, 1.5), "cycle_length"),  # type: ignore[arg-type]
        (lambda: CyclicalStep(0.1, 50, exploration=1.1), "exploration"),
        (lambda: CyclicalTemperature(50, temperature=-1.0), "temperature"),
        (lambda: TemperatureRamp(0.0, -1.0, 5), "final"),
        (lambda: TemperatureRamp(0.0, 1.0, 0), "length"),
        (lambda: SaturatingDecay(0.1, 0), "decay_steps"),
        (lambda: PolynomialStep(0.1, 0.0), "offset"),
        (lambda: Successive(PolynomialStep(0.1, 1.0), PolynomialStep(0.1, 1.0), -1), "switch"),
        (lambda: PolynomialStep(0.1, 1.0, power=0.0), "power"),
    ],
)
def test_wrong_arguments_raise_with_their_name(call: Any, argument: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^`{argument}`"):
        call()


@pytest.mark.parametrize(
    ("schedule", "defaults"),
    [
        (CyclicalStep(0.1, 10), {"exploration": 0.8, "first": 0}),
        (CyclicalTemperature(10), {"exploration": 0.8, "temperature": 1.0, "first": 0}),
        (TemperatureRamp(0.0, 1.0, 5), {"first": 0}),
        (SaturatingDecay(0.1, 5), {"decay": 3.0}),
        (PolynomialStep(0.1, 5), {"power": 0.55}),
    ],
)
def test_defaults_are_those_of_the_papers(schedule: Any, defaults: dict[str, float]) -> None:
    config = schedule.get_config()
    assert {name: config[name] for name in defaults} == defaults
