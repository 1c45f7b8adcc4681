"""What a report opens with, of made-up runs."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bayesian_gan.evaluation.draws import Verdict
from bayesian_gan.report import html
from bayesian_gan.report.findings import Predictions
from bayesian_gan.report.opening import counted, leading, opening, sentence

VERDICTS = [
    Verdict("good", "Averaging", "a"),
    Verdict("warning", "Calibration", "b"),
    Verdict("note", "Calibrated", "c"),
    Verdict("note", "The draws", "d"),
]


def _found(summary: dict[str, Any] | None, semi: bool = True, **parts: Any) -> Any:
    config = SimpleNamespace(semi=semi, train_iter=100)
    run = SimpleNamespace(config=config, summary=summary, num_test=4)
    return SimpleNamespace(
        run=run, log=[], **({"pictures": None, "predictions": None, "real": None} | parts)
    )


def _score(errors: int) -> dict[str, Any]:
    return {"errors": errors, "n": 1500, "error_rate": errors / 1500, "nll": 0.1, "num_samples": 20}


@pytest.mark.parametrize(
    ("summary", "semi", "said"),
    [
        (None, True, "The run has not ended."),
        ({"posterior": {"num_samples": 2}}, False, "It learnt from no labels: the pictures are"),
        ({"posterior": {"num_samples": 2}}, True, "No error is known"),
        (
            {"posterior": _score(16), "supervised": None},
            True,
            "The average of 20 samples makes 16 errors in 1,500 test examples.",
        ),
        (
            {"posterior": _score(16), "supervised": _score(46)},
            True,
            "in 1,500 test examples, the supervised network on the same labels 46.",
        ),
    ],
)
def test_the_sentence(summary: dict[str, Any] | None, semi: bool, said: str) -> None:
    assert said in sentence(_found(summary, semi))


def test_what_leads_is_how_good_and_how_it_mixes() -> None:
    assert [v.text for v in leading(VERDICTS)] == ["c", "d"]
    assert [v.text for v in leading(VERDICTS[:2])] == ["b"]
    assert counted(VERDICTS) == "1 good, 2 notes, 1 warning"


def test_one_picture_whatever_there_is() -> None:
    rng = np.random.default_rng(0)
    same_z = rng.integers(0, 256, (6, 10, 4, 4, 1), dtype=np.uint8)
    pictures = SimpleNamespace(same_z=same_z)
    text = "".join(opening(_found(None, pictures=pictures, real=same_z[0, :3]), VERDICTS))
    assert text.count("<img") == 1
    assert "Real images in the first row, then those of 4 generators" in text
    p = np.tile(np.array([[0.9, 0.1], [0.2, 0.8]], np.float32), (3, 1, 1))
    predictions = Predictions(np.zeros((2, 3)), np.array([0, 1]), 2, p)
    text = "".join(opening(_found(None, predictions=predictions), VERDICTS))
    assert text.count("<svg") == 1
    assert "ECE 15.00%" in text
    assert "<figure" not in "".join(opening(_found(None), VERDICTS))


def test_a_fold_escapes_what_it_is_given() -> None:
    text = html.fold(2, "<b>", '"', ["<p>x</p>"], "&")
    assert text == (
        "<details><summary><h2>&lt;b&gt;</h2><span>&amp;</span></summary>"
        '<div id="&quot;"><p>x</p></div></details>'
    )
