"""The classifier's temperature: from labels that chains did not see, and in what it says."""

import pickle
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import make_blobs

from bayesian_gan import BayesianGANClassifier

SETTINGS: dict[str, Any] = {
    "iterations": 40,
    "num_mcmc": 2,
    "hidden": 8,
    "batch_size": 16,
    "random_state": 3,
}


def _data(labelled: int) -> tuple[np.ndarray, np.ndarray]:
    X, y = make_blobs(120, random_state=0, centers=[[0, 0], [2, 0], [0, 2]])
    return X, np.where(np.arange(120) < labelled, y, -1)


@pytest.fixture(scope="module")
def fitted() -> BayesianGANClassifier:
    """Of 60 labels; not to be changed."""
    return BayesianGANClassifier(**SETTINGS).fit(*_data(60))


def test_probabilities_are_the_mean_of_tempered_chains(fitted: BayesianGANClassifier) -> None:
    X, _ = _data(60)
    assert fitted.tempering_.n == 2 * 12  # Each chain is asked of a fifth of the labels.
    members = fitted.predict_members(X)
    # Of a draw the discriminators of its chains follow each other.
    chains = np.log([members[0::2].mean(axis=0), members[1::2].mean(axis=0)])
    weights, T = fitted.tempering_.weights, np.exp(fitted.tempering_.log_t)
    expected = sum(
        w * softmax(chains / t, axis=-1).mean(axis=0) for w, t in zip(weights, T, strict=True)
    )
    found = fitted.predict_proba(X)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.abs(found - members.mean(axis=0)).max() > 0.01
    np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[found.argmax(axis=1)])
    np.testing.assert_array_equal(fitted.predict(X), fitted.transduction_)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X), found)


@pytest.mark.parametrize(
    ("labelled", "parameters"),
    [(60, {"label_folds": 1}), (49, {}), (60, {"num_mcmc": 1})],
    ids=["switched off", "few labels", "one chain"],
)
def test_others_say_the_mean_of_all_samples(labelled: int, parameters: dict[str, Any]) -> None:
    X, y = _data(labelled)
    fitted = BayesianGANClassifier(**(SETTINGS | parameters)).fit(X, y)
    assert fitted.tempering_ is None
    np.testing.assert_array_equal(fitted.predict_proba(X), fitted.predict_members(X).mean(axis=0))


def test_as_many_folds_as_asked_for(fitted: BayesianGANClassifier) -> None:
    own = clone(fitted).set_params(label_folds=3).fit(*_data(30))
    assert own.tempering_.n == 2 * 10
    with pytest.raises(ValueError, match="label_folds 31: there are --N 30 labels"):
        clone(fitted).set_params(label_folds=31).fit(*_data(30))
