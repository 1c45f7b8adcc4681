"""Attacks against their formulas, on gradients in closed form and on a small trained network."""

from typing import Any

import numpy as np
import pytest

from bayesian_gan.data import digits
from bayesian_gan.data.input_range import InputRange
from bayesian_gan.errors import InputError
from bayesian_gan.evaluation.attacks import FGSM, PGD, fgsm, pgd
from bayesian_gan.evaluation.robustness import unit_gradient
from bayesian_gan.networks.supervised import SupervisedBaseline

LABELS = np.zeros(20, int)


def images() -> np.ndarray:
    """Float32 [20, 3, 3, 1] in [0, 1], black and white among them."""
    drawn = np.random.default_rng(0).uniform(-0.2, 1.2, (20, 3, 3, 1))
    return np.clip(drawn, 0, 1).astype(np.float32)


def linear(seed: int = 1) -> Any:
    """The gradient of a linear loss: the same everywhere; 0 at one pixel."""
    slope = np.random.default_rng(seed).normal(size=(20, 3, 3, 1)).astype(np.float32)
    slope[:, 1, 1] = 0
    return lambda x, labels: slope


def test_fgsm_is_the_formula_of_the_paper() -> None:
    x, gradient = images(), linear()
    expected = np.clip(x + np.float32(0.2) * np.sign(gradient(x, LABELS)), 0, 1)
    found = fgsm(gradient, x, LABELS, 0.2)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-7)
    np.testing.assert_array_equal(found[:, 1, 1], x[:, 1, 1])
    np.testing.assert_array_equal(FGSM(0.2)(gradient, x, LABELS), found)


def test_pgd_on_a_linear_loss_ends_in_the_corner_of_the_ball() -> None:
    # 20 steps of 2.5 / 20 epsilon reach it from anywhere: there it is FGSM, but where nothing pulls.
    x, gradient = images(), linear()
    found = pgd(gradient, x, LABELS, 0.2, 20, 0)
    expected = fgsm(gradient, x, LABELS, 0.2)
    pulled = np.ones_like(x, bool)
    pulled[:, 1, 1] = False
    np.testing.assert_allclose(found[pulled], expected[pulled], atol=1e-6)
    # What nothing pulls stays where it began, at random.
    assert np.std((found - x)[:, 1, 1]) > 0.05


def test_each_step_of_pgd_is_the_formula() -> None:
    x, epsilon, seen = images(), 0.1, []

    def gradient(given: np.ndarray, labels: np.ndarray) -> np.ndarray:
        seen.append(given)
        return np.sin(40 * given)  # Another one at every place.

    found = pgd(gradient, x, LABELS, epsilon, 4, 3)
    start = x + np.random.default_rng(3).uniform(-epsilon, epsilon, x.shape)
    expected = np.clip(start, 0, 1)  # The ball holds the start.
    for k in range(4):
        np.testing.assert_allclose(seen[k], expected, atol=1e-6)
        moved = expected + 2.5 * epsilon / 4 * np.sign(np.sin(40 * expected))
        expected = np.clip(np.clip(moved, x - epsilon, x + epsilon), 0, 1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert len(seen) == 4


@pytest.mark.parametrize("attack", [FGSM(0.07), PGD(0.07, 1, 0), PGD(0.07, 9, 0), FGSM(1.0)])
def test_attacked_images_stay_in_the_ball_and_in_0_to_1(attack: Any) -> None:
    x = images()
    found = attack(linear(), x, LABELS)
    assert np.abs(found - x).max() <= attack.epsilon + 1e-6
    assert np.abs(found - x).max() > 0.9 * min(attack.epsilon, 0.5)
    assert (found.min(), found.max()) >= (0, 0)
    assert found.max() <= 1


def test_the_start_depends_on_the_seed_alone() -> None:
    x, gradient = images(), linear()
    a, b, other = (PGD(0.2, 1, seed)(gradient, x, LABELS) for seed in (5, 5, 6))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - other).max() > 0.01


def test_the_chain_rule_from_0_to_1_gives_a_factor() -> None:
    # f(u) = sum u^3 of images u in [-1, 1]: d/dx at u = 2 x - 1 is 2 * 3 u^2.
    def nll(u: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (u**3).sum((1, 2, 3)), 3 * u**2

    x = images()
    found = unit_gradient(nll, InputRange())(x, LABELS)
    np.testing.assert_allclose(found, 6 * (2 * x - 1) ** 2, rtol=1e-4, atol=1e-6)
    found = unit_gradient(nll, InputRange(0, 255))(x, LABELS)
    np.testing.assert_allclose(found, 255 * 3 * (255 * x) ** 2, rtol=1e-4)


@pytest.mark.parametrize("epsilon", [0.0, -0.1, 1.01, float("nan")])
def test_epsilon_out_of_range_is_refused(epsilon: float) -> None:
    for make in (FGSM, lambda e: PGD(e, 5, 0)):
        with pytest.raises(InputError, match=r"give one in \(0, 1\]"):
            make(epsilon)


def test_no_steps_are_refused() -> None:
    with pytest.raises(InputError, match="0 steps of pgd: give at least 1"):
        PGD(0.1, 0, 0)


@pytest.fixture(scope="module")
def trained() -> tuple[SupervisedBaseline, np.ndarray, np.ndarray]:
    """A small CNN that has learnt the digits, and 200 test images in [0, 1]."""
    data = digits.load()
    made = SupervisedBaseline(
        data.images[:400],
        data.labels[:400],
        num_classes=10,
        width=4,
        learning_rate=0.1,
        batch_size=40,
        seed=0,
    )
    made.train_to(200)
    return made, data.test_images[:200].astype(np.float32) / 255, data.test_labels[:200]


@pytest.mark.parametrize("epsilon", [0.05, 0.1, 0.2])
def test_pgd_is_at_least_as_strong_as_fgsm(trained: Any, epsilon: float) -> None:
    made, x, labels = trained
    gradient = unit_gradient(made.nll_gradient, InputRange())
    errors, nlls = {}, {}
    for attack in (None, FGSM(epsilon), PGD(epsilon, 10, 0)):
        found = x if attack is None else attack(gradient, x, labels)
        name = "clean" if attack is None else attack.name
        errors[name] = int((made.predict(2 * found - 1).argmax(1) != labels).sum())
        nlls[name] = float(made.nll_gradient(2 * found - 1, labels)[0].mean())
    assert errors["clean"] < 60  # Chance is 180.
    assert errors["clean"] < errors["fgsm"] <= errors["pgd"]
    assert nlls["clean"] < nlls["fgsm"] < nlls["pgd"]
