"""Averages over samples, and what each chain says."""

import numpy as np
import pytest

from bayesian_gan.evaluation import answers
from bayesian_gan.posterior.prediction import MemberOutputs


def test_the_average_and_its_parts() -> None:
    rng = np.random.default_rng(0)
    draws, M, J, n, K = 3, 2, 2, 5, 4
    p = rng.dirichlet(np.ones(K), (draws * M * J, n))
    log_z = rng.normal(size=(draws * M * J, n))
    found = answers(MemberOutputs(p, log_z), M, J)
    mean = p.mean(axis=0)
    np.testing.assert_allclose(found.probabilities, mean)
    np.testing.assert_array_equal(found.labels, mean.argmax(axis=1))
    np.testing.assert_allclose(found.entropy, -(mean * np.log(mean)).sum(-1))
    kl = (p * np.log(p / mean)).sum(-1).mean(axis=0)
    np.testing.assert_allclose(found.mutual_information, kl)
    np.testing.assert_allclose(found.p_real, (1 / (1 + np.exp(-log_z))).mean(axis=0))
    assert found.votes.shape == (n, M)
    for chain in range(M):
        rows = [(d * M + chain) * J + j for d in range(draws) for j in range(J)]
        np.testing.assert_array_equal(found.votes[:, chain], p[rows].mean(axis=0).argmax(axis=1))


def test_chains_that_disagree_vote_each_for_its_own() -> None:
    # Draw by draw, chain by chain: the first chain is for class 0, the second for class 1.
    p = np.array([[[0.9, 0.1]], [[0.2, 0.8]]] * 2)
    found = answers(MemberOutputs(p, np.zeros((4, 1))), 2, 1)
    assert found.votes.tolist() == [[0, 1]]
    assert found.labels.tolist() == [0]
    assert found.mutual_information[0] == pytest.approx(0.275, abs=0.01)
