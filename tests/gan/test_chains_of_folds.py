"""Chains that learn without a fold of the labels."""

from typing import Any

import numpy as np
import pytest

from bayesian_gan.data.label_folds import label_folds
from bayesian_gan.errors import InputError
from bayesian_gan.gan.minibatch import draw_minibatch
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.gan.objectives import Authors, Paper
from bayesian_gan.networks.mlp import mlp_discriminator, mlp_generator

N, NUM_LABELS = 40, 23


def _model(label_folds: Any = 1, **arguments: Any) -> BayesianGAN:
    networks = mlp_generator(4, 3, 8), mlp_discriminator(4, 3, 8)
    objective = Paper(label_folds=label_folds)
    model = BayesianGAN(*networks, num_data=N, **({"objective": objective} | arguments))
    model.compile("adam")
    return model


def _data(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).standard_normal((N, 4)).astype(np.float32)
    y = np.full(N, -1)
    y[:NUM_LABELS] = np.arange(NUM_LABELS) % 3
    return x, y


def test_a_chain_never_sees_a_label_of_its_fold() -> None:
    """What is drawn in two epochs: by each chain all of its labels, and none of its fold."""
    model = _model(num_mcmc=2, label_folds=4)
    x, y = _data()
    model.hold(x, y, batch_size=8)
    labelled = np.flatnonzero(y >= 0)
    folds = label_folds(y[labelled], 4, 0)
    assert model.step is not None
    for index in range(2):
        seen = set()
        for step in range(6):
            batch: Any = draw_minibatch(model.step.data, 0, index, step, 1, 3, index=index)
            for row, label in zip(batch.labelled.numpy(), batch.labels.numpy(), strict=True):
                (place,) = np.flatnonzero((x[labelled] == row).all(axis=1))
                assert y[labelled][place] == label
                seen.add(int(place))
        assert seen == set(np.flatnonzero(folds != index))


def test_a_chain_is_the_same_whichever_model_it_runs_in() -> None:
    x, y = _data()
    together = _model(num_mcmc=2, label_folds=4)
    alone = _model(num_mcmc=1, chain_offset=1, label_folds=4)
    for model in (together, alone):
        model.fit(x, y, batch_size=8, steps_per_epoch=3, verbose=0)
    for a, b in zip(
        together.discriminators[1].weights, alone.discriminators[0].weights, strict=True
    ):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_fold_decides_what_a_chain_becomes() -> None:
    x, y = _data()
    found = []
    for folds in (1, 4):
        model = _model(label_folds=folds)
        model.fit(x, y, batch_size=8, steps_per_epoch=3, verbose=0)
        found.append(model.discriminators[0].weights[0].numpy())
    assert np.any(found[0] != found[1])


def test_it_is_kept_by_saving() -> None:
    again = BayesianGAN.from_config(_model(label_folds=4).get_config())
    assert again.game.objective.label_folds == 4


@pytest.mark.parametrize("folds", [0, 1.5, "4"])
def test_no_number_of_folds(folds: object) -> None:
    with pytest.raises(InputError, match="label_folds"):
        _model(label_folds=folds)


def test_what_does_not_go_with_folds() -> None:
    with pytest.raises(InputError, match="label_folds does not go with Authors"):
        _model(objective=Authors(label_folds=2))
    x, y = _data()
    with pytest.raises(InputError, match="label_folds is 30, and there are 23"):
        _model(label_folds=30).fit(x, y, batch_size=8, verbose=0)
    with pytest.raises(InputError, match="train_on_batch"):
        _model(label_folds=4).train_on_batch(x[:8], y[:8])
