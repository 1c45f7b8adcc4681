"""The package's step against a game in closed form: the stationary covariance of two players' linear chain."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Objective, Pairs
from bayesian_gan.gan.priors import Normal
from bayesian_gan.options.objective import Order
from bayesian_gan.samplers import SGHMC, SGLD
from bayesian_gan.samplers.sampler import Sampler
from benchmarks.samplers.bilinear_game import (
    ORDERS,
    STEP,
    B,
    exact_alternation,
    small_steps,
    stationary,
    variance,
)

GAMES = 8000
SNAPSHOTS, APART, BURN_IN = 10, 200, 800


@keras.saving.register_keras_serializable("tests")
@dataclass(frozen=True)
class Bilinear(Objective):
    """U_g = g^2 / 2 + b g d and U_d = d^2 / 2 - b g d: the squares are the prior N(0, 1), with N = 1."""

    def real_energy(self, scores: tf.Tensor) -> tf.Tensor:
        """Mean b g d of images g and scores d g."""
        return B * tf.reduce_mean(scores, (-2, -1))

    def fake_energy(self, scores: tf.Tensor) -> tf.Tensor:
        """Mean -b g d."""
        return -self.real_energy(scores)

    def discriminator_energies(
        self, pairs: Pairs, regulariser: tf.Tensor, labelled_weight: float, num_gen: int
    ) -> tf.Tensor:
        """[D]; real images have no part in it."""
        return regulariser + tf.reduce_sum(pairs.fake, 1)

    def generator_energies(self, pairs: Pairs, regulariser: tf.Tensor) -> tf.Tensor:
        """[G]."""
        return regulariser + tf.reduce_sum(pairs.adversarial, 0)


def _games(order: Order, sampler: Sampler) -> tuple[BayesianGAN, keras.Variable, keras.Variable]:
    """As many games in one: an image is the vector g, whatever z is, and its logit is d . g."""
    z = keras.Input((1,))
    generator = keras.Model(z, keras.layers.Dense(GAMES)(keras.layers.Rescaling(0.0)(z)))
    x = keras.Input((GAMES,))
    discriminator = keras.Model(x, keras.layers.Dense(1, use_bias=False)(x))
    model = BayesianGAN(
        generator,
        discriminator,
        num_data=1,
        objective=Bilinear(order=order),
        prior=Normal(1.0),
        terms=[],
    )
    model.compile(sampler, sampler, steps_per_execution=APART)
    (g,) = (w for w in model.generators[0].trainable_variables if w.shape == (GAMES,))
    (d,) = model.discriminators[0].trainable_variables
    return model, g, d


def _covariance(order: Order, sampler: Sampler, start: float) -> np.ndarray:
    """Of (g, d) over the games and the snapshots, [2, 2]; begins at variances of `start`."""
    model, g, d = _games(order, sampler)
    rng = np.random.default_rng(0)
    for variable in (g, d):
        variable.assign(start**0.5 * rng.standard_normal(variable.shape))
    seen: list[np.ndarray] = []

    class Snapshots(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            if batch >= BURN_IN:
                seen.append(np.stack([g.numpy(), d.numpy()[:, 0]]))

    model.fit(
        np.zeros((2, GAMES), np.float32),
        batch_size=2,
        steps_per_epoch=BURN_IN + SNAPSHOTS * APART,
        verbose=0,
        callbacks=[Snapshots()],
    )
    assert len(seen) == SNAPSHOTS
    return np.mean([values @ values.T / GAMES for values in seen], 0)


def _sghmc(friction: float) -> Callable[[], Sampler]:
    return lambda: SGHMC(STEP, 1, friction=friction, seed=0)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("make", "friction"),
    [
        pytest.param(_sghmc(0.1), 0.1, id="SGHMC-0.1"),
        pytest.param(_sghmc(0.3), 0.3, id="SGHMC-0.3", marks=pytest.mark.slow),
        pytest.param(lambda: SGLD(STEP, 1, seed=0), 1.0, id="SGLD", marks=pytest.mark.slow),
    ],
)
def test_the_stationary_variances_are_those_of_the_closed_form(
    order: Order, make: Callable[[], Sampler], friction: float
) -> None:
    S, radius = stationary(order, STEP, friction)
    assert S is not None
    assert radius**BURN_IN < 0.02  # What is left of the start, and its square of the variance.
    found = _covariance(order, make(), S[0, 0])
    # 80,000 games: sqrt(2 / 80,000) = 0.5% of a variance, 0.35% of it for the covariance. Snapshots 200
    # iterations apart are correlated by radius^400 < 0.13 at most, which makes that 0.6% and 0.4%.
    np.testing.assert_allclose(np.diag(found), S[[0, 2], [0, 2]], rtol=0.03)
    assert found[0, 1] == pytest.approx(S[0, 2], abs=0.02 * S[0, 0])


def test_friction_and_order_are_part_of_what_is_drawn() -> None:
    # The figures of docs/explanation/what_is_sampled.md.
    assert exact_alternation() == pytest.approx(5.263, abs=1e-3)
    cases: tuple[tuple[Order, float, float], ...] = (
        ("simultaneous", 1.0, 1.009),
        ("generators_first", 1.0, 1.005),
        ("simultaneous", 0.3, 1.086),
        ("generators_first", 0.3, 1.070),
        ("simultaneous", 0.1, 4.388),
        ("generators_first", 0.1, 3.700),
    )
    for order, friction, expected in cases:
        assert variance(order, STEP, friction) == pytest.approx(expected, abs=1e-3)
    assert not np.isfinite(variance("simultaneous", 0.02, 0.1))


def test_the_closed_form_has_its_two_limits() -> None:
    # Many steps of a player before the other moves are a draw from its conditional.
    for friction in (0.3, 1.0):
        each = variance("generators_first", 1e-3, friction, 20_000)
        assert each == pytest.approx(exact_alternation(), rel=2e-3)
    # Small steps are the diffusion, whose variance the ratio of step and friction squared decides.
    for order in ORDERS:
        assert variance(order, 1e-6, 2e-3) == pytest.approx(small_steps(1e-6, 2e-3), rel=5e-3)
