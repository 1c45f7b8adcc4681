"""`compile` as Keras users have it, and what comes back when a model is saved and loaded."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from small import NUM_DATA, examples, sampled, small_gan

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import ClassFrequencies, Consistency
from bayesian_gan.reliability.state import read_state, state_variables
from bayesian_gan.samplers import SGHMC, WarmStart

X, Y = examples()
FIT: dict[str, Any] = {"batch_size": 16, "steps_per_epoch": 4, "verbose": 0}


def _warm_start(rate: float = 0.05, iterations: int = 6) -> WarmStart:
    return WarmStart(keras.optimizers.Adam(rate), SGHMC(1e-3, NUM_DATA, seed=1), iterations)


def _rates(model: BayesianGAN) -> list[float]:
    optimizers = (*model.generator_optimizers, *model.discriminator_optimizers)
    return [float(keras.ops.convert_to_numpy(o.learning_rate)) for o in optimizers]


# ----------------------------------------------------------------------------- save, load


@pytest.mark.parametrize(
    ("optimizer", "arguments"),
    [
        pytest.param(_warm_start(), {}, marks=pytest.mark.slow),
        (_warm_start(), {"num_gen": 2, "scan": RandomScan(1)}),
        ("adam", {"terms": [Consistency(1.0, ramp=2), ClassFrequencies(1.0)]}),
    ],
    ids=["warm_start", "scan", "terms"],
)
def test_saved_and_loaded_it_goes_on_as_if_left_alone(
    tmp_path: Path, optimizer: Any, arguments: dict[str, Any]
) -> None:
    model = small_gan(optimizer, **arguments)
    model.fit(X, Y, **FIT)  # Two iterations of the warm-up are to come.
    model.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    for one in (model, again):
        one.fit(X, Y, **FIT)
    found, expected = (read_state(state_variables(one, None)) for one in (again, model))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_weights_alone_bring_the_optimizers_back_too(tmp_path: Path) -> None:
    model, again = small_gan(_warm_start()), small_gan(_warm_start())
    model.fit(X, Y, **FIT)
    model.save_weights(tmp_path / "gan.weights.h5")
    again.load_weights(tmp_path / "gan.weights.h5")
    for each in (model, again):
        each.fit(X, Y, **FIT)
    for one, other in zip(sampled(model), sampled(again), strict=True):
        np.testing.assert_array_equal(one, other)


class GoneDownError(Exception):
    """As a machine that goes down."""


def test_keras_backup_and_restore_goes_on_as_if_left_alone(tmp_path: Path) -> None:
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                raise GoneDownError

    whole, first, second = (small_gan(_warm_start()) for _ in range(3))
    whole.fit(X, Y, epochs=4, **FIT)
    backup = keras.callbacks.BackupAndRestore(tmp_path)
    with pytest.raises(GoneDownError):
        first.fit(X, Y, epochs=4, callbacks=[backup, Interrupt()], **FIT)
    again = keras.callbacks.BackupAndRestore(tmp_path)
    second.fit(X, Y, epochs=4, callbacks=[again], **FIT)
    assert int(second.iteration.numpy()) == 16
    for one, other in zip(sampled(second), sampled(whole), strict=True):
        np.testing.assert_array_equal(one, other)


def test_compiled_as_it_was(tmp_path: Path) -> None:
    model = small_gan()
    model.compile("sgd", "adam", metrics=["accuracy"], steps_per_execution=2)
    model.save(tmp_path / "gan.keras")
    again = keras.saving.load_model(tmp_path / "gan.keras")
    assert again.steps_per_execution == 2
    assert type(again.generator_optimizers[0]) is keras.optimizers.SGD
    assert isinstance(again.discriminator_optimizers[0], keras.optimizers.Adam)
    assert again.metrics_names == model.metrics_names
    generator, discriminator = small_gan().generator_template, small_gan().discriminator_template
    bare = BayesianGAN(generator, discriminator, num_data=NUM_DATA, terms=[])
    bare.save(tmp_path / "bare.keras")
    with pytest.raises(InputError, match="call compile"):
        keras.saving.load_model(tmp_path / "bare.keras").fit(X, Y)


# -------------------------------------------------------------------------- learning rates


def test_keras_schedules_by_epoch_reach_all_chains_of_both_players() -> None:
    model = small_gan(keras.optimizers.Adam(0.08), num_gen=2, scan=RandomScan(1))
    assert len(_rates(model)) == 4 + 2
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate)
    model.fit(X, Y, epochs=2, callbacks=[halve], **FIT)
    np.testing.assert_allclose(_rates(model), 0.02)
    plateau = keras.callbacks.ReduceLROnPlateau("labelled", 0.1, 1, mode="min", min_delta=1e9)
    history = model.fit(X, Y, epochs=2, callbacks=[plateau], **FIT).history
    np.testing.assert_allclose(_rates(model), 0.002, rtol=1e-6)
    np.testing.assert_allclose(history["learning_rate"][0], 0.02)
    model.optimizer.learning_rate = 0.3
    np.testing.assert_allclose(_rates(model), 0.3)


def test_a_learning_rate_that_is_set_moves_the_weights_by_it() -> None:
    # Gradients of the first step do not depend on the rate, and SGD's steps are proportional to it.
    steps = []
    for rate in (0.1, 0.2):
        model = small_gan(keras.optimizers.SGD(1.0))
        model.optimizer.learning_rate = rate
        before = sampled(model)
        model.fit(X, Y, batch_size=16, steps_per_epoch=1, verbose=0)
        steps.append([a - b for a, b in zip(sampled(model), before, strict=True)])
    for one, other in zip(*steps, strict=True):
        np.testing.assert_allclose(2.0 * one, other, rtol=1e-3, atol=1e-6)


def test_players_of_different_rates_keep_their_ratio() -> None:
    model = small_gan()
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.4))
    model.optimizer.learning_rate = 0.2
    np.testing.assert_allclose(_rates(model), [0.05, 0.05, 0.2, 0.2])


def test_a_schedule_is_not_overwritten() -> None:
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model = small_gan(keras.optimizers.Adam(decay))
    assert model.optimizer.learning_rate == pytest.approx(0.1)
    with pytest.raises(InputError, match="learning rate follows a schedule"):
        model.optimizer.learning_rate = 0.2


# --------------------------------------------------------------------------------- freezing


def test_layers_frozen_after_compile_ask_for_another_compile() -> None:
    model = small_gan()
    model.fit(X, Y, **FIT)
    layer = model.discriminators[0].layers[-1]
    layer.trainable = False
    with pytest.raises(InputError, match="were frozen or freed after compile: call compile again"):
        model.fit(X, Y, **FIT)
    # The layer is the discriminator's only one with weights: freeze a part of the generator.
    layer.trainable = True
    model.fit(X, Y, **FIT)


def test_what_is_no_optimizer_is_refused() -> None:
    ema = WarmStart(keras.optimizers.Adam(use_ema=True), SGHMC(1e-3, NUM_DATA, seed=1), 6)
    for given, line in (
        (0.1, "not 0.1"),
        ("adm", "no optimizer called 'adm'"),
        (
            keras.optimizers.SGD(gradient_accumulation_steps=2),
            "gradient_accumulation_steps of SGD",
        ),
        (ema, "use_ema of Adam"),
    ):
        with pytest.raises(InputError, match=line):
            small_gan().compile(given)
    for arguments in ({"jit_compile": "auto"}, {"steps_per_execution": 0}):
        with pytest.raises(InputError, match=f"^{next(iter(arguments))} must be"):
            small_gan().compile("adam", **arguments)
    with pytest.raises(InputError, match=r"^metrics: a discriminator of one logit"):
        small_gan(classes=1).compile("adam", metrics=["accuracy"])


def test_a_compiled_model_is_summed_up() -> None:
    model, lines = small_gan(num_gen=2, scan=RandomScan(1)), []
    model.summary(print_fn=lambda line, line_break=True: lines.append(line))
    every = (*model.generator_optimizers, *model.discriminator_optimizers)
    count = sum(v.value.shape.num_elements() for o in every for v in o.variables)
    assert f"Optimizer params: {count:,} " in "\n".join(lines)


def test_an_epoch_has_its_iterations_however_many_are_made_in_a_call() -> None:
    trained = []
    for together in (1, 3):
        model = small_gan()
        model.compile(keras.optimizers.Adam(0.05), steps_per_execution=together)
        model.fit(X, Y, batch_size=16, steps_per_epoch=4, epochs=2, verbose=0)
        assert int(model.iteration.numpy()) == 8
        trained.append(sampled(model))
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
