"""The whole training state: what a checkpoint holds, where a number that is not finite is found, a restart."""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from taught import state_of

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.terms import ClassFrequencies, Consistency
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.reliability.finite import FiniteCheck, NotFiniteError
from bayesian_gan.reliability.keeper import CheckFinite
from bayesian_gan.reliability.state import (
    assign_state,
    member_slots,
    read_state,
    restart_member,
    state_variables,
    supervised_arrays,
    supervised_variables,
)
from bayesian_gan.samplers import SGHMC, WarmStart

IMAGE_SHAPE, NUM_CLASSES, Z_DIM = (8, 8, 1), 3, 5


def _make(images: np.ndarray, labels: np.ndarray) -> tuple[BayesianGAN, SupervisedBaseline]:
    """A compiled model and a baseline."""
    model = BayesianGAN(
        dcgan_generator(IMAGE_SHAPE, Z_DIM, width=4, num_layers=1),
        dcgan_discriminator(IMAGE_SHAPE, NUM_CLASSES, width=4, num_layers=2),
        num_data=len(images),
        num_gen=2,
        num_disc=2,
        num_mcmc=2,
        seed=1,
    )
    optimizer = WarmStart(keras.optimizers.Adam(1e-3), SGHMC(1e-2, num_data=96, seed=0), 2)
    model.compile(optimizer, optimizer)
    supervised = SupervisedBaseline(
        images[:12], labels[:12], num_classes=3, width=4, learning_rate=0.01, batch_size=8, seed=0
    )
    return model, supervised


@pytest.fixture(scope="module")
def built(images: np.ndarray, labels: np.ndarray) -> tuple[BayesianGAN, SupervisedBaseline]:
    """A model with a warm-up behind it and velocities, and a baseline; one iteration a call."""
    model, supervised = _make(images, labels)
    model.fit(images, labels, batch_size=8, steps_per_epoch=4, verbose=0)
    supervised.train_to(4)
    return model, supervised


@pytest.fixture
def trained(
    built: tuple[BayesianGAN, SupervisedBaseline],
) -> Iterator[tuple[BayesianGAN, SupervisedBaseline]]:
    """The same, put back as it was after each test."""
    model, supervised = built
    variables = state_variables(model, supervised)
    before = read_state(variables)
    yield model, supervised
    assign_state(variables, before, "before")
    supervised.iteration = 4


def test_names_do_not_depend_on_what_the_process_made_before(
    built: tuple[BayesianGAN, SupervisedBaseline], images: np.ndarray, labels: np.ndarray
) -> None:
    # Keras counts: the second `adam` of a process is `adam_1`, and a run resumes in another process.
    model, supervised = _make(images, labels)
    assert list(state_variables(model, supervised)) == list(state_variables(*built))


def test_the_supervised_part_of_a_state_is_all_of_the_baseline_and_nothing_else(
    trained: tuple[BayesianGAN, SupervisedBaseline],
) -> None:
    model, supervised = trained
    arrays = read_state(state_variables(model, supervised))
    found = supervised_arrays(arrays)
    assert list(found) == list(supervised_variables(supervised))
    assert all(found[name] is arrays[name] for name in found)
    assert supervised_arrays(read_state(state_variables(model, None))) == {}


def test_the_state_is_all_that_training_changes(
    trained: tuple[BayesianGAN, SupervisedBaseline], images: np.ndarray, labels: np.ndarray
) -> None:
    model, supervised = trained
    variables = state_variables(model, supervised)
    before = read_state(variables)

    def go_on() -> dict[str, np.ndarray]:
        model.fit(images, labels, batch_size=8, steps_per_epoch=3, verbose=0)
        supervised.iteration = 4
        supervised.train_to(7)
        return read_state(variables)

    once = go_on()
    changed = {name for name in before if np.any(before[name] != once[name])}
    for kind in ("velocity", "iteration", "moving_mean", "moving_variance", "kernel", "metric_"):
        assert any(kind in name for name in changed), kind
    assert any(name.startswith("supervised_optimizer") and "momentum" in name for name in changed)
    assign_state(variables, before, "x")
    again = go_on()
    for name, array in once.items():
        np.testing.assert_array_equal(array, again[name], err_msg=name)


