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
from scipy.stats import kstest

from bayesian_gan.samplers import (
    PSGLD,
    SGHMC,
    SGLD,
    SGNHT,
    CyclicalStep,
    ScaleAdaptedSGHMC,
    TemperatureRamp,
    WarmStart,
)

N = 100.0
MAKERS: dict[str, Callable[..., Any]] = {
    "sghmc": lambda **kw: SGHMC(0.01, N, **kw),
    "sghmc-rademacher": lambda **kw: SGHMC(0.01, N, noise="rademacher", **kw),
    "sghmc-fisher": lambda **kw: SGHMC(
        CyclicalStep(0.01, 4), N, gradient_noise="fisher", mass=[1.0, 2.0], **kw
    ),
    "sgld": lambda **kw: SGLD(0.01, N, temperature=TemperatureRamp(0.0, 1.0, 8), **kw),
    "psgld": lambda **kw: PSGLD(0.01, N, epsilon=0.01, gamma_term=True, **kw),
    "sgnht": lambda **kw: SGNHT(0.01, N, thermostat_mass=0.1, **kw),
    "scale-adapted": lambda **kw: ScaleAdaptedSGHMC(
        0.01, N, burn_in=7, gradient_noise="fisher", **kw
    ),
}
every_sampler = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())


def model(optimizer: keras.optimizers.Optimizer, **compiled: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, name="head")])
    net.compile(optimizer, "mse", **compiled)
    return net


def fit(net: keras.Model, epochs: int = 1, x: np.ndarray | None = None) -> None:
    """Four iterations an epoch, in the same order."""
    inputs = data() if x is None else x
    net.fit(inputs, data()[:, :2], epochs=epochs, batch_size=10, shuffle=False, verbose=0)


def data() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(40, 3)).astype("float32")


def steps(optimizer: keras.optimizers.Optimizer, theta: list[keras.Variable], count: int) -> Any:
    @tf.function
    def loop() -> None:
        for _ in tf.range(count):
            optimizer.apply([tf.sin(v) for v in theta], theta)

    optimizer.build(theta)
    loop()
    return [v.numpy() for v in theta]


def variables() -> list[keras.Variable]:
    return [keras.Variable(np.linspace(0.1, 1.0, 4) * i, dtype="float32") for i in (1, -2)]


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


@every_sampler
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


