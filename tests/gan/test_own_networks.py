"""Networks as users of Keras write them train, whatever they are made of."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks import mlp_generator

L, SIZE, SCALE = keras.layers, 4, np.float32(2.0)


def _lambda_sequential() -> keras.Model:
    return keras.Sequential(
        [keras.Input((SIZE,)), L.Dense(6), L.Lambda(lambda x: x * SCALE), L.Dense(1)]
    )


def _lambda_functional() -> keras.Model:
    x = keras.Input((SIZE,))
    h = L.Lambda(lambda x: x * SCALE)(L.Dense(6, activation=lambda x: x / SCALE)(x))
    return keras.Model(x, {"logits": L.Dense(1)(h), "features": h})


def _built_late() -> keras.Model:
    network = keras.Sequential([L.Dense(6, activation="relu"), L.Dense(1)])
    network(np.zeros((2, SIZE), np.float32))
    return network


def _shared_layer() -> keras.Model:
    x, shared = keras.Input((SIZE,)), L.Dense(SIZE, activation="tanh")
    return keras.Model(x, L.Dense(1)(shared(shared(x))))


class _Subclassed(keras.Model):
    def __init__(self, units: int = 6) -> None:
        super().__init__()
        self.hidden, self.out = L.Dense(units, activation="relu"), L.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.out(self.hidden(inputs))


def _wrapped() -> keras.Model:
    x = keras.Input((SIZE,))
    return keras.Model(x, _Subclassed()(x))


def _list_of_one_input() -> keras.Model:
    x = keras.Input((SIZE,))
    return keras.Model([x], L.Dense(1)(x))


def _compiled() -> keras.Model:
    network = keras.Sequential([keras.Input((SIZE,)), L.Dense(1)])
    network.compile("adam", "mse")
    return network


MAKERS: tuple[Callable[[], keras.Model], ...] = (
    _lambda_sequential,
    _lambda_functional,
    _built_late,
    _shared_layer,
    _wrapped,
    _list_of_one_input,
    _compiled,
)


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__.strip("_"))
def test_it_trains(make: Callable[[], keras.Model]) -> None:
    """Two chains of discriminators that start apart, and move."""
    gan = BayesianGAN(mlp_generator(SIZE, 3, 6), make(), num_data=20, num_mcmc=2, terms=[], seed=1)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    x = np.random.default_rng(0).normal(size=(20, SIZE)).astype(np.float32)
    starts = [np.asarray(d.weights[0]) for d in gan.discriminators]
    assert np.abs(starts[0] - starts[1]).max() > 0.01
    gan.fit(x, batch_size=6, steps_per_epoch=2, verbose=0)
    for network, start in zip(gan.discriminators, starts, strict=True):
        assert np.abs(np.asarray(network.weights[0]) - start).max() > 0
    again = BayesianGAN(
        mlp_generator(SIZE, 3, 6), make(), num_data=20, num_mcmc=2, terms=[], seed=1
    )
    for network, start in zip(again.discriminators, starts, strict=True):
        np.testing.assert_array_equal(network.weights[0], start)
