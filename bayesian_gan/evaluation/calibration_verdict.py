"""Whether probabilities can be believed, in words, from what chance would make of right ones."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bayesian_gan.evaluation.calibration import calibration_bins
from bayesian_gan.evaluation.classification import classification
from bayesian_gan.evaluation.draws import Verdict

DRAWS = 400
# Three things are looked at; together they find a fault in right probabilities this often.
FALSE_ALARMS = 0.05
CONFIDENT = 0.99
# Where accuracy is not known to within this, agreement shows nothing.
KNOWN_TO = 0.03

Statistic = Callable[[np.ndarray, np.ndarray], float]


def calibration_verdict(
    probabilities: np.ndarray, labels: np.ndarray, subject: str = "Calibration"
) -> Verdict:
    """Three statistics of the labels, against those of labels that are drawn from the probabilities.

    The expected calibration error is not 0 on a finite test set, even where the probabilities are
    right. It sees a shift of many probabilities. The number of errors at a confidence of 99% or
    more, and the NLL, see the few errors that are made with certainty.

    Args:
        probabilities: of the average, [n, K].
        labels: integers [n], which training did not see.
        subject: of the verdict.
    """
    n = len(labels)
    measured = [f(probabilities, labels) for f in (_ece, _confident_errors, _nll)]
    chance = _by_chance(probabilities, (_ece, _confident_errors, _nll))
    share = FALSE_ALARMS / 3.0
    _, high_errors, high_nll = np.quantile(chance, 1.0 - share, axis=1)
    too_many = [
        float(np.mean(drawn >= found)) < share
        for drawn, found in zip(chance, measured, strict=True)
    ]
    ece, errors, nll = measured
    low, high = np.quantile(chance[0], (0.05, 0.95))
    sure = int((probabilities.max(axis=1) >= CONFIDENT).sum())
    confidence = float(probabilities.max(axis=1).mean())
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    text = (
        f"expected calibration error {100 * ece:.1f}% on {n:,} test images (mean confidence "
        f"{100 * confidence:.1f}%, accuracy {100 * accuracy:.1f}%); were the probabilities right, chance "
        f"would make it {100 * low:.1f}% to {100 * high:.1f}%"
    )
    if too_many[1]:
        return Verdict(
            "warning",
            subject,
            f"{text}. {errors:.0f} of the {sure:,} predictions with 99% or more are wrong, where the "
            f"probabilities allow {high_errors:.0f}: certainty is not to be believed.",
        )
    if too_many[0]:
        if abs(confidence - accuracy) < ece / 2.0:
            side = "too sure at some confidences and not sure enough at others"
        else:
            side = "overconfident" if confidence > accuracy else "underconfident"
        return Verdict("note", subject, f"{text}: the predictions are {side}.")
    if too_many[2]:
        return Verdict(
            "note",
            subject,
            f"{text}. The NLL is {nll:.3f}, where they allow {high_nll:.3f}: the predictions are too sure "
            "of single images.",
        )
    # Two standard errors of the accuracy; the 1 keeps them above 0 where no error was made.
    wrong = (1.0 - accuracy) * n + 1.0
    within = 2.0 * np.sqrt(wrong) / n
    if within > KNOWN_TO:
        return Verdict(
            "note",
            subject,
            f"{text}. Nothing speaks against them, but so few images show no more than that they are "
            f"right to within {100 * within:.0f} points.",
        )
    return Verdict(
        "good",
        subject,
        f"{text}; {errors:.0f} errors among {sure:,} predictions with 99% or more, NLL {nll:.3f}, where "
        f"chance allows {high_errors:.0f} and {high_nll:.3f}: they can be taken at their word, to within "
        f"{100 * within:.1f} points in the mean.",
    )


def untested_verdict(held_out: dict[str, Any] | None, text: str) -> Verdict:
    """Of a run without a test set: what the chains say of labels that they have not seen.

    Args:
        held_out: of the run's temperature: errors, n and confidence there; None without folds of labels.
        text: what the temperature is.
    """
    if held_out is None:
        return Verdict(
            "note",
            "Calibration",
            "there is no test set, and every chain has learnt from all labels: whether the probabilities are "
            "right cannot be told. --label_folds or --test_fraction hold labels out.",
        )
    accuracy = 1.0 - held_out["error_rate"]
    return Verdict(
        "note",
        "Calibration",
        f"there is no test set. Of {held_out['n']:,} labels that they have not seen, chains gave "
        f"{100 * accuracy:.0f}% right, at a mean confidence of {100 * held_out['confidence']:.0f}%; {text}. "
        f"`predict` takes it into account. It is known to within "
        f"{200 * np.sqrt((accuracy * (1 - accuracy) + 1 / held_out['n']) / held_out['n']):.0f} points.",
    )


def _by_chance(probabilities: np.ndarray, statistics: tuple[Statistic, ...]) -> np.ndarray:
    """Each statistic for labels drawn from the probabilities, [statistics, DRAWS]."""
    rng = np.random.default_rng(0)
    cumulative = np.cumsum(probabilities, axis=1)
    found = []
    for _ in range(DRAWS):
        point = rng.random((len(probabilities), 1)) * cumulative[:, -1:]
        drawn = (cumulative <= point).sum(axis=1)
        found.append([statistic(probabilities, drawn) for statistic in statistics])
    return np.array(found).T


def _ece(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return calibration_bins(probabilities, labels).error


def _confident_errors(probabilities: np.ndarray, labels: np.ndarray) -> float:
    wrong = probabilities.argmax(axis=1) != labels
    return float((wrong & (probabilities.max(axis=1) >= CONFIDENT)).sum())


def _nll(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return classification(probabilities, labels).nll
