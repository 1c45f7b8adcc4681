"""CollectPosterior: which samples it keeps, and what it makes of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.samplers import SGHMC, CollectPosterior, CyclicalStep
from bayesian_gan.samplers.names import unique_names


def model(jit_compile: bool = False, steps_per_execution: int = 1) -> keras.Model:
    keras.utils.set_random_seed(0)
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, name="head")])
    net.compile(
        SGHMC(0.01, 40, seed=1),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=jit_compile,
        steps_per_execution=steps_per_execution,
    )
    return net


X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


def run(
    collector: CollectPosterior, net: keras.Model | None = None, epochs: int = 5
) -> keras.Model:
    """Ten iterations an epoch."""
    net = net or model()
    net.fit(X, Y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, callbacks=[collector])
    return net


def test_samples_are_the_weights_at_the_right_iterations() -> None:
    seen = {}

    class Record(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            seen[int(self.model.optimizer.iterations.numpy())] = self.model.get_weights()

    net, collector = model(), CollectPosterior(20, 7)
    net.fit(X, Y, batch_size=4, epochs=5, shuffle=False, verbose=0, callbacks=[Record(), collector])
    assert collector.iterations == [20, 27, 34, 41, 48]
    samples = collector.samples()
    assert list(samples) == [w.path for w in net.weights]
    for place, iteration in enumerate(collector.iterations):
        for expected, path in zip(seen[iteration], samples, strict=True):
            np.testing.assert_array_equal(samples[path][place], expected)


def test_predicts_the_mean_of_the_probabilities_and_leaves_the_weights_alone() -> None:
    collector = CollectPosterior(10, 15, activation="softmax")
    net = run(collector)
    before = net.get_weights()
    predicted = collector.predict(X)
    kernel, bias = collector.samples().values()
    logits = np.einsum("nd,sdk->snk", X, kernel) + bias[:, None, :]
    odds = np.exp(logits)
    expected = (odds / odds.sum(-1, keepdims=True)).mean(0)
    np.testing.assert_allclose(predicted, expected, rtol=1e-5)
    for old, new in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_keeps_the_most_recent() -> None:
    collector = CollectPosterior(0, 5, max_samples=3, keep="recent")
    run(collector)
    assert sorted(collector.iterations) == [40, 45, 50]
    kernels = next(iter(collector.samples().values()))
    last = collector.model.get_weights()[0]
    np.testing.assert_array_equal(kernels[-1], last)


def test_resumed_training_goes_on_with_the_optimizers_count() -> None:
    net = model()
    collector = CollectPosterior(15, 10)
    run(collector, net, epochs=2)
    run(collector, net, epochs=2)
    assert collector.iterations == [15, 25, 35]


def test_a_sample_is_taken_at_the_first_end_of_a_call_after_it_is_due() -> None:
    collector = CollectPosterior(6, 5)
    run(collector, model(steps_per_execution=5))
    assert collector.iterations == [10, 15, 20, 25, 30, 35, 40, 45, 50]
    collector = CollectPosterior(3, 7)  # due at 3, 10, 17, 24, 31, 38, 45
    run(collector, model(steps_per_execution=5))
    assert collector.iterations == [5, 10, 20, 25, 35, 40, 45]


def test_a_sample_waits_for_its_phase() -> None:
    schedule = CyclicalStep(0.1, 10, exploration=0.8)
    collector = CollectPosterior(0, when=schedule.is_sampling)
    run(collector)
    assert collector.iterations == [t for t in range(1, 50) if t % 10 >= 8]
    # Due at 0, then every seven: what falls into an exploration is not lost.
    collector = CollectPosterior(0, 7, when=schedule.is_sampling)
    run(collector)
    assert collector.iterations == [8, 18, 28, 38, 48, 49]
    # Calls of two end at even iterations.
    collector = CollectPosterior(0, 2, when=schedule.is_sampling)
    run(collector, model(steps_per_execution=2))
    assert collector.iterations == [8, 18, 28, 38, 48]
    never = CollectPosterior(0, 5, when=schedule.is_sampling)
    run(never, model(steps_per_execution=5))
    with pytest.raises(ValueError, match=r"no samples .* let calls end where `when` allows"):
        never.samples()


def test_two_samples_in_one_call_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^`thinning` is 3, but the model makes 5 iterations a"):
        run(CollectPosterior(0, 3), model(steps_per_execution=5))


def test_inference_data_has_chains_draws_and_names() -> None:
    arviz = pytest.importorskip("arviz", reason="ArviZ is optional")
    first, second = CollectPosterior(10, 10), CollectPosterior(10, 5)
    run(first)
    run(second)
    data = first.to_inference_data(second)
    name = next(iter(first.samples())).replace("/", ".")
    assert data.posterior[name].shape == (2, 5, 3, 2)
    np.testing.assert_array_equal(
        data.posterior[name][1], next(iter(second.samples().values()))[:5]
    )
    assert float(arviz.ess(data)[name].min()) > 0


def test_a_gradient_that_is_not_finite_stops_fit_at_its_batch_under_xla() -> None:
    poisoned = X.copy()
    poisoned[9] = np.nan
    net = model(jit_compile=True)
    collector = CollectPosterior(0)
    with pytest.raises(FloatingPointError, match=r"not finite.*iteration 2"):
        net.fit(poisoned, Y, batch_size=4, shuffle=False, verbose=0, callbacks=[collector])
    assert collector.iterations == [1, 2]


def test_wrong_arguments_raise_with_their_name() -> None:
    for arguments in (
        {"burn_in": -1},
        {"burn_in": 1.5},
        {"thinning": 0},
        {"max_samples": 0},
        {"keep": "best"},
        {"seed": -1},
    ):
        with pytest.raises((TypeError, ValueError), match=f"^`{next(iter(arguments))}`"):
            CollectPosterior(**({"burn_in": 0} | arguments))
    with pytest.raises(ValueError, match="no samples have been collected"):
        CollectPosterior(0).predict(X)


def test_samples_of_a_second_model_are_refused() -> None:
    collector = CollectPosterior(10, 10)
    net = run(collector)
    with pytest.raises(ValueError, match="holds samples of another model: give each model its own"):
        run(collector, model())
    assert collector.model is net
    assert len(collector) == 5
    # One that has collected nothing may go to another model.
    early = CollectPosterior(1000)
    run(early)
    run(early, model())


class Twins(keras.layers.Layer):
    """Two weights of one path."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.first = self.add_weight(shape=(2,), initializer="ones", name="w")
        self.second = self.add_weight(shape=(2,), initializer="zeros", name="w")

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return x * self.first.value + self.second.value


def test_two_weights_of_one_path_have_two_names() -> None:
    pytest.importorskip("arviz", reason="ArviZ is optional")
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2), Twins(name="twins")])
    net.compile(SGHMC(0.01, 40, seed=1), "mse")
    collector = CollectPosterior(5, 5)
    net.fit(X, X[:, :2], batch_size=4, verbose=0, callbacks=[collector])
    samples = collector.samples()
    assert [name.split("/", 1)[1] for name in samples][2:] == ["twins/w", "twins/w_1"]
    for name, weight in zip(samples, net.get_weights(), strict=True):
        np.testing.assert_array_equal(samples[name][-1], weight)
    data = collector.to_inference_data()
    assert set(data.posterior.data_vars) == {name.replace("/", ".") for name in samples}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a_1", "a_2"]),
        (["a", "a_1", "a"], ["a", "a_1", "a_2"]),
        (["a", "a", "a_1"], ["a", "a_2", "a_1"]),
    ],
)
def test_names_are_unique_and_what_is_unique_keeps_its_name(
    names: list[str], expected: list[str]
) -> None:
    assert unique_names(names) == expected
