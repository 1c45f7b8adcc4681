"""Minibatches in shards on one device: what a shard is, and what cannot be divided."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from graph_walks import with_ancestors
from playing import gradients_of, minibatch

from bayesian_gan.errors import InputError
from bayesian_gan.gan.energies import energies
from bayesian_gan.gan.game import check_replicas
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.scan import RandomScan
from bayesian_gan.gan.shards import check_shard_sizes
from bayesian_gan.gan.terms import Entropy, FeatureMatching
from bayesian_gan.networks import (
    GhostBatchNormalization,
    dcgan_discriminator,
    dcgan_generator,
)

MakeModel = Callable[..., BayesianGAN]
STEP = tf.constant(3, tf.int64)


def test_shards_are_the_parts_of_the_same_minibatch(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    whole, parts = make_model(), make_model(shards=4)
    for model in (whole, parts):
        model.hold(images, labels, batch_size=8)
    expected = minibatch(whole, 1, STEP)
    found = [minibatch(parts, 1, STEP, tf.constant(shard)) for shard in range(4)]
    for name, axis in (("real", 0), ("labelled", 0), ("labels", 0), ("z", 1)):
        joined = tf.concat([getattr(part, name) for part in found], axis)
        np.testing.assert_array_equal(joined, getattr(expected, name))
        assert getattr(found[0], name).shape[axis] == 2
    # Batch statistics are of one shard and one generator.
    chunks = {
        layer.ghost_batch_size
        for network in (*parts.generators, *parts.discriminators)
        for layer in network.layers
        if isinstance(layer, GhostBatchNormalization)
    }
    assert chunks == {2}


def test_the_change_is_the_mean_over_shards(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    # Each shard on its own is a minibatch of half the size, with statistics and feature means of its own.
    model = make_model(num_mcmc=1, shards=2, terms=[FeatureMatching(1.0, "mean"), Entropy(0.1)])
    model.hold(images, labels, batch_size=8)
    assert model.step is not None
    found = model.step.change((0,), STEP)
    single: list[Any] = []
    for shard in range(2):
        before = [v.numpy() for v in model.discriminators[0].non_trainable_variables]
        energies, of_generators, of_discriminators = gradients_of(
            model, (0,), STEP, tf.constant(shard)
        )
        after = [v.numpy() for v in model.discriminators[0].non_trainable_variables]
        for variable, value in zip(
            model.discriminators[0].non_trainable_variables, before, strict=True
        ):
            variable.assign(value)
        single.append((energies, of_generators[0], of_discriminators[0], after))
    mean = [np.mean([one[0].generators for one in single], 0)]
    np.testing.assert_allclose(found.energies.generators, mean[0], rtol=1e-5)
    for player, gradients in ((1, found.generators[0]), (2, found.discriminators[0])):
        for k, gradient in enumerate(gradients):
            expected = (single[0][player][k] + single[1][player][k]) / 2
            np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-7)
    # Nothing was written, and the averages that will be are those of both shards.
    names = {id(v): i for i, v in enumerate(model.discriminators[0].non_trainable_variables)}
    compared = 0
    for variable, value in zip(model.step.averages((0,)), found.averages, strict=True):
        if value is not None and id(variable) in names:
            k = names[id(variable)]
            np.testing.assert_allclose(value, (single[0][3][k] + single[1][3][k]) / 2, rtol=1e-5)
            assert np.abs(variable.numpy() - value).max() > 1e-4
            compared += 1
    assert compared == 2


def test_shards_are_traced_once_and_come_in_turn(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(num_mcmc=1, shards=4)
    model.hold(images, labels, batch_size=8)
    assert model.step is not None
    traced = tf.function(lambda: model.step.change((0,), STEP), autograph=False)
    calls = {
        operation: str(operation.get_attr("f").name)
        for operation in traced.get_concrete_function().graph.get_operations()
        if "PartitionedCall" in operation.type
    }
    ((name, count),) = Counter(calls.values()).items()
    assert count == 4
    of_shards = [operation for operation, f in calls.items() if f == name]
    for before, after in pairwise(of_shards):
        assert before in with_ancestors([after])


def test_each_shard_has_noise_of_its_own(images: np.ndarray, labels: np.ndarray) -> None:
    model = BayesianGAN(
        dcgan_generator((8, 8, 1), 5, width=4, num_layers=2),
        dcgan_discriminator((8, 8, 1), 3, width=4, num_layers=2, input_noise=0.3),
        num_data=len(images),
        shards=2,
    )
    model.hold(images, labels, batch_size=8)
    assert model.step is not None
    (players,) = model.step.players((0,), STEP, tf.constant(0))

    def energy(shard: int) -> float:  # Of one minibatch: only the noise can differ.
        found = energies(model.game, [replace(players, shard=tf.constant(shard))], STEP)
        return float(found.discriminators[0])

    assert energy(0) == pytest.approx(energy(0), abs=1e-6)
    assert abs(energy(0) - energy(1)) > 1e-5


def test_a_step_in_shards_moves_by_their_mean_gradient(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(num_mcmc=1, shards=2)
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    model.hold(images, labels, batch_size=8)
    assert model.step is not None
    expected = model.step.change((0,), tf.constant(0, tf.int64))
    before = [v.numpy() for v in model.discriminators[0].trainable_variables]
    model.fit(images, labels, batch_size=8, steps_per_epoch=1, verbose=0)
    for variable, old, gradient in zip(
        model.discriminators[0].trainable_variables,
        before,
        expected.discriminators[0],
        strict=True,
    ):
        moved = variable.numpy() - old
        np.testing.assert_allclose(moved, -0.1 * np.asarray(gradient), rtol=1e-3, atol=1e-7)
    for variable, value in zip(model.step.averages((0,)), expected.averages, strict=True):
        assert value is not None
        np.testing.assert_allclose(variable, value, rtol=1e-5, atol=1e-7)


def test_a_random_scan_goes_in_shards_too(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(num_mcmc=1, shards=2, scan=RandomScan(1))
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    before = [[w.numpy() for w in g.weights] for g in model.generators]
    model.fit(images, labels, batch_size=8, steps_per_epoch=1, verbose=0)
    moved = [
        all(np.any(w.numpy() != old) for w, old in zip(g.weights, weights, strict=True))
        for g, weights in zip(model.generators, before, strict=True)
    ]
    assert sorted(moved) == [False, True]


def test_devices_that_cannot_share_the_shards_are_refused(make_model: MakeModel) -> None:
    class Strategy:
        num_replicas_in_sync = 3

    for shards in (1, 2):
        with pytest.raises(InputError, match="3 devices need a multiple of 3: give --shards 3"):
            check_replicas(make_model(shards=shards).game, Strategy())
    check_replicas(make_model(shards=6).game, Strategy())
    scanned = make_model(shards=3, scan=RandomScan(1)).game
    check_replicas(scanned, None)
    with pytest.raises(InputError, match="does not go with a strategy"):
        check_replicas(scanned, Strategy())


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((3, 8, 0), "batch_size 8 does not make 3 equal shards"),
        ((8, 8, 8), "batch_size 8 does not make 8 equal shards of at least 2"),
        ((2, 8, 5), "labelled_batch_size 5 does not make 2 equal shards"),
    ],
)
def test_a_minibatch_that_cannot_be_divided_is_refused(sizes: tuple, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_shard_sizes(*sizes)
    check_shard_sizes(2, 8, 4)
    check_shard_sizes(1, 7, 5)


def test_a_model_says_what_it_cannot_divide(
    make_model: MakeModel, images: np.ndarray, labels: np.ndarray
) -> None:
    model = make_model(shards=2)
    with pytest.raises(InputError, match="labelled_batch_size 5"):
        model.hold(images, labels, batch_size=8, labelled_batch_size=5)
    assert model.get_config()["shards"] == 2