@every_sampler
def test_compiled_by_xla_or_not_or_eager_is_the_same_chain(make: Callable[..., Any]) -> None:
    # With signs, because TensorFlow makes other normal numbers from the same key under XLA.
    def sampler() -> Any:
        made = make(seed=1)
        return type(made).from_config(made.get_config() | {"noise": "rademacher"})

    nets = [
        model(sampler(), jit_compile=True),
        model(sampler(), jit_compile=False),
        model(sampler(), run_eagerly=True),
    ]
    for net in nets:
        fit(net, epochs=2)
    compiled, graph, eager = [net.get_weights()[0] for net in nets]
    np.testing.assert_allclose(compiled, graph, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(eager, graph, rtol=1e-4, atol=1e-5)


def test_normal_noise_under_xla_is_normal_and_new_in_every_iteration() -> None:
    sampler = SGHMC(0.01, N, seed=1)
    sampler.build([keras.Variable(np.zeros(20000), dtype="float32") for _ in range(2)])

    @tf.function(jit_compile=True)
    def draw(iteration: tf.Tensor) -> list[tf.Tensor]:
        sampler.iterations.assign(iteration)
        drawn = sampler._draw(sampler._trainable_variables)
        return [n / sampler._noise_scale(tf.constant(0.01)) for n in drawn.values()]

    drawn = [*draw(tf.constant(0, tf.int64)), *draw(tf.constant(1, tf.int64))]
    assert kstest(np.concatenate(drawn), "norm").pvalue > 0.01
    correlations = np.corrcoef(drawn)[np.triu_indices(4, 1)]
    assert np.max(np.abs(correlations)) < 4.0 / 20000**0.5


@every_sampler
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


@every_sampler
def test_the_first_gradient_that_is_not_finite_stops_the_chain(make: Callable[..., Any]) -> None:
    theta = variables()
    sampler = make(seed=1)
    steps(sampler, theta, 3)
    before = [v.numpy() for v in [*theta, *sampler.variables]]
    bad = [tf.constant([1.0, 2.0, 3.0, 4.0]), tf.constant([1.0, np.nan, 1.0, np.inf])]
    path = theta[1].path
    with pytest.raises(FloatingPointError, match=rf"{sampler.name}.*{path} .*iteration 3"):
        sampler.apply(bad, theta)
    with pytest.raises(tf.errors.InvalidArgumentError, match="stopped at an earlier gradient"):
        tf.function(lambda: sampler.apply([bad[0], bad[0]], theta))()
    for old, variable in zip(before, [*theta, *sampler.variables], strict=True):
        if "halted" not in variable.path:
            np.testing.assert_array_equal(old, variable.numpy())


@every_sampler
def test_in_a_graph_the_error_names_the_variable_too(make: Callable[..., Any]) -> None:
    theta = variables()
    sampler = make(seed=1)
    steps(sampler, theta, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match=rf"{theta[0].path} .*\[2\]"):
        tf.function(lambda: sampler.apply([theta[0] * np.inf, theta[1] * 1.0], theta))()


@pytest.mark.parametrize(
    "wrap", [lambda s: s, lambda s: WarmStart(keras.optimizers.SGD(0.1), s, 1)]
)
def test_under_xla_fit_raises_at_its_end_and_the_weights_are_the_last_finite_ones(
    wrap: Callable[..., Any],
) -> None:
    good = model(wrap(SGHMC(0.01, N, seed=1)), jit_compile=True)
    good.fit(data()[:20], data()[:20, :2], batch_size=10, shuffle=False, verbose=0)
    poisoned = data()
    poisoned[25] = np.nan  # the third batch
    net = model(wrap(SGHMC(0.01, N, seed=1)), jit_compile=True)
    with pytest.raises(FloatingPointError, match=r"head/kernel is not finite.*iteration 2"):
        fit(net, x=poisoned)
    np.testing.assert_array_equal(net.get_weights()[0], good.get_weights()[0])


def draws(sampler: Any, shapes: list[tuple[int, ...]], iteration: int) -> list[np.ndarray]:
    """The noise of one iteration, standardised."""
    theta = [keras.Variable(np.zeros(shape), dtype="float32") for shape in shapes]
    sampler.build(theta)
    sampler.iterations.assign(iteration)
    return [
        x.numpy().ravel() / x.numpy().std()
        for x in sampler._draw(sampler._trainable_variables).values()
    ]


@pytest.mark.parametrize("noise", ["normal", "rademacher"])
def test_noise_of_variables_steps_and_chains_is_uncorrelated(noise: str) -> None:
    # Two small variables that share a block, and two large ones that do not.
    shapes = [(200, 100), (20000,), (200000,), (200000,)]

    def at(seed: int, iteration: int) -> list[np.ndarray]:
        return draws(SGHMC(0.01, N, noise=noise, seed=seed), shapes, iteration)

    ours = at(1, 0)
    np.testing.assert_array_equal(ours[2], at(1, 0)[2])
    groups = [
        *ours,
        *at(1, 1),
        *at(1, 2),
        *at(2, 0),
        *at(2, 1),
    ]
    for i, a in enumerate(groups):
        for b in groups[:i]:
            size = min(len(a), len(b))
            # 190 pairs: the largest of them stays under 5 standard errors of a correlation.
            assert abs(np.mean(a[:size] * b[:size])) < 5.0 / size**0.5
    for a in ours:
        assert abs(a.mean()) < 4.0 / len(a) ** 0.5
        # Within a variable, too: at lag 1, and at 32 and 256, where a fault of the bit unpacking would show.
        for lag in (1, 8, 32, 256):
            assert abs(np.mean(a[lag:] * a[:-lag])) < 4.0 / len(a) ** 0.5


def test_noise_has_the_stated_distribution() -> None:
    normal = draws(SGHMC(0.01, N, seed=1), [(100000,)], 7)[0]
    assert kstest(normal, "norm").pvalue > 0.01
    signs = draws(SGHMC(0.01, N, noise="rademacher", seed=1), [(99999,)], 7)[0]
    np.testing.assert_allclose(np.unique(np.round(signs, 2)), [-1.0, 1.0])


@pytest.mark.parametrize(
    ("sampler", "optimizer"),
    [
        (
            SGHMC(0.1, N, friction=0.1, temperature=0.0, seed=1),
            keras.optimizers.SGD(0.1, momentum=0.9),
        ),
        (
            SGHMC(0.1, N, friction=1.0, temperature=0.0, mass=2.0, seed=1),
            keras.optimizers.SGD(0.05),
        ),
        (SGLD(0.1, N, temperature=0.0, seed=1), keras.optimizers.SGD(0.1)),
        (
            PSGLD(0.01, N, decay=0.9, epsilon=1e-12, temperature=0.0, seed=1),
            keras.optimizers.RMSprop(0.01, rho=0.9, epsilon=1e-24),
        ),
    ],
    ids=["sghmc", "sghmc-mass", "sgld", "psgld"],
)
def test_at_temperature_zero_equals_the_keras_optimizer(sampler: Any, optimizer: Any) -> None:
    ours, keras_own = steps(sampler, variables(), 20), steps(optimizer, variables(), 20)
    np.testing.assert_allclose(ours, keras_own, rtol=1e-6, atol=1e-6)
    assert np.max(np.abs(np.array(ours) - [v.numpy() for v in variables()])) > 0.1


def test_at_temperature_zero_scale_adapted_equals_rmsprop_with_frozen_moments() -> None:
    moments = [
        np.array([1.0, 4.0, 9.0, 0.25], "float32"),
        np.array([2.0, 3.0, 5.0, 7.0], "float32"),
    ]
    sampler = ScaleAdaptedSGHMC(
        0.01, N, burn_in=0, epsilon=0.0, friction=0.2, temperature=0.0, seed=1
    )
    rmsprop = keras.optimizers.RMSprop(0.01, rho=1.0, momentum=0.8, epsilon=0.0)
    ours, theirs = variables(), variables()
    sampler.build(ours)
    rmsprop.build(theirs)
    sampler.receive_second_moments([tf.constant(m) for m in moments])
    for own, moment in zip(rmsprop._velocities, moments, strict=True):
        own.assign(moment)
    np.testing.assert_allclose(
        steps(sampler, ours, 20), steps(rmsprop, theirs, 20), rtol=1e-6, atol=1e-6
    )


def test_at_temperature_zero_sgnht_begins_as_sgd() -> None:
    sampler = SGNHT(0.1, N, friction=0.3, temperature=0.0, seed=1)
    sgd = keras.optimizers.SGD(0.1, momentum=0.7)
    np.testing.assert_allclose(
        steps(sampler, variables(), 1), steps(sgd, variables(), 1), rtol=1e-6
    )
    # A thermostat of infinite mass is none.
    heavy = SGNHT(0.1, N, friction=0.3, thermostat_mass=1e30, temperature=0.0, seed=1)
    sgd = keras.optimizers.SGD(0.1, momentum=0.7)
    np.testing.assert_allclose(
        steps(heavy, variables(), 20), steps(sgd, variables(), 20), rtol=1e-6
    )


REFUSED = [
    "weight_decay",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "ema_overwrite_frequency",
    "gradient_accumulation_steps",
]
SCHEDULE = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)


