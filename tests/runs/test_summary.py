"""What stands beside the numbers of a run, of draws that are made up."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bayesian_gan.evaluation.classification import classification
from bayesian_gan.evaluation.draws import Convergence, Verdict
from bayesian_gan.runs.summary import Summary, _averaged, report
from bayesian_gan.samplers.convergence import ess_bulk, ess_tail, rhat

N, K = 60, 3


def _run(draws: int, num_disc: int) -> tuple[Any, np.ndarray]:
    """A run of two chains, the second a worse classifier, and its members [draws, 2 J_d, N, K]."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, K, N)
    logits = rng.standard_normal((draws, 2 * num_disc, N, K))
    logits[..., np.arange(N), labels] += np.where(np.arange(2 * num_disc) < num_disc, 2.0, 1.0)[
        None, :, None
    ]
    members = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    data = SimpleNamespace(test_images=None, test_labels=labels)
    posterior = SimpleNamespace(member_probabilities=lambda images: iter(members))
    config = SimpleNamespace(num_disc=num_disc, swag=None)
    return SimpleNamespace(data=data, posterior=posterior, config=config), members


@pytest.mark.parametrize("num_disc", [1, 2])
def test_r_hat_and_sizes_are_those_of_each_chain_s_own_scores(num_disc: int) -> None:
    run, members = _run(12, num_disc)
    found = _averaged(run)
    average = classification(members.mean((0, 1)), run.data.test_labels)
    assert found.score.to_json() == pytest.approx(average.to_json(), rel=1e-12)
    chains = members.reshape(12, 2, num_disc, N, K).mean(2)
    for name in ("nll", "error_rate"):
        values = np.array(
            [[getattr(classification(p, run.data.test_labels), name) for p in d] for d in chains]
        )
        written = found.to_json()["mixing"][name]
        assert written["rhat"] == pytest.approx(float(rhat(values)))
        assert written["ess_bulk"] == pytest.approx(float(ess_bulk(values)))
        assert written["ess_tail"] == pytest.approx(float(ess_tail(values)))
    assert found.to_json()["mixing"]["nll"]["rhat"] > 1.5


def test_few_draws_have_none() -> None:
    run, _ = _run(7, 1)
    assert _averaged(run).to_json()["mixing"] is None


def test_the_end_of_a_run_says_it(caplog: pytest.LogCaptureFixture) -> None:
    averaged = _averaged(_run(12, 1)[0])
    found = Convergence(50, 2, np.inf, 1.5, 3.0, 4.0, 16.0)
    verdict = Verdict("warning", "The draws", "are an ensemble.")
    score = averaged.score
    summary = Summary(
        9, 5, "s", 1.0, 24, N, score, score, None, averaged, None, None, found, verdict
    )
    with caplog.at_level(logging.INFO):
        report(logging.getLogger("test_summary"), summary, [], Path("folder"))
    assert averaged.mixing is not None
    nll = averaged.mixing["nll"]
    assert f"of the NLL {nll.rhat_max:.2f} and {nll.ess_min:.0f} (tail" in caplog.text
    assert "The draws are an ensemble." in caplog.text
    written = summary.to_json()
    assert written["draws"] == "The draws are an ensemble."
    assert written["convergence"]["rhat_max"] is None
    assert written["convergence"]["ess_median"] == 4.0
    assert written["posterior"]["num_samples"] == 24
