"""WarmStart: the switch, the counters, saving and resuming, copies for other chains."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from chains import steps

from bayesian_gan.samplers import PSGLD, SGHMC, ScaleAdaptedSGHMC, WarmStart

N = 50.0


def adam() -> Any:
    return keras.optimizers.Adam(0.01, beta_1=0.5)


def variables(count: int = 3) -> Any:
    return [
        keras.Variable(np.full(4, i + 1.0), dtype="float32", name=f"w{i}") for i in range(count)
    ]


def test_follows_the_optimizer_and_then_the_sampler() -> None:
    ours = steps(WarmStart(adam(), SGHMC(0.1, N, seed=1), 5), variables(), 12)

    theta = variables()
    steps(adam(), theta, 5)
    sampler = SGHMC(0.1, N, seed=1)
    sampler.build(theta)
    sampler.iterations.assign(5)  # the total count keys the noise
    np.testing.assert_array_equal(ours, steps(sampler, theta, 7))


def test_the_schedule_of_the_sampler_runs_on_the_total_count() -> None:
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([5], [0.0, 1.0])
    optimizer = WarmStart(keras.optimizers.SGD(0.0), SGHMC(schedule, N, temperature=0.0, seed=1), 3)
    theta = variables()
    np.testing.assert_array_equal(steps(optimizer, theta, 6), [v.numpy() for v in variables()])
    assert int(optimizer.iterations.numpy()) == int(optimizer.sampler.iterations.numpy()) == 6
    assert np.all(steps(optimizer, theta, 1)[0] != 1.0)
    assert float(optimizer.learning_rate) == 1.0


@pytest.mark.parametrize(
    "sampler",
    [
        lambda: SGHMC(0.1, N, seed=1),
        lambda: PSGLD(0.1, N, seed=1),
        lambda: ScaleAdaptedSGHMC(0.1, N, burn_in=2, seed=1),
    ],
    ids=["sghmc", "psgld", "scale-adapted"],
)
@pytest.mark.parametrize("stop", [3, 5, 6, 8])
def test_ten_steps_equal_some_then_save_load_and_the_rest(
    stop: int, sampler: Any, tmp_path: Path
) -> None:
    # Before, at and after the switch at 5, and within the burn-in.
    whole = steps(WarmStart(adam(), sampler(), 5), variables(), 10)

    first = WarmStart(adam(), sampler(), 5)
    theta = variables()
    steps(first, theta, stop)
    tf.train.Checkpoint(optimizer=first, theta=[v.value for v in theta]).write(tmp_path / "state")
    second = WarmStart(adam(), sampler(), 5)
    theta = variables()
    second.build(theta)
    tf.train.Checkpoint(optimizer=second, theta=[v.value for v in theta]).read(
        tmp_path / "state"
    ).assert_consumed()
    np.testing.assert_array_equal(whole, steps(second, theta, 10 - stop))


@pytest.mark.parametrize(
    "made",
    [
        lambda: WarmStart(adam(), SGHMC(0.1, N, seed=1), 5),
        lambda: WarmStart(
            adam(),
            ScaleAdaptedSGHMC(0.1, N, burn_in=0, seed=1),
            3,
            hand_over_second_moments=True,
        ),
    ],
    ids=["before-the-switch", "after-a-hand-over"],
)
def test_a_saved_keras_model_resumes_exactly(made: Any, tmp_path: Path) -> None:
    def model() -> Any:
        keras.utils.set_random_seed(0)
        net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
        net.compile(made(), "mse", jit_compile=False)
        return net

    x = np.random.default_rng(0).normal(size=(40, 3))
    y = x[:, :2]
    run = {"batch_size": 10, "shuffle": False, "verbose": 0}
    whole = model()
    whole.fit(x, y, epochs=2, **run)  # 8 iterations: saved after 4, the switch at 5 or at 3
    half = model()
    half.fit(x, y, epochs=1, **run)
    half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    resumed.fit(x, y, epochs=1, **run)
    for expected, received in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, received)


def test_a_copy_with_another_seed_is_another_chain() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    original = WarmStart(adam(), SGHMC(schedule, N, friction=0.3, seed=1), 5, name="chain")
    copy = original.with_seed(9)
    assert copy.sampler.seed == 9
    expected, received = original.get_config(), copy.get_config()
    expected["sampler"]["config"]["seed"] = 9
    assert received == expected
    assert (
        keras.saving.deserialize_keras_object(
            keras.saving.serialize_keras_object(original)
        ).get_config()
        == original.get_config()
    )
    first, other = steps(original, variables(), 5), steps(copy, variables(), 5)
    np.testing.assert_array_equal(first, other)  # the warm-up has no noise
    assert np.all(
        np.not_equal(steps(original, variables_of(original), 1), steps(copy, variables_of(copy), 1))
    )


def variables_of(optimizer: keras.optimizers.Optimizer) -> Any:
    return optimizer._trainable_variables


def test_one_conditional_for_all_variables() -> None:
    theta = variables(20)
    optimizer = WarmStart(adam(), SGHMC(0.1, N, seed=1), 5)
    optimizer.build(theta)
    graph = (
        tf.function(lambda: optimizer.apply([v.value for v in theta], theta))
        .get_concrete_function()
        .graph
    )
    assert (
        sum(
            node.type in ("Case", "StatelessCase", "If", "StatelessIf")
            for node in graph.get_operations()
        )
        == 1
    )


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"optimizer": "adam"}, "optimizer"),
        ({"sampler": adam()}, "sampler"),
        ({"iterations": -1}, "iterations"),
        ({"iterations": 1.5}, "iterations"),
        ({"hand_over_second_moments": True}, "hand_over_second_moments"),
        ({"optimizer": keras.optimizers.Adam(gradient_accumulation_steps=2)}, "optimizer"),
    ],
)
def test_wrong_arguments_raise_with_their_name(arguments: dict[str, Any], name: str) -> None:
    right = {"optimizer": adam(), "sampler": SGHMC(0.1, N, seed=1)}
    with pytest.raises((TypeError, ValueError), match=f"^`{name}`"):
        WarmStart(**(right | arguments))