def test_another_models_state_is_refused_and_changes_nothing(
    trained: tuple[BayesianGAN, SupervisedBaseline],
) -> None:
    variables = state_variables(*trained)
    before = read_state(variables)
    last = list(before)[-1]
    for damage, message in (
        ({k: v for k, v in before.items() if k != last}, f"it lacks {last}"),
        (before | {"more": np.zeros(1)}, "it also holds more"),
        (before | {last: np.zeros((1, 2, 3), np.float32)}, f"{last} is float32"),
        (before | {last: before[last].astype(np.float16)}, f"{last} is float16"),
    ):
        other = {name: array + np.ones((), array.dtype) for name, array in damage.items()}
        with pytest.raises(InputError, match="x: belongs to another model") as refused:
            assign_state(variables, other, "x")
        assert message in str(refused.value)
    for name, array in read_state(variables).items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_every_variable_and_every_energy_is_looked_at(
    trained: tuple[BayesianGAN, SupervisedBaseline], value: float
) -> None:
    model, supervised = trained
    finite = FiniteCheck(model, supervised)
    finite.check_state()
    finite.check_energies()
    kinds = set()
    for name, variable in state_variables(model, supervised).items():
        if name.startswith(("metric_", "model/")) or not tf.as_dtype(variable.dtype).is_floating:
            continue
        kept = np.array(variable.numpy())
        poisoned = kept.copy()
        poisoned.flat[-1] = value
        variable.assign(poisoned)
        with pytest.raises(NotFiniteError) as found:
            finite.check_state()
        assert variable.path in str(found.value)
        assert "after iteration 4" in str(found.value)
        player, _, rest = name.partition("/")[0].partition("_")
        if rest.isdigit():
            assert (found.value.player, found.value.member) == (player, int(rest))
        elif "optimizer" in rest and kept.ndim:  # A slot; scalars are the optimizer's own.
            member = found.value.member
            assert found.value.player == player or player == "supervised"
            if player != "supervised":
                assert any(v is variable for v in member_slots(model, player, member))
        kinds.add(variable.path.rsplit("/", 1)[-1])
        variable.assign(kept)
    assert {"kernel", "bias", "moving_mean", "moving_variance"} <= kinds
    assert any("velocity" in kind for kind in kinds)
    for player in ("generator", "discriminator"):
        energies = getattr(model, f"{player}_energies")
        (metric,) = (m for m in model.training_metrics if m.name == f"{player}_energy")
        for i in range(4):
            kept = energies.numpy()
            poisoned = kept.copy()
            poisoned[i] = value
            energies.assign(poisoned)
            metric.update_state(poisoned)  # As a step does.
            with pytest.raises(NotFiniteError, match=f"{player} {i}: its energy is not finite"):
                finite.check_energies()
            energies.assign(kept)
            metric.reset_state()
    finite.check_state()
    finite.check_energies()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_energy_within_a_call_of_several_iterations_is_noticed(
    trained: tuple[BayesianGAN, SupervisedBaseline], value: float
) -> None:
    model, supervised = trained
    finite = FiniteCheck(model, supervised)
    for player in ("generator", "discriminator"):
        (metric,) = (m for m in model.training_metrics if m.name == f"{player}_energy")
        metric.update_state([1.0, value])
        # The last energies are finite again, so whose it was is not known.
        with pytest.raises(NotFiniteError, match=f"{player}: an energy of one of") as found:
            finite.check_energies()
        assert found.value.member == -1
        metric.reset_state()
    finite.check_energies()


class _Poison(keras.callbacks.Callback):
    """Puts NaN into a variable after an iteration."""

    def __init__(self, variable: keras.Variable, iteration: int) -> None:
        super().__init__()
        self.variable, self.iteration = variable, iteration

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if int(self.model.iteration.numpy()) == self.iteration:
            self.variable.assign(np.full(self.variable.shape, np.nan, np.float32))


@pytest.mark.parametrize("kind", ["kernel", "velocity"])
def test_training_stops_at_the_step_and_names_the_member(
    trained: tuple[BayesianGAN, SupervisedBaseline],
    images: np.ndarray,
    labels: np.ndarray,
    kind: str,
) -> None:
    model, _ = trained
    finite = FiniteCheck(model, None)
    slots = member_slots(model, "generator", 2)
    variable = (
        model.generators[2].trainable_variables[0]
        if kind == "kernel"
        else next(slot for slot in slots if "velocity" in slot.path)
    )
    with pytest.raises(NotFiniteError) as raised, finite.named():
        model.fit(
            images,
            labels,
            batch_size=8,
            steps_per_epoch=6,
            verbose=0,
            callbacks=[_Poison(variable, 5), CheckFinite(finite, lambda _: True)],
        )
    found = raised.value
    assert (found.player, found.member) == ("generator", 2)
    assert found.iteration in (5, 6)


def test_a_restarted_member_is_at_rest_and_the_others_are_untouched(
    trained: tuple[BayesianGAN, SupervisedBaseline],
) -> None:
    model, supervised = trained
    variables = state_variables(model, supervised)
    before = read_state(variables)
    weights = [np.full(w.shape, 0.25, np.float32) for w in model.discriminators[3].weights]
    restart_member(model, "discriminator", 3, weights)
    own = {id(v) for v in model.discriminators[3].weights}
    slots = {id(v) for v in member_slots(model, "discriminator", 3)}
    # Two moments of Adam and the velocity, for each trained variable.
    assert len(slots) == 3 * len(model.discriminators[3].trainable_variables)
    for name, variable in variables.items():
        expected = before[name]
        if id(variable) in own:
            expected = np.full_like(expected, 0.25)
        elif id(variable) in slots:
            assert np.any(expected != 0) or "bias" in name
            expected = np.zeros_like(expected)
        np.testing.assert_array_equal(variable.numpy(), expected, err_msg=name)


def test_averaged_weights_are_looked_at_and_restarted(
    make_model: Callable[..., BayesianGAN],
) -> None:
    model = make_model(terms=[Consistency(1.0), ClassFrequencies(1.0)])
    optimizer = keras.optimizers.SGD(0.1)
    model.compile(optimizer, optimizer)
    teacher, predicted = (state_of(model, name) for name in ("teacher", "predicted_frequencies"))
    averaged = teacher.networks[1]
    assert {id(v) for v in averaged.variables} <= {
        id(v) for v in state_variables(model, None).values()
    }
    variable = averaged.weights[0]
    variable.assign(np.full(variable.shape, np.nan, np.float32))
    with pytest.raises(NotFiniteError) as found:
        FiniteCheck(model, None).check_state()
    assert (found.value.player, found.value.member) == ("discriminator", 1)
    weights = [np.full(w.shape, 0.25, np.float32) for w in averaged.weights]
    predicted.q.assign([[0.2, 0.3, 0.5], [np.nan] * 3])
    restart_member(model, "discriminator", 1, weights)
    frequencies = np.array([[0.2, 0.3, 0.5], [1 / 3] * 3], np.float32)
    np.testing.assert_array_equal(predicted.q, frequencies)
    for network in (averaged, model.discriminators[1]):
        for weight in network.get_weights():
            np.testing.assert_array_equal(weight, 0.25)
