"""A function of one's own as the prior: its energy, where it is saved, and what is refused."""

import functools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from playing import gradients_of
from small import examples, small_gan

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors
from bayesian_gan.gan.priors import FunctionPrior, Normal

STEP = tf.constant(3, tf.int64)


@keras.saving.register_keras_serializable("test_function")
def quartic(weights: list[tf.Tensor]) -> tf.Tensor:
    return tf.add_n([tf.reduce_sum(w**4) for w in weights]) / 4.0


def unregistered(weights: list[tf.Tensor]) -> tf.Tensor:
    return quartic(weights)


@keras.saving.register_keras_serializable("test_function")
class Power:
    """A registered object that is called."""

    def __init__(self, power: float) -> None:
        self.power = power

    def __call__(self, weights: list[tf.Tensor]) -> tf.Tensor:
        return tf.add_n([tf.reduce_sum(tf.abs(w) ** self.power) for w in weights])

    def get_config(self) -> dict[str, Any]:
        return {"power": self.power}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Power":
        return cls(**config)


def _held(model: BayesianGAN) -> BayesianGAN:
    model.hold(*examples(), batch_size=8)
    return model


def test_its_gradient_joins_that_of_both_players_once_for_n() -> None:
    model, bare = _held(small_gan(prior=quartic)), _held(small_gan(prior=None))
    assert model.game.prior == FunctionPrior(quartic)
    energies, of_g, of_d = gradients_of(model, (0,), STEP)
    bare_energies, bare_g, bare_d = gradients_of(bare, (0,), STEP)
    (chain, *_) = model.chains
    found = (*of_g[0], *of_d[0])
    without = (*bare_g[0], *bare_d[0])
    variables = [v for n in (*chain.generators, *chain.discriminators) for v in n.trainable_weights]
    for slope, other, v in zip(found, without, variables, strict=True):
        # Of float32 gradients some units large: 1e-6 is their rounding.
        np.testing.assert_allclose(slope - other, np.asarray(v) ** 3 / 48, rtol=1e-4, atol=1e-6)
    (d,) = chain.discriminators
    own = sum(float(np.sum(np.asarray(v, np.float64) ** 4)) for v in d.trainable_weights) / 4 / 48
    difference = float(energies.discriminators[0] - bare_energies.discriminators[0])
    assert difference == pytest.approx(own, rel=1e-3)


@pytest.mark.parametrize("prior", [quartic, Power(3.0)])
def test_a_registered_one_is_saved_with_the_model(prior: Any, tmp_path: Path) -> None:
    model = _held(small_gan(prior=prior))
    model.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    function = loaded.game.prior.function
    assert function is quartic or function.power == 3.0
    weights = [tf.constant([1.0, -2.0])]
    assert float(loaded.game.prior.energy(weights, 2)) == float(prior(weights)) / 2


@pytest.mark.parametrize(
    ("prior", "name"),
    [
        (unregistered, "unregistered"),
        (lambda weights: quartic(weights), "<lambda>"),
        (functools.partial(unregistered), "partial"),
    ],
)
def test_another_one_trains_and_is_refused_where_it_would_be_saved(
    prior: Any, name: str, tmp_path: Path
) -> None:
    model = small_gan(prior=prior)
    images, labels = examples()
    model.fit(images, labels, batch_size=8, epochs=1, steps_per_epoch=1, verbose=0)
    for write in (lambda: model.save(tmp_path / "gan.keras"), model.get_config):
        with pytest.raises(
            InputError, match=f"prior cannot be saved: {name} .*register_keras_serializable"
        ) as caught:
            write()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("prior", "shape"),
    [
        (lambda weights: weights[0] ** 2, r"\[2, 16\]"),
        (lambda weights: 0.0, "0.0"),
    ],
)
def test_what_is_no_scalar_is_refused(prior: Any, shape: str) -> None:
    with pytest.raises(InputError, match=f"must give a scalar tensor, -log p.*, not {shape}"):
        gradients_of(_held(small_gan(prior=prior)), (0,), STEP)


@pytest.mark.parametrize("prior", [Normal, 1.0, "normal"])
def test_what_is_no_prior_is_refused(prior: Any) -> None:
    with pytest.raises(InputError, match=r"prior must be such as Normal\(1.0\), a function"):
        small_gan(prior=prior)


def test_it_does_not_go_with_the_authors_losses_and_nothing_is_drawn_from_it() -> None:
    with pytest.raises(InputError, match=r"Authors\(\) needs the prior Normal\(\)"):
        small_gan(prior=quartic, objective=Authors())
    with pytest.raises(InputError, match="quartic is a density, which nothing is drawn from"):
        FunctionPrior(quartic).sample([], tf.zeros(2, tf.int32))
