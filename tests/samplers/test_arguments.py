"""Arguments that are wrong, or would change the target, are refused by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import pytest
from chains import N, every_sampler, variables

from bayesian_gan.samplers import (
    PSGLD,
    SGHMC,
    SGLD,
    SGNHT,
    ScaleAdaptedSGHMC,
)

REFUSED = [
    "weight_decay",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "ema_overwrite_frequency",
    "gradient_accumulation_steps",
]

SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)


@every_sampler
def test_what_would_change_the_target_is_refused(make: Callable[..., Any]) -> None:
    for argument in REFUSED:
        with pytest.raises(ValueError, match=f"^`{argument}`"):
            make(seed=1, **{argument: 2})


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"learning_rate": lambda: 0.1}, "learning_rate"),
        ({"num_data": 0}, "num_data"),
        ({"num_data": float("nan")}, "num_data"),
        ({"num_data": SCHEDULE}, "num_data"),
        ({"friction": -0.1}, "friction"),
        ({"friction": 1.1}, "friction"),
        ({"friction": SCHEDULE}, "friction"),
        ({"temperature": -1e-9}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"gradient_noise": 0.2}, "gradient_noise"),
        ({"gradient_noise": -0.1}, "gradient_noise"),
        ({"gradient_noise": "fishy"}, "gradient_noise"),
        ({"gradient_noise": SCHEDULE}, "gradient_noise"),
        ({"gradient_noise_decay": 1.5}, "gradient_noise_decay"),
        ({"mass": 0.0}, "mass"),
        ({"mass": [1.0, -1.0]}, "mass"),
        ({"mass": SCHEDULE}, "mass"),
        ({"noise": "uniform"}, "noise"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
    ],
)
def test_wrong_arguments_raise_with_their_name(wrong: dict[str, Any], argument: str) -> None:
    right = {"learning_rate": 0.1, "num_data": N, "friction": 0.1, "seed": 1}
    with pytest.raises((TypeError, ValueError), match=f"^`{argument}`"):
        SGHMC(**(right | wrong))


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: PSGLD(0.1, N, decay=2.0, seed=1), "decay"),
        (lambda: PSGLD(0.1, N, epsilon=-1.0, seed=1), "epsilon"),
        (lambda: SGNHT(0.1, N, friction=2.0, seed=1), "friction"),
        (lambda: SGNHT(0.1, N, friction=0.0, seed=1), "friction"),
        (lambda: SGNHT(0.1, N, thermostat_mass=0.0, seed=1), "thermostat_mass"),
        (lambda: ScaleAdaptedSGHMC(0.1, N, burn_in=-1, seed=1), "burn_in"),
        (lambda: ScaleAdaptedSGHMC(0.1, N, burn_in=SCHEDULE, seed=1), "burn_in"),
    ],
)
def test_wrong_arguments_of_the_others_raise_with_their_name(
    call: Callable[[], Any], argument: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^`{argument}`"):
        call()


@pytest.mark.parametrize("sampler", [SGHMC, SGLD, PSGLD, SGNHT, ScaleAdaptedSGHMC])
def test_the_size_of_the_data_set_and_the_seed_are_required(sampler: Any) -> None:
    with pytest.raises(TypeError, match="num_data"):
        sampler(0.1, seed=1)
    with pytest.raises(TypeError, match="seed"):
        sampler(0.1, N)


def test_a_mass_for_each_variable_must_match_and_half_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="`mass` has 3 numbers for 2 variables"):
        SGHMC(0.1, N, mass=[1.0, 2.0, 3.0], seed=1).build(variables())
    with pytest.raises(ValueError, match="float16"):
        SGHMC(0.1, N, seed=1).build([keras.Variable([1.0], dtype="float16")])


@pytest.mark.parametrize(
    ("make", "defaults"),
    [
        (
            SGHMC,
            {"friction": 0.1, "gradient_noise": 0.0, "gradient_noise_decay": 0.999, "mass": 1.0},
        ),
        (SGLD, {}),
        (PSGLD, {"epsilon": 1e-5, "decay": 0.99, "gamma_term": False}),
        (SGNHT, {"friction": 0.1, "thermostat_mass": 10.0}),
        (partial(ScaleAdaptedSGHMC, burn_in=7), {"friction": 0.1, "epsilon": 1e-5}),
    ],
)
def test_defaults_are_those_of_the_docstrings(
    make: Callable[..., Any], defaults: dict[str, Any]
) -> None:
    config = make(0.5, N, seed=3).get_config()
    common = {"learning_rate": 0.5, "num_data": N, "seed": 3, "temperature": 1.0, "noise": "normal"}
    assert {name: config[name] for name in (*common, *defaults)} == common | defaults
