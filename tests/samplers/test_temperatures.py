"""The temperatures of velocities and of positions against known answers."""

import numpy as np
import pytest
from scipy.signal import lfilter

from bayesian_gan.samplers.diagnostics import configurational_products, kinetic_temperature
from bayesian_gan.samplers.temperatures import means

N = 500.0


def test_the_factor_of_the_discretisation_is_divided_out() -> None:
    # Velocities of variance 2 eta / (2 - alpha) have T = 1; without the factor it would read 1 /
    # 0.75.
    velocities = np.random.default_rng(1).normal(size=200000) * np.sqrt(2 * 0.01 / 1.5)
    measured = kinetic_temperature([velocities], 0.01 * N, N, friction=0.5)
    assert measured.value == pytest.approx(1.0, rel=0.01)
    # The region covers as it says: 99% of 400 states of 100 velocities.
    states = velocities[:40000].reshape(400, 100)
    inside = [kinetic_temperature([v], 0.01 * N, N, friction=0.5).agrees for v in states]
    assert sum(inside) >= 386
    assert not kinetic_temperature([1.02 * velocities], 5.0, N, friction=0.5).agrees


def test_products_are_centred_on_the_other_half_of_their_chain() -> None:
    positions = np.arange(12.0).reshape(3, 2, 2)
    gradients = np.full((3, 2, 2), 0.5)
    products = configurational_products(positions, gradients, 4.0)
    np.testing.assert_array_equal(products[0], 2.0 * (positions[0] - positions[1:].mean(0)))
    np.testing.assert_array_equal(products[1:], 2.0 * (positions[1:] - positions[0]))


@pytest.mark.parametrize("draws", [4, 40])
def test_no_bias_far_from_zero_and_from_few_draws(draws: int) -> None:
    # 20,000 chains of a unit normal about 100. Centred on the mean of all draws it would be 1 - 1 /
    # draws; with theta itself, the mean over chains would scatter by 100 / sqrt(20,000 draws).
    normal = np.random.default_rng(2).normal(size=(draws, 20000))
    products = configurational_products(100.0 + normal, normal / N, N)
    # A product's variance is 2 + 1.6 * 2 / draws, at most 2.8: four standard errors.
    assert products.mean() == pytest.approx(1.0, abs=4.0 * np.sqrt(2.8 / normal.size))


def test_a_mean_of_skewed_products_is_out_as_often_as_chance_says() -> None:
    # 5,000 means of 400 chi^2_1: as many too low as too high, at three levels. Without the mending
    # of skewness 1.9%, not .5%, lie below the lowest.
    squares = np.random.default_rng(3).chisquare(1, size=(100, 4, 5000))
    out = means(squares).excess(1.0)
    for z, tail in ((1.28, 0.1), (1.96, 0.025), (2.58, 0.005)):
        # Four standard errors of a share among 5,000.
        slack = 4.0 * np.sqrt(tail / 5000) + 0.001
        assert np.mean(out < -z) == pytest.approx(tail, abs=slack)
        assert np.mean(out > z) == pytest.approx(tail, abs=slack)


def test_the_error_of_a_mean_is_that_of_draws_that_depend_on_each_other() -> None:
    # AR(1) with rho = 0.9: the mean's variance is 19 times that of independent draws. 400 means.
    rng = np.random.default_rng(4)
    draws = (
        2.0 * lfilter([np.sqrt(0.19)], [1.0, -0.9], rng.normal(size=(2100, 4, 400)), axis=0)[100:]
    )
    found = means(draws)
    # The spread of 400 means is known to 3.5%.
    assert np.median(found.error) == pytest.approx(found.value.std(), rel=0.12)


def test_one_product_that_makes_up_the_spread_proves_nothing() -> None:
    # Cauchy: no mean, so nothing is ever out. Judged by the normal distribution 2% would be.
    draws = np.random.default_rng(5).standard_cauchy(size=(500, 2, 2000))
    assert np.abs(means(draws).excess(0.0)).max() < 4.0
