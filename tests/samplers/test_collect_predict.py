"""What CollectPosterior makes of its samples: means and members, of one output and of several."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from chains import data, fit, model

from bayesian_gan.samplers import SGHMC, CollectPosterior

X = data()


@pytest.fixture(scope="module")
def collector() -> CollectPosterior:
    """Three samples of a model of one output."""
    net, found = model(SGHMC(0.01, 100.0, seed=1)), CollectPosterior(4, 4, activation="softmax")
    net.fit(X, X[:, :2], epochs=3, batch_size=10, verbose=0, callbacks=[found])
    return found


def test_members_are_those_of_each_sample_and_their_mean_is_predicted(
    collector: CollectPosterior,
) -> None:
    members = collector.member_predictions(X)
    assert members.shape == (3, 40, 2)
    assert members.dtype == np.float64
    kernel, bias = collector.samples().values()
    odds = np.exp(np.einsum("nd,sdk->snk", X, kernel) + bias[:, None, :])
    np.testing.assert_allclose(members, odds / odds.sum(-1, keepdims=True), rtol=1e-5)
    np.testing.assert_allclose(collector.predict(X), members.mean(0), rtol=1e-12)


class Batches(keras.utils.PyDataset):
    """Batches of ten in an order that changes at each reading."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        self.reads += 1
        k = (index + (self.reads - 1) // 4) % 4
        return X[10 * k : 10 * (k + 1)], X[10 * k : 10 * (k + 1), :2]


def generator() -> Iterator[Any]:
    yield from ((X[k : k + 10],) for k in range(0, 40, 10))


def shuffled() -> tf.data.Dataset:
    return tf.data.Dataset.from_tensor_slices(X).shuffle(40).batch(7)


@pytest.mark.parametrize("inputs", [generator, Batches, shuffled])
def test_inputs_that_differ_from_reading_to_reading_are_read_once(
    collector: CollectPosterior, inputs: Callable[[], Any]
) -> None:
    members = collector.member_predictions(inputs())
    expected = collector.member_predictions(X)
    if inputs is shuffled:  # In the order of the one reading, which all samples share.
        rows = np.argsort(members[0, :, 0])
        order = np.argsort(expected[0, :, 0])
        members, expected = members[:, rows], expected[:, order]
    np.testing.assert_allclose(members, expected, rtol=1e-6)
    np.testing.assert_allclose(
        np.sort(collector.predict(inputs()), 0), np.sort(expected.mean(0), 0), rtol=1e-6
    )


def test_inputs_without_end_need_steps(collector: CollectPosterior) -> None:
    endless = tf.data.Dataset.from_tensors(X).repeat()
    with pytest.raises(ValueError, match=r"^`x` never ends: give `steps`"):
        collector.predict(endless)
    assert collector.predict(endless, steps=2).shape == (80, 2)
    spent = generator()
    assert len(list(spent)) == 4
    with pytest.raises(ValueError, match=r"^`x` gives no batch"):
        collector.predict(spent)
    uneven = iter([X[:3], X[3:5, :2]])
    with pytest.raises(ValueError, match=r"^`x` has batches of different shapes"):
        collector.predict(uneven)


def test_a_model_without_generators_says_so(collector: CollectPosterior) -> None:
    with pytest.raises(ValueError, match=r"no generators: predict\(x\)"):
        collector.generate(3)
    with pytest.raises(AttributeError, match="only a model of several networks"):
        _ = collector.posterior
    other = CollectPosterior(4, 4)
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    net.compile(SGHMC(0.01, 100.0, seed=1), "mse")
    net.fit(X, X[:, :1], batch_size=10, verbose=0, callbacks=[other])
    with pytest.raises(ValueError, match=r"^`others` must be collectors of the same model"):
        collector.to_inference_data(other)


@pytest.mark.parametrize("nested", ["dict", "list"])
def test_several_outputs(nested: str) -> None:
    inputs = keras.Input((3,))
    layers = keras.layers.Dense(2, name="which"), keras.layers.Dense(1, name="how_much")
    which, how_much = (layer(inputs) for layer in layers)
    outputs: Any = [which, how_much]
    targets: Any = [X[:, :2], X[:, :1]]
    activations: Any = ["softmax", None]
    keys: list[Any] = [0, 1]
    if nested == "dict":
        keys = ["which", "how_much"]
        outputs, targets, activations = (
            dict(zip(keys, each, strict=True)) for each in (outputs, targets, activations)
        )
    net = keras.Model(inputs, outputs)
    losses = dict.fromkeys(keys, "mse") if nested == "dict" else ["mse", "mse"]
    net.compile(SGHMC(0.01, 100.0, seed=1), losses)
    collected = CollectPosterior(2, 2, activation=activations)
    net.fit(X, targets, batch_size=10, verbose=0, callbacks=[collected])
    members, predicted = collected.member_predictions(X), collected.predict(X)
    samples = collected.samples()
    kernel, bias, slope, offset = (samples[w.path] for layer in layers for w in layer.weights)
    odds = np.exp(np.einsum("nd,sdk->snk", X, kernel) + bias[:, None, :])
    odds /= odds.sum(-1, keepdims=True)
    amounts = np.einsum("nd,sdk->snk", X, slope) + offset[:, None, :]
    for key, expected in zip(keys, (odds, amounts), strict=True):
        np.testing.assert_allclose(members[key], expected, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(predicted[key], expected.mean(0), rtol=1e-4, atol=1e-6)
    # One activation serves all; one of another structure is refused.
    collected.activation = keras.activations.get("sigmoid")
    np.testing.assert_allclose(
        collected.predict(X)[keys[1]], (1 / (1 + np.exp(-amounts))).mean(0), rtol=1e-4
    )
    collected.activation = [keras.activations.softmax] * 3
    with pytest.raises(ValueError, match=r"^`activation` must be one for all outputs, or nested"):
        collected.predict(X)


def test_the_weights_are_the_model_s_own_again_where_a_prediction_fails(
    collector: CollectPosterior,
) -> None:
    before = collector.model.get_weights()
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        collector.predict(X[:, :2])
    for old, new in zip(before, collector.model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_second_fit_goes_on_after_a_prediction(collector: CollectPosterior) -> None:
    fit(collector.model)
    assert collector.iterations == [4, 8, 12]
