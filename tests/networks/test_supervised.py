"""The supervised baseline: it stops where it has converged, however it is cut up."""

import numpy as np

from bayesian_gan.networks.supervised import CONVERGED, SupervisedBaseline


def _baseline() -> SupervisedBaseline:
    rng = np.random.default_rng(0)
    labels = np.arange(12, dtype=np.int32) % 3
    images = (labels[:, None, None, None] * 100 + rng.integers(0, 30, (12, 8, 8, 1))).astype(
        np.uint8
    )
    return SupervisedBaseline(
        images, labels, num_classes=3, width=8, learning_rate=0.1, batch_size=12, seed=1
    )


def test_stops_when_converged_and_the_stretches_do_not_matter() -> None:
    whole, parts = _baseline(), _baseline()
    whole.train_to(2000)
    for iteration in (70, 130, 200, 430, 1100, 1500, 2000):
        parts.train_to(iteration)
    assert whole.iteration < 2000
    assert whole.iteration % 100 == 0
    assert whole.loss == whole.labelled_loss() < CONVERGED
    assert parts.iteration == whole.iteration
    assert parts.loss == whole.loss
    for a, b in zip(whole.model.get_weights(), parts.model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_loss_is_of_the_stretch_until_then() -> None:
    baseline = _baseline()
    baseline.train_to(3)
    assert baseline.iteration == 3
    assert baseline.loss > CONVERGED