@every_sampler
def test_what_would_change_the_target_is_refused(make: Callable[..., Any]) -> None:
    for argument in REFUSED:
        with pytest.raises(ValueError, match=f"^`{argument}`"):
            make(seed=1, **{argument: 2})


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"learning_rate": -1.0}, "learning_rate"),
        ({"learning_rate": lambda: 0.1}, "learning_rate"),
        ({"num_data": 0}, "num_data"),
        ({"num_data": float("nan")}, "num_data"),
        ({"num_data": SCHEDULE}, "num_data"),
        ({"friction": -0.1}, "friction"),
        ({"friction": 1.1}, "friction"),
        ({"friction": SCHEDULE}, "friction"),
        ({"temperature": -1e-9}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"gradient_noise": 0.2}, "gradient_noise"),
        ({"gradient_noise": -0.1}, "gradient_noise"),
        ({"gradient_noise": "fishy"}, "gradient_noise"),
        ({"gradient_noise": SCHEDULE}, "gradient_noise"),
        ({"gradient_noise_decay": 1.5}, "gradient_noise_decay"),
        ({"mass": 0.0}, "mass"),
        ({"mass": [1.0, -1.0]}, "mass"),
        ({"mass": SCHEDULE}, "mass"),
        ({"noise": "uniform"}, "noise"),
        ({"seed": -1}, "seed"),
        ({"seed": 1.5}, "seed"),
    ],
)
def test_wrong_arguments_raise_with_their_name(wrong: dict[str, Any], argument: str) -> None:
    right = {"learning_rate": 0.1, "num_data": N, "friction": 0.1, "seed": 1}
    with pytest.raises((TypeError, ValueError), match=f"^`{argument}`"):
        SGHMC(**(right | wrong))


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: PSGLD(0.1, N, decay=2.0, seed=1), "decay"),
        (lambda: PSGLD(0.1, N, epsilon=-1.0, seed=1), "epsilon"),
        (lambda: SGNHT(0.1, N, friction=2.0, seed=1), "friction"),
        (lambda: SGNHT(0.1, N, thermostat_mass=0.0, seed=1), "thermostat_mass"),
        (lambda: ScaleAdaptedSGHMC(0.1, N, burn_in=-1, seed=1), "burn_in"),
        (lambda: ScaleAdaptedSGHMC(0.1, N, burn_in=SCHEDULE, seed=1), "burn_in"),
    ],
)
def test_wrong_arguments_of_the_others_raise_with_their_name(
    call: Callable[[], Any], argument: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^`{argument}`"):
        call()


@pytest.mark.parametrize("sampler", [SGHMC, SGLD, PSGLD, SGNHT, ScaleAdaptedSGHMC])
def test_the_size_of_the_data_set_and_the_seed_are_required(sampler: Any) -> None:
    with pytest.raises(TypeError, match="num_data"):
        sampler(0.1, seed=1)
    with pytest.raises(TypeError, match="seed"):
        sampler(0.1, N)


def test_a_mass_for_each_variable_must_match_and_half_precision_is_refused() -> None:
    with pytest.raises(ValueError, match="`mass` has 3 numbers for 2 variables"):
        SGHMC(0.1, N, mass=[1.0, 2.0, 3.0], seed=1).build(variables())
    with pytest.raises(ValueError, match="float16"):
        SGHMC(0.1, N, seed=1).build([keras.Variable([1.0], dtype="float16")])


def test_double_precision_and_missing_gradients() -> None:
    theta = [keras.Variable(np.ones(2), dtype=t) for t in ("float64", "float32", "float64")]
    sampler = SGHMC(0.1, N, seed=1)
    sampler.build(theta)
    with pytest.warns(UserWarning, match="Gradients do not exist"):
        sampler.apply([tf.ones(2, tf.float64), None, tf.ones(2, tf.float64)], theta)
    assert [v.numpy().dtype for v in theta] == [np.float64, np.float32, np.float64]
    np.testing.assert_array_equal(theta[1].numpy(), 1.0)
    assert np.all(theta[0].numpy() != theta[2].numpy())


def test_replicas_draw_one_noise() -> None:
    # Logical devices can be made only before TensorFlow starts, hence another process.
    program = textwrap.dedent(
        """
        import keras, numpy as np, tensorflow as tf
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
        import test_contract as contract
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        makers = {name: contract.MAKERS[name] for name in ("sgnht", "scale-adapted")}
        makers["warm-start"] = lambda seed: contract.WarmStart(
            keras.optimizers.Adam(0.01), contract.SGHMC(0.01, contract.N, seed=seed), 3)
        for name, make in makers.items():
            alone = contract.model(make(seed=1), jit_compile=False)
            contract.fit(alone, epochs=2)
            with strategy.scope():
                mirrored = contract.model(make(seed=1), jit_compile=False)
            contract.fit(mirrored, epochs=2)
            kernel = mirrored.trainable_variables[0].value
            both = [component.numpy() for component in kernel.values]
            np.testing.assert_array_equal(*both, err_msg=name)
            np.testing.assert_allclose(both[0], alone.get_weights()[0], rtol=1e-4, atol=1e-5, err_msg=name)
        poisoned = contract.data()
        poisoned[29] = np.nan  # the third batch, in the second replica's half
        with strategy.scope():
            mirrored = contract.model(makers["sgnht"](seed=1), jit_compile=False)
        try:
            contract.fit(mirrored, x=poisoned)
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
