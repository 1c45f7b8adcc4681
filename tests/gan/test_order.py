"""The order of a step: what the second half meets, what is its own, and what neither computes."""

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from graph_walks import with_ancestors

from bayesian_gan.errors import InputError
from bayesian_gan.gan.energies import energies
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Objective, Paper, Wasserstein
from bayesian_gan.gan.objectives.base import labelled_energy
from bayesian_gan.gan.order import halves
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.terms import ClassFrequencies, Consistency, Entropy, FeatureMatching
from bayesian_gan.monitoring.health import HealthMeter
from bayesian_gan.networks import dcgan_discriminator, dcgan_generator
from bayesian_gan.options.objective import Order

MakeModel = Callable[..., BayesianGAN]
ZERO = tf.constant(0, tf.int64)
LR = 0.1
ALTERNATING: tuple[Order, ...] = ("generators_first", "discriminators_first")


def _values(model: BayesianGAN) -> list[np.ndarray]:
    return [w.numpy() for network in _networks(model) for w in network.trainable_variables]


def _networks(model: BayesianGAN) -> list[keras.Model]:
    return [*model.generators, *model.discriminators]


def _naive(model: BayesianGAN, order: Order, moved: list[int]) -> tuple[float, list[np.ndarray]]:
    """Energy and gradient of the second player at the networks as they are, one pass for each image batch.

    Args:
        model: one chain and one discriminator, without prior and terms.
        order: of a step.
        moved: generators that move in the iteration.
    """
    assert model.step is not None
    (players,) = model.step.players((0,), ZERO, half=halves(order)[1])
    batch, (discriminator,) = players.batch, model.discriminators
    generators = [model.generators[j] for j in moved]
    of = [discriminator] if order == "generators_first" else generators
    weights = [w.value for network in of for w in network.trainable_variables]
    paper = Paper()
    with tf.GradientTape() as tape, keras.StatelessScope():
        tape.watch(weights)
        logits = [
            discriminator(g(batch.z[i], training=True), training=True)["logits"]
            for i, g in enumerate(generators)
        ]
        if order == "generators_first":
            fakes = tf.add_n([paper.fake_energy(each) for each in logits]) / len(moved)
            real = paper.real_energy(discriminator(batch.real, training=True)["logits"])
            labelled = discriminator(batch.labelled, training=True)["logits"]
            total = real + fakes + labelled_energy(labelled, batch.labels)
        else:
            total = tf.add_n([paper.real_energy(each) for each in logits])
    return float(total), [g.numpy() for g in tape.gradient(total, weights)]


@pytest.mark.parametrize("order", ALTERNATING)
@pytest.mark.parametrize("k", [None, 1])
def test_the_second_half_meets_what_the_first_has_moved(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, order: Order, k: int | None
) -> None:
    model = make_model(
        objective=Paper(order=order), num_mcmc=1, prior=None, terms=[], scan=RandomScan(k)
    )
    model.compile(keras.optimizers.SGD(LR), keras.optimizers.SGD(LR))
    before = _values(model)
    model.fit(images, labels, batch_size=8, steps_per_epoch=1, verbose=0)
    after = _values(model)
    each = len(model.generators[0].trainable_variables)
    first = [
        j
        for j in range(2)
        if any(np.any(before[i] != after[i]) for i in range(j * each, (j + 1) * each))
    ]
    assert len(first) == (k or 2)
    of_discriminators = order == "generators_first"
    second = (
        list(range(2 * each, len(before)))
        if of_discriminators
        else [i for j in first for i in range(j * each, (j + 1) * each)]
    )
    variables = [w for network in _networks(model) for w in network.trainable_variables]

    def gradient(of_first: list[np.ndarray]) -> tuple[float, list[np.ndarray]]:
        for i, variable in enumerate(variables):
            variable.assign(before[i] if i in second else of_first[i])
        return _naive(model, order, first)

    energy, expected = gradient(after)
    found = [(before[i] - after[i]) / LR for i in second]
    for got, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-3, atol=2e-6)
    logged = model.discriminator_energies if of_discriminators else model.generator_energies
    assert float(np.sum(logged.numpy())) == pytest.approx(energy, rel=1e-5)
    # At the state before the first half it is another gradient: the comparison can fail.
    _, unmoved = gradient(before)
    assert max(np.abs(a - b).max() for a, b in zip(expected, unmoved, strict=True)) > 1e-4


