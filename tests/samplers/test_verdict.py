"""The verdict on draws: its three answers, whom it names, and what it refuses."""

from typing import Any

import numpy as np
import pytest

from bayesian_gan.samplers.diagnostics import Outcome, Verdict, judge
from bayesian_gan.samplers.verdict import rhat_reasons

N = 50.0


def verdict(
    scale: float | np.ndarray = 1.0,
    *,
    draws: int = 400,
    rhat: float | None = 1.0,
    rotate: bool = False,
    **given: float,
) -> Verdict:
    """On unit normals in two variables, 6 and 2 weights, about 30, their spread times `scale`."""
    rng = np.random.default_rng(0)
    away = rng.normal(size=(draws, 3, 8)) * scale
    if rotate:
        away = away @ np.linalg.qr(rng.normal(size=(8, 8)))[0].T
    theta, force = 30.0 + away, away / N
    return judge(
        {"kernel": theta[..., :6].reshape(draws, 3, 2, 3), "bias": theta[..., 6:]},
        {"kernel": force[..., :6].reshape(draws, 3, 2, 3), "bias": force[..., 6:]},
        N,
        rhat=rhat,
        **given,
    )


def spread(**changed: float) -> np.ndarray:
    """Standard deviations of the eight weights, 1 but for `_0` to `_7`."""
    scale = np.ones(8)
    for name, value in changed.items():
        scale[int(name[1:])] = value
    return scale


def test_exact_draws_are_vouched_for() -> None:
    found = verdict()
    assert found.outcome is Outcome.SAMPLING
    assert str(found) == "this chain is sampling at T = 1, as far as these diagnostics can tell"
    assert found.evidence is not None
    assert found.evidence.directions
    # 9,600 products of variance 2.
    assert found.evidence.worst[0].error == pytest.approx(np.sqrt(2 / 9600), rel=0.1)
    assert verdict(np.sqrt(0.3), temperature=0.3).outcome is Outcome.SAMPLING


@pytest.mark.parametrize(
    ("scale", "named"),
    [
        (1.2, "the temperature of all weights together is 1.4"),
        (0.8, "the temperature of all weights together is 0.6"),
        (spread(_4=2.0), "the temperature of kernel[1, 1] is "),
        (spread(_0=0.3), "the temperature of kernel[0, 0] is 0."),
        (spread(_6=1.5, _7=1.5), "the temperature of bias["),
        (spread(_2=0.0), "the temperature of kernel[0, 2] is 0 +- 0.029 times T: too cold"),
    ],
)
def test_the_worst_offender_is_named(scale: float | np.ndarray, named: str) -> None:
    found = verdict(scale)
    assert found.outcome is Outcome.NOT_SAMPLING
    assert f"this chain is not sampling at T = 1 because {named}" in found.text
    assert "\n" not in found.text


def test_a_variable_is_named_whose_weights_are_not_known_well_enough() -> None:
    # A weight's temperature is known to 0.26, the variable's to 0.04.
    away = np.random.default_rng(2).normal(size=(60, 1, 40))
    theta = {"a": away, "b": np.sqrt(1.4) * away[::-1]}
    found = judge(theta, {name: values / N for name, values in theta.items()}, N, rhat=1.0)
    assert "because the temperature of b is 1." in found.text


def test_a_direction_that_no_weight_shows() -> None:
    # Soft and stiff directions, 0.75 and 1.2 wide: together, and in each weight, they balance.
    scale = np.sqrt(np.tile([0.55, 1.45], 4))
    rng = np.random.default_rng(1)
    axes = np.kron(np.eye(4), np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2.0))
    away = (rng.normal(size=(400, 3, 8)) * scale) @ axes
    found = judge({"w": away}, {"w": away / N}, N, rhat=1.0)
    assert found.outcome is Outcome.NOT_SAMPLING
    assert "the temperature of the " in found.text
    assert "est direction" in found.text
    # With too few draws for the weights it is not seen, and the evidence says so.
    few = judge({"w": away[:26, :1]}, {"w": away[:26, :1] / N}, N, rhat=1.0)
    assert few.evidence is not None
    assert not few.evidence.directions


@pytest.mark.parametrize(
    ("given", "outcome", "text"),
    [
        ({"rhat": None}, Outcome.CANNOT_SAY, "because R-hat was not given"),
        ({"rhat": float("nan")}, Outcome.NOT_SAMPLING, "not mixed: R-hat is nan"),
        ({"rhat": 1.05}, Outcome.NOT_SAMPLING, "not mixed: R-hat is 1.05"),
        ({"ess": 40.0}, Outcome.CANNOT_SAY, "worth 40 independent ones only"),
        ({"ess": float("nan")}, Outcome.CANNOT_SAY, "worth nan independent"),
        ({"draws": 19}, Outcome.CANNOT_SAY, "19 draws of each chain are too few"),
        ({"draws": 24}, Outcome.CANNOT_SAY, "is known to +- 0.0"),
        ({"scale": np.inf}, Outcome.NOT_SAMPLING, "is not finite"),
        ({"scale": np.nan}, Outcome.NOT_SAMPLING, "is not finite"),
    ],
)
def test_what_leaves_it_open_and_what_does_not(
    given: dict[str, float], outcome: Outcome, text: str
) -> None:
    found = verdict(**given)  # type: ignore[arg-type]
    assert found.outcome is outcome
    assert text in found.text


def test_a_fault_outweighs_a_doubt() -> None:
    assert verdict(1.2, rhat=None).outcome is Outcome.NOT_SAMPLING
    assert "R-hat" not in verdict(1.2, rhat=None).text


def test_few_draws_may_have_a_larger_r_hat() -> None:
    assert not rhat_reasons(1.01, None, 1000, 4)
    assert rhat_reasons(1.011, None, 1000, 4)
    assert not rhat_reasons(1.04, None, 100, 4)
    assert rhat_reasons(1.06, None, 100, 4)


def test_tolerance_is_what_a_temperature_may_be_off_by() -> None:
    # 1.08 at 9,600 products is known to 1.6%.
    assert verdict(np.sqrt(1.08)).outcome is Outcome.SAMPLING
    assert verdict(np.sqrt(1.08), tolerance=0.0).outcome is Outcome.NOT_SAMPLING


def test_draws_that_do_not_fit_are_refused() -> None:
    w, other = np.zeros((30, 2, 3)), np.zeros((29, 2, 3))
    with pytest.raises(ValueError, match="must have the same names"):
        judge({"w": w}, {"v": w}, N)
    with pytest.raises(ValueError, match="must have the same names, one at least"):
        judge({}, {}, N)
    unnamed: Any = [w]
    with pytest.raises(TypeError, match="`gradients` must be a dict, name of a variable"):
        judge({"w": w}, unnamed, N)
    with pytest.raises(ValueError, match=r"of w must have the same shape \[draws, chains"):
        judge({"w": w}, {"w": other}, N)
    with pytest.raises(ValueError, match=r"of w must have the same shape \[draws, chains"):
        judge({"w": w[:, 0, 0]}, {"w": w[:, 0, 0]}, N)  # Chains are missing.
    scalar = np.random.default_rng(0).normal(size=(30, 2))
    judge({"w": scalar}, {"w": scalar / N}, N)  # One number of each chain, as a draw has it.
    with pytest.raises(ValueError, match="as many draws and chains for every variable"):
        judge({"w": w, "v": other}, {"w": w, "v": other}, N)
    with pytest.raises(ValueError, match="`temperature` must be positive"):
        judge({"w": w}, {"w": w}, N, temperature=0.0)
