"""What Keras, and anyone who restarts a run, expects of every sampler."""

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from chains import N, every_sampler, every_sampler_slowly, fit, model, steps, variables

from bayesian_gan.samplers import (
    SGHMC,
)


@every_sampler
def test_configuration_round_trip_and_copies_for_other_chains(make: Callable[..., Any]) -> None:
    sampler = make(seed=3, name="chain")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(sampler))
    assert type(again) is type(sampler)
    assert again.get_config() == sampler.get_config()
    other = sampler.with_seed(4)
    assert other.get_config() == sampler.get_config() | {"seed": 4}
    assert not other.built
    np.testing.assert_array_equal(steps(sampler, variables(), 5), steps(again, variables(), 5))


@every_sampler
def test_ten_steps_equal_five_then_save_load_and_five(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    whole = steps(make(seed=1), variables(), 10)
    first, theta = make(seed=1), variables()
    steps(first, theta, 5)
    values = {str(i): v.value for i, v in enumerate(theta)}
    tf.train.Checkpoint(optimizer=first, **values).write(tmp_path / "state")
    second, theta = make(seed=1), variables()
    second.build(theta)
    values = {str(i): v.value for i, v in enumerate(theta)}
    tf.train.Checkpoint(optimizer=second, **values).read(tmp_path / "state").assert_consumed()
    np.testing.assert_array_equal(whole, steps(second, theta, 5))


@every_sampler_slowly
def test_a_saved_keras_model_resumes_exactly(make: Callable[..., Any], tmp_path: Path) -> None:
    whole = model(make(seed=1))
    fit(whole, epochs=2)
    half = model(make(seed=1))
    fit(half)
    half.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    fit(resumed)
    for expected, received in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(expected, received)


@every_sampler_slowly
def test_compiled_by_xla_or_not_or_eager_is_the_same_chain(make: Callable[..., Any]) -> None:
    nets = [
        model(make(seed=1), jit_compile=True),
        model(make(seed=1), jit_compile=False),
        model(make(seed=1), run_eagerly=True),
    ]
    for net in nets:
        fit(net, epochs=2)
    compiled, graph, eager = [net.get_weights()[0] for net in nets]
    np.testing.assert_allclose(compiled, graph, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(eager, graph, rtol=1e-4, atol=1e-5)


@every_sampler_slowly
def test_mixed_precision_samples_the_float32_variables(make: Callable[..., Any]) -> None:
    plain = model(make(seed=1), jit_compile=False)
    keras.config.set_dtype_policy("mixed_float16")
    try:
        mixed = model(make(seed=1), jit_compile=False)
    finally:
        keras.config.set_dtype_policy("float32")
    fit(plain)
    fit(mixed)
    assert type(mixed.optimizer).__name__ == "LossScaleOptimizer"
    # The same noise; the gradients differ by half precision's 1e-3.
    np.testing.assert_allclose(mixed.get_weights()[0], plain.get_weights()[0], atol=2e-3)


def test_double_precision_and_missing_gradients() -> None:
    theta = [keras.Variable(np.ones(2), dtype=t) for t in ("float64", "float32", "float64")]
    sampler = SGHMC(0.1, N, seed=1)
    sampler.build(theta)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        sampler.apply([tf.ones(2, tf.float64), None, tf.ones(2, tf.float64)], theta)
    assert [v.numpy().dtype for v in theta] == [np.float64, np.float32, np.float64]
    np.testing.assert_array_equal(theta[1].numpy(), 1.0)
    assert np.all(theta[0].numpy() != theta[2].numpy())


@pytest.mark.slow
def test_replicas_draw_one_noise() -> None:
    # Logical devices can be made only before TensorFlow starts, hence another process.
    program = textwrap.dedent(
        """
        import keras, numpy as np, tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        import chains
        from bayesian_gan.samplers import SGHMC, WarmStart
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        makers = {name: chains.MAKERS[name] for name in ("sgnht", "scale-adapted")}
        makers["warm-start"] = lambda seed: WarmStart(
            keras.optimizers.Adam(0.01), SGHMC(0.01, chains.N, seed=seed), 3)
        for name, make in makers.items():
            alone = chains.model(make(seed=1), jit_compile=False)
            chains.fit(alone, epochs=2)
            with strategy.scope():
                mirrored = chains.model(make(seed=1), jit_compile=False)
            chains.fit(mirrored, epochs=2)
            kernel = mirrored.trainable_variables[0].value
            both = [component.numpy() for component in kernel.values]
            np.testing.assert_array_equal(*both, err_msg=name)
            np.testing.assert_allclose(both[0], alone.get_weights()[0], rtol=1e-4, atol=1e-5, err_msg=name)
        poisoned = chains.data()
        poisoned[29] = np.nan  # the third batch, in the second replica's half
        with strategy.scope():
            mirrored = chains.model(makers["sgnht"](seed=1), jit_compile=False)
        try:
            chains.fit(mirrored, x=poisoned)
        except tf.errors.InvalidArgumentError as error:
            assert "head/kernel is not finite" in str(error)
        else:
            raise AssertionError("a gradient that is not finite went through")
        assert int(mirrored.optimizer.iterations.numpy()) == 2
        print("replicas agree")
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        env={"PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "replicas agree" in done.stdout, done.stderr[-3000:]