def test_z_and_noise_of_a_half_are_its_own_and_the_images_are_not(
    images: np.ndarray, labels: np.ndarray
) -> None:
    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2),
        dcgan_discriminator((8, 8, 1), 3, width=4, num_layers=2, input_noise=0.3),
        num_data=len(images),
    )
    model.hold(images, labels, batch_size=8)
    assert model.step is not None
    first, second = halves("generators_first")
    (a,), (b,) = (model.step.players((0,), ZERO, half=half) for half in (first, second))
    np.testing.assert_array_equal(a.batch.real, b.batch.real)
    np.testing.assert_array_equal(a.batch.labelled, b.batch.labelled)
    correlation = np.corrcoef(np.ravel(a.batch.z), np.ravel(b.batch.z))[0, 1]
    assert abs(correlation) < 4 / np.sqrt(a.batch.z.shape[1] * 5)  # 4 standard deviations.

    def real(half: Any) -> float:  # Of the same images: only the noise can differ.
        (players,) = model.step.players((0,), ZERO, half=half)  # type: ignore[union-attr]
        return float(energies(model.game, [players], ZERO).terms["real"][0])

    assert abs(real(first) - real(second)) > 1e-5


def _convolutions(function: Any) -> int:
    """Those of a traced function that its results depend on; others are pruned when it runs."""
    traced = tf.function(function, autograph=False).get_concrete_function(ZERO)
    return _reached([t for t in tf.nest.flatten(traced.structured_outputs) if t is not None])


def _reached(results: list[tf.Tensor]) -> int:
    """Convolutions that some tensors of a graph depend on, with those of the functions that it calls."""
    seen = with_ancestors([t.op for t in results])
    called = [
        op.graph._get_function(op.get_attr("f").name).graph
        for op in seen
        if "PartitionedCall" in op.type
    ]
    own = sum(op.type.startswith("Conv2D") for op in seen)
    return own + sum(_reached(graph.outputs) for graph in called)


@pytest.mark.parametrize("order", ALTERNATING)
def test_two_halves_cost_one_pass_of_generated_images_more(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, order: Order
) -> None:
    def count(order: Order) -> list[int]:
        model = make_model(
            objective=Paper(order=order), num_mcmc=1, num_gen=1, terms=[Entropy(0.1)]
        )
        model.hold(images, labels, batch_size=8)
        step = model.step
        assert step is not None
        return [_convolutions(partial(step.change_of_half, half, (0,))) for half in halves(order)]

    (whole,) = count("simultaneous")
    # Two transposed convolutions of the generator, two convolutions of the discriminator.
    assert sum(count(order)) == whole + 4


PAPER_TERMS = [FeatureMatching(), Entropy(0.1), Consistency(1.0, 10), ClassFrequencies(1.0)]


