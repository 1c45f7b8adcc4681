"""The paper's energies against loops in float64, and what is no such objective."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from pairs import D, G, random_pairs
from playing import energies_of

from bayesian_gan.errors import InputError
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Paper
from bayesian_gan.gan.objectives.paper import Reduction


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_energies(reduction: Reduction) -> None:
    pairs, a = random_pairs()
    reduce = np.mean if reduction == "mean" else np.sum
    regulariser_d, regulariser_g = np.array([0.1, 0.2]), np.array([0.3, 0.1, 0.5])
    expected_d = [
        reduce([a["real"][d] + a["fake"][d, g] + a["term_d"][d, g] for g in range(G)])
        + 0.3 * a["labelled"][d]
        + regulariser_d[d]
        for d in range(D)
    ]
    expected_g = [
        reduce([a["adversarial"][d, g] + a["term_g"][d, g] for d in range(D)]) + regulariser_g[g]
        for g in range(G)
    ]
    paper = Paper(reduction=reduction)
    got_d = paper.discriminator_energies(pairs, tf.constant(regulariser_d, tf.float32), 0.3, G)
    got_g = paper.generator_energies(pairs, tf.constant(regulariser_g, tf.float32))
    np.testing.assert_allclose(got_d, expected_d, rtol=1e-6)
    np.testing.assert_allclose(got_g, expected_g, rtol=1e-6)


def test_the_sum_over_a_part_of_the_generators_counts_for_all() -> None:
    pairs, a = random_pairs()  # Three of nine.
    got = Paper(reduction="sum").discriminator_energies(pairs, tf.zeros(D), 0.0, 9)
    pairs_d = a["real"][:, None] + a["fake"] + a["term_d"]
    np.testing.assert_allclose(got, 3 * pairs_d.sum(1), rtol=1e-6)


def test_the_posteriors_labelled_weight_is_the_share_of_labelled_examples(
    make_model: Callable[..., BayesianGAN], images: np.ndarray, labels: np.ndarray
) -> None:
    step, found = tf.constant(3, tf.int64), {}
    for weight in ("posterior", 0.0, 12 / 96):  # 12 of the 96 images have labels.
        model = make_model(objective=Paper(weight))
        model.hold(images, labels, batch_size=8)
        found[weight] = energies_of(model, (0,), step).discriminators.numpy()
    np.testing.assert_array_equal(found["posterior"], found[12 / 96])
    assert np.all(np.abs(found["posterior"] - found[0.0]) > 0.01)


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf"), "prior"])
def test_weights_that_are_none_are_refused(weight: float | str) -> None:
    with pytest.raises(InputError, match="labelled_weight must be a"):
        Paper(weight)


def test_a_reduction_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="reduction must be 'mean' or 'sum', not 'max'"):
        Paper(reduction="max")  # type: ignore[arg-type]
