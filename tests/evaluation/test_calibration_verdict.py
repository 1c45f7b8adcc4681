"""What is said of probabilities whose truth is known."""

import numpy as np
import pytest

from bayesian_gan.evaluation.calibration_verdict import calibration_verdict


def _classifier(sharpen: float, count: int = 6000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities [count, 5] and labels drawn from them, the probabilities then sharpened."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(5, 0.4), count)
    labels = np.array([rng.choice(5, p=row) for row in p])
    q = p**sharpen
    return q / q.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize(
    ("sharpen", "level", "said"),
    [
        (1.0, "good", "at their word"),
        (0.4, "note", "underconf"),
        (1.3, "note", "overconf"),
        (3.0, "warning", "certainty is not to be believed"),
    ],
)
def test_calibration_is_held_against_chance(sharpen: float, level: str, said: str) -> None:
    verdict = calibration_verdict(*_classifier(sharpen))
    assert said in verdict.text
    assert verdict.level == level
    assert ("at their word" in verdict.text) == (sharpen == 1.0)


def test_errors_made_with_certainty_are_not_taken_at_their_word() -> None:
    # Five of 2,000 are wrong with 99.99%; calibration errors are hardly larger for it.
    n = 2000
    p = np.full((n, 10), 1e-4 / 9)
    labels = np.zeros(n, int)
    p[:, 0] = 1.0 - 1e-4
    assert "at their word" in calibration_verdict(p, labels).text
    labels[:5] = 1
    verdict = calibration_verdict(p, labels)
    assert verdict.level == "warning"
    assert "5 of the 2,000 predictions with 99% or more are wrong" in verdict.text
    assert "at their word" not in verdict.text


def test_one_image_that_was_all_but_ruled_out_is_seen_by_the_nll() -> None:
    # 90% for one class and 10% for another, right as often; three labels are of a class of 1e-30.
    n = 4000
    p = np.full((n, 10), 1e-30)
    p[:, 0], p[:, 1] = 0.9, 0.1
    labels = (np.arange(n) % 10 == 0).astype(int)
    assert "at their word" in calibration_verdict(p, labels).text
    labels[[0, 10, 20]] = 2
    verdict = calibration_verdict(p, labels)
    assert verdict.level == "note"
    assert "too sure of single images" in verdict.text


def test_few_images_show_little() -> None:
    p, labels = _classifier(1.0)
    verdict = calibration_verdict(p[:150], labels[:150])
    assert verdict.level == "note"
    assert "so few images show no more" in verdict.text
    assert "at their word" not in verdict.text


def test_right_probabilities_are_accused_one_time_in_twenty() -> None:
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.full(3, 0.2), 300)
    cumulative = p.cumsum(axis=1)
    accused = 0
    for _ in range(40):
        labels = (cumulative <= rng.random((300, 1)) * cumulative[:, -1:]).sum(axis=1)
        text = calibration_verdict(p, labels).text
        accused += "Nothing speaks against" not in text
    # 2 are expected at most; more than 7 of 40 have a probability of 0.1%.
    assert accused <= 7
