"""What users of Keras are used to do with an optimizer, done with a sampler."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from chains import N, data, every_sampler, fit, model

from bayesian_gan.samplers import (
    PSGLD,
    SGHMC,
    SGLD,
    SGNHT,
    PolynomialStep,
    ScaleAdaptedSGHMC,
    WarmStart,
)

X = data()


def warm(sampler: Any = None, iterations: int = 5, rate: Any = 0.01) -> WarmStart:
    sampler = SGHMC(0.02, N, seed=1) if sampler is None else sampler
    return WarmStart(keras.optimizers.Adam(rate), sampler, iterations)


def rates(optimizer: WarmStart) -> tuple[float, float]:
    return float(optimizer.optimizer.learning_rate), float(optimizer.sampler.learning_rate)


def test_a_warm_start_sets_the_learning_rate_of_whichever_is_at_work() -> None:
    optimizer = warm()
    net = model(optimizer)
    optimizer.learning_rate = 0.5
    assert rates(optimizer) == pytest.approx((0.5, 0.02))
    fit(net, epochs=2)  # 8 iterations, the switch at 5
    assert float(optimizer.learning_rate) == pytest.approx(0.02)
    optimizer.learning_rate = np.float32(0.25)
    assert rates(optimizer) == (0.5, 0.25)
    optimizer.learning_rate = keras.ops.convert_to_tensor(0.0)
    before = net.get_weights()[0]
    # What was traced follows: at 0 only the velocity moves the chain, and it dies away.
    for _ in range(60):
        fit(net)
    at_rest = net.get_weights()[0]
    fit(net)
    assert np.abs(net.get_weights()[0] - at_rest).max() < 1e-7 < np.abs(at_rest - before).max()


def test_what_follows_a_schedule_cannot_be_set_and_can_be_read() -> None:
    schedule = PolynomialStep(0.1, 100.0)
    sampler = SGHMC(schedule, N, seed=1)
    with pytest.raises(TypeError, match=r"^`learning_rate` of this sghmc follows a schedule"):
        sampler.learning_rate = 0.1
    optimizer = warm(sampler)
    optimizer.learning_rate = 0.5  # Of Adam, which is at work.
    optimizer.iterations.assign(5)
    sampler.iterations.assign(5)
    assert float(optimizer.learning_rate) == pytest.approx(float(schedule(5)))
    with pytest.raises(
        TypeError, match=r"^`learning_rate` of the sghmc in this warm_start follows"
    ):
        optimizer.learning_rate = 0.1
    scheduled = warm(rate=keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))
    assert float(scheduled.learning_rate) == pytest.approx(0.1)
    with pytest.raises(TypeError, match=r"^`learning_rate` of the adam\S* in this warm_start"):
        scheduled.learning_rate = 0.1


@pytest.mark.parametrize("make", [lambda: SGHMC(0.1, N, seed=1), warm], ids=["sampler", "warm"])
def test_wrong_learning_rates_are_refused(make: Callable[[], Any]) -> None:
    optimizer = make()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    with pytest.raises(TypeError, match=r"^`learning_rate` cannot become a schedule"):
        optimizer.learning_rate = schedule
    with pytest.raises(ValueError, match=r"^`learning_rate` must be at least 0"):
        optimizer.learning_rate = -0.1
    with pytest.raises(ValueError, match=r"^`learning_rate` must be at least 0"):
        optimizer.learning_rate = float("nan")
    with pytest.raises(TypeError, match=r"^`learning_rate` must be a number"):
        optimizer.learning_rate = "small"


@pytest.mark.parametrize(
    "make",
    [
        lambda: SGHMC(0.1, N, seed=1),
        lambda: SGLD(0.1, N, seed=1),
        lambda: PSGLD(0.1, N, seed=1),
        lambda: SGNHT(0.1, N, seed=1),
        lambda: warm(SGHMC(0.1, N, seed=1), iterations=4, rate=0.1),
    ],
    ids=["sghmc", "sgld", "psgld", "sgnht", "warm-start"],
)
def test_callbacks_of_keras_move_the_learning_rate(make: Callable[[], Any]) -> None:
    net = model(make(), jit_compile=False)
    x = data()
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    net.fit(x, x[:, :2], epochs=3, batch_size=10, verbose=0, callbacks=[halve])
    # A warm start has halved Adam's once, and the sampler's twice.
    warmed = isinstance(net.optimizer, WarmStart)
    assert float(net.optimizer.learning_rate) == pytest.approx(0.1 / (4 if warmed else 8))
    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=1e9)
    before = float(net.optimizer.learning_rate)
    net.fit(x, x[:, :2], epochs=3, batch_size=10, verbose=0, callbacks=[plateau])
    assert float(net.optimizer.learning_rate) == pytest.approx(before / 4)


@every_sampler
def test_a_seed_of_numpy_is_a_seed(make: Callable[..., Any], tmp_path: Path) -> None:
    sampler = make(seed=np.int64(3))
    assert sampler.get_config() == make(seed=3).get_config()
    assert type(sampler.get_config()["seed"]) is int
    assert sampler.with_seed(np.uint32(7)).seed == 7
    net = model(sampler)
    net.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").optimizer.seed == 3
    for wrong in (True, "3", 1.5, -1):
        with pytest.raises((TypeError, ValueError), match=r"^`seed`"):
            make(seed=wrong)


@pytest.mark.parametrize("make", [lambda: SGHMC(0.01, N, seed=1), warm], ids=["sampler", "warm"])
def test_a_sampler_of_two_models_is_refused(make: Callable[[], Any]) -> None:
    sampler = make()
    first = model(sampler)
    fit(first)
    second = model(sampler)
    with pytest.raises(ValueError, match=r"holds the state of another chain.*with_seed") as caught:
        fit(second)
    assert "\n" not in str(caught.value)
    # The first goes on, compiled anew too; the second with its own.
    first.compile(sampler, "mse")
    fit(first)
    assert int(sampler.iterations.numpy()) == 8
    second.compile(sampler.with_seed(2), "mse")
    fit(second)


def two_layers(optimizer: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    net = keras.Sequential(
        [keras.layers.Input((3,)), keras.layers.Dense(4, use_bias=False), keras.layers.Dense(2)]
    )
    net.compile(optimizer, "mse", jit_compile=False)
    return net


MAKERS: dict[str, Callable[[], Any]] = {
    "sghmc": lambda: SGHMC(0.01, N, gradient_noise="fisher", seed=1),
    "sgld": lambda: SGLD(0.01, N, seed=1),
    "psgld": lambda: PSGLD(0.01, N, gamma_term=True, seed=1),
    "sgnht": lambda: SGNHT(0.01, N, seed=1),
    "scale-adapted": lambda: ScaleAdaptedSGHMC(0.01, N, burn_in=6, seed=1),
    "warm-start": lambda: warm(iterations=6),
}


QUICK = ("sghmc", "warm-start")


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(m, id=n, marks=() if n in QUICK else pytest.mark.slow)
        for n, m in MAKERS.items()
    ],
)
def test_layers_frozen_after_a_fit_stay_and_the_others_move(make: Callable[[], Any]) -> None:
    sampler = make()
    net = two_layers(sampler)
    fit(net)
    net.layers[0].trainable = False
    net.compile(sampler, "mse", jit_compile=False)
    before = net.get_weights()
    fit(net)
    after = net.get_weights()
    np.testing.assert_array_equal(after[0], before[0])
    assert np.all(after[1] != before[1])
    assert int(sampler.iterations.numpy()) == 8
    # What a sampler was not built for is refused.
    frozen = make()
    net.compile(frozen, "mse", jit_compile=False)
    fit(net)
    net.layers[0].trainable = True
    net.compile(frozen, "mse", jit_compile=False)
    with pytest.raises(ValueError, match=r"without .*kernel: give each model, and each choice of"):
        fit(net)


def test_a_constraint_is_refused() -> None:
    x = keras.Input((2,))
    network = keras.Model(x, keras.layers.Dense(1, kernel_constraint="non_neg")(x))
    with pytest.raises(ValueError, match=r"draws from all real weights, and .* has a constraint"):
        SGHMC(1e-3, N, seed=1).build(network.trainable_variables)