@pytest.mark.parametrize(
    ("objective", "arguments"),
    [
        (Paper(order="generators_first"), {"terms": PAPER_TERMS, "shards": 2, "num_mcmc": 1}),
        pytest.param(
            Paper(order="discriminators_first"),
            {"terms": PAPER_TERMS, "scan": RandomScan(1)},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            Paper(order="generators_first"),
            {"terms": [], "num_disc": 2, "scan": RandomScan(pairs=1)},
            marks=pytest.mark.slow,
        ),
        pytest.param(Authors(order="discriminators_first"), {}, marks=pytest.mark.slow),
        pytest.param(
            Wasserstein(weight_clip=0.01, order="generators_first"),
            {"num_classes": 1, "terms": [], "num_mcmc": 1},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_all_that_moves_moves_in_either_order(
    make_model: MakeModel,
    images: np.ndarray,
    labels: np.ndarray,
    objective: Objective,
    arguments: dict[str, Any],
) -> None:
    found = []
    for eagerly in (False, True):
        model = make_model(objective=objective, **arguments)
        start = [w.numpy() for network in _networks(model) for w in network.weights]
        carried = [v.numpy() for state in model.states for v in state.variables]
        model.compile(keras.optimizers.SGD(LR), keras.optimizers.SGD(LR), run_eagerly=eagerly)
        y = labels if model.num_classes > 1 else None
        history = model.fit(images, y, batch_size=8, steps_per_epoch=5, verbose=0).history
        assert list(history) == sorted(model.game.metrics(model.num_classes))
        assert np.all(np.isfinite(list(history.values())))
        end = [w.numpy() for network in _networks(model) for w in network.weights]
        # Five draws of one of two blocks leave one out in 1 of 16 cases; not with this seed.
        assert all(np.any(a != b) for a, b in zip(start, end, strict=True) if b.dtype.kind == "f")
        states = [v.numpy() for state in model.states for v in state.variables]
        assert sum(np.any(a != b) for a, b in zip(carried, states, strict=True)) >= bool(carried)
        found.append([*end, *states])
    # Traced, the second half waits for the first one's writing, as it does in Python.
    for traced, eager in zip(*found, strict=True):
        np.testing.assert_allclose(traced, eager, rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("order", ALTERNATING)
def test_running_averages_are_those_of_the_half_in_which_a_player_moves(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, order: Order
) -> None:
    model = make_model(objective=Paper(order=order), num_mcmc=1)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))  # Nothing else moves.
    model.hold(images, labels, batch_size=8)
    assert model.step is not None
    passed: list[tuple[keras.Model, tf.Tensor]] = []
    for half in halves(order):
        (players,) = model.step.players((0,), ZERO, half=half)
        if "generator" in half.players:
            passed += zip(model.generators, tf.unstack(players.batch.z), strict=True)
        else:
            passed.append((model.discriminators[0], players.batch.real))
    expected = []
    for network, batch in passed:
        with keras.StatelessScope() as scope:
            network(batch, training=True)
        expected += [scope.get_current_value(v) for v in _averages(network)]
    model.fit(images, labels, batch_size=8, steps_per_epoch=1, verbose=0)
    written = [v.numpy() for network, _ in passed for v in _averages(network)]
    assert len(written) == len(expected) > 4
    for got, value in zip(written, expected, strict=True):
        np.testing.assert_allclose(got, value, rtol=1e-5, atol=1e-7)


def _averages(network: keras.Model) -> list[keras.Variable]:
    return [v for v in network.non_trainable_variables if tf.as_dtype(v.dtype).is_floating]


@pytest.mark.parametrize("order", ALTERNATING)
def test_what_is_measured_at_one_state_is_of_both_halves(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray, order: Order
) -> None:
    model = make_model(objective=Paper(order=order), num_mcmc=1)
    model.compile(keras.optimizers.SGD(LR), keras.optimizers.SGD(LR))
    model.hold(images, labels, batch_size=8)
    assert model.step is not None
    found = model.step.change((0,), ZERO)
    for half in halves(order):
        alone = model.step.change_of_half(half, (0,), ZERO)
        (player,) = half.players
        got, expected = (getattr(change, f"{player}s") for change in (found, alone))
        for a, b in zip(got[0], expected[0], strict=True):
            np.testing.assert_array_equal(a, b)
    numbers = HealthMeter(model, images[:8]).measure().numbers
    for name in ("generator_0", "generator_1", "discriminator_0"):
        assert numbers[f"gradient_norm/{name}"] > 0  # type: ignore[operator]


def test_an_order_that_is_none_is_refused_and_one_that_is_survives_saving() -> None:
    for objective in (Paper, Authors):
        with pytest.raises(InputError, match=r"order must be one of simultaneous, .*'sometimes'"):
            objective(order="sometimes")  # type: ignore[arg-type]
        kept = objective(order="generators_first")
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(kept))
        assert again == kept != objective()
        assert objective.from_config({}) == objective()  # Saved before there was an order.
