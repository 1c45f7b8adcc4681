"""Attacked classifiers, against attacks and scores put together by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from bayesian_gan.evaluation import classification, entropy
from bayesian_gan.evaluation.attacks import FGSM, PGD
from bayesian_gan.evaluation.robustness import Robustness
from bayesian_gan.gan.model import BayesianGAN
from bayesian_gan.networks.supervised import SupervisedBaseline
from bayesian_gan.posterior import Posterior


@pytest.fixture(scope="module")
def posterior(make_model: Callable[..., BayesianGAN]) -> Posterior:
    """Two draws of two chains, whose weights differ."""
    model = make_model()
    posterior, rng = Posterior.create(None, model), np.random.default_rng(0)
    for k in range(2):
        for network in model.discriminators:
            for weight in network.weights:
                drawn = rng.normal(0.0, 0.3, weight.shape)
                weight.assign(drawn if weight.trainable else np.exp(drawn))
        model.iteration.assign(k)
        posterior.collect(model)
    return posterior


@pytest.fixture(scope="module")
def baseline(images: np.ndarray) -> SupervisedBaseline:
    """An untrained CNN."""
    y = np.arange(12, dtype=np.int32) % 3
    return SupervisedBaseline(
        images[:12], y, num_classes=3, width=4, learning_rate=0.01, batch_size=8, seed=0
    )


LABELS = np.arange(96) % 3


def test_scores_are_of_images_made_against_what_they_name(
    posterior: Posterior, baseline: SupervisedBaseline, images: np.ndarray
) -> None:
    tried = Robustness(posterior, images, LABELS, baseline)
    x, epsilon = images.astype(np.float32) / 255, 0.1
    found = tried.under(FGSM(epsilon))
    held = posterior.held_samples()

    def against(nll: Callable[..., tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """Images in [-1, 1], attacked by a step of 2 epsilon there."""
        return np.clip(2 * x - 1 + 2 * epsilon * np.sign(nll(2 * x - 1, LABELS)[1]), -1, 1)

    def members(attacked: np.ndarray) -> np.ndarray:
        return np.concatenate(list(posterior.member_probabilities(attacked)))

    cnn, last, average = (against(nll) for nll in (baseline.nll_gradient, held.last, held.average))
    expected = {
        "supervised": baseline.predict(cnn),
        "single": members(last)[-1],
        "average": members(average).mean(0),
        "average_from_supervised": members(cnn).mean(0),
        "average_from_single": members(last).mean(0),
    }
    assert set(found.scores) == set(expected)
    for name, p in expected.items():
        score = classification(p, LABELS)
        assert found.scores[name].errors == score.errors, name
        assert found.scores[name].nll == pytest.approx(score.nll, rel=1e-4), name
    assert len({score.nll for score in found.scores.values()}) == 5
    assert found.scores["average"].nll > tried.clean.scores["average"].nll
    np.testing.assert_allclose(2 * found.images - 1, average, atol=1e-6)
    np.testing.assert_array_equal(found.classes, expected["average"].argmax(1))

    clean = members(2 * x - 1)
    which = np.repeat([0, 1], 96)
    p_fake = [
        np.concatenate([o.p_fake for o in posterior.member_outputs(i)]).mean(0)
        for i in (2 * x - 1, average)
    ]
    total = [entropy(m.mean(0)) for m in (clean, members(average))]
    mutual = [entropy(m.mean(0)) - entropy(m).mean(0) for m in (clean, members(average))]
    for name, values in (("entropy", total), ("mutual_information", mutual), ("p_real", p_fake)):
        auroc = roc_auc_score(which, np.concatenate(values))
        assert found.auroc[name] == pytest.approx(auroc, abs=2e-3), name


def test_the_images_as_they_are(posterior: Posterior, images: np.ndarray) -> None:
    clean = Robustness(posterior, images, LABELS).clean
    assert clean.attack is None
    assert clean.auroc == {}
    assert list(clean.scores) == ["single", "average"]
    expected = classification(posterior.predict(images), LABELS)
    assert clean.scores["average"].errors == expected.errors
    assert clean.scores["average"].nll == pytest.approx(expected.nll, rel=1e-5)


def test_without_a_cnn_and_p_real_these_are_left_out(
    posterior: Posterior, images: np.ndarray
) -> None:
    tried = Robustness(posterior, images, LABELS, says_real=False)
    found = tried.under(FGSM(0.1))
    assert set(found.auroc) == {"entropy", "mutual_information"}
    assert set(found.scores) == {"single", "average", "average_from_single"}


def test_the_same_attack_gives_the_same_bits(posterior: Posterior, images: np.ndarray) -> None:
    one, two = (Robustness(posterior, images, LABELS).under(PGD(0.1, 3, seed=2)) for _ in range(2))
    np.testing.assert_array_equal(one.images, two.images)
    assert (one.scores, one.auroc) == (two.scores, two.auroc)
