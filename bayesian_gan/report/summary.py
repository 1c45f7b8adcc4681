"""All that is said in words of one run."""

import numpy as np

from bayesian_gan.evaluation.calibration import calibration_bins
from bayesian_gan.evaluation.classification import classification
from bayesian_gan.report.findings import Findings
from bayesian_gan.report.verdicts import Level, Verdict, sampling_verdicts

COLLAPSED = 0.25
CALIBRATION_DRAWS = 200


def verdicts_of(found: Findings) -> list[Verdict]:
    """Predictions first, then generators, then samplers."""
    verdicts = []
    if found.predictions is not None:
        p = found.predictions
        single = [classification(member, p.labels).nll for member in p.members]
        average = p.average
        verdicts.append(
            averaging_verdict(
                float(np.mean(single)), classification(average, p.labels).nll, len(p.members)
            )
        )
        verdicts.append(calibration_verdict(average, p.labels))
    if found.pictures is not None and found.real_deviation:
        verdicts.append(diversity_verdict(found.pictures.deviation / found.real_deviation))
    return verdicts + sampling_verdicts(found.run.config, found.health)


def averaging_verdict(single_nll: float, average_nll: float, num_samples: int) -> Verdict:
    """Whether averaging over the posterior pays.

    Args:
        single_nll: mean NLL of the single samples, nats.
        average_nll: NLL of their averaged probabilities.
        num_samples: how many.
    """
    gain = 1.0 - average_nll / single_nll if single_nll > 0 else 0.0
    text = (
        f"averaging {num_samples} samples lowers the NLL from {single_nll:.3f} (mean of single samples) to "
        f"{average_nll:.3f}, by {100 * gain:.0f}%"
    )
    level: Level = "good" if gain > 0.05 else "note"
    ending = "." if gain > 0.05 else ": the samples hardly differ in what they predict."
    return Verdict(level, "Averaging", text + ending)


def calibration_verdict(probabilities: np.ndarray, labels: np.ndarray) -> Verdict:
    """Whether probabilities can be believed: what a calibrated classifier shows by chance.

    The expected calibration error of a finite test set is not 0 even where the probabilities are
    right. Labels drawn from the probabilities themselves say how large it then is.

    Args:
        probabilities: of the average, [n, K].
        labels: integers [n].
    """
    error = calibration_bins(probabilities, labels).error
    rng = np.random.default_rng(0)
    cumulative = np.cumsum(probabilities, axis=1)
    by_chance = []
    for _ in range(CALIBRATION_DRAWS):
        point = rng.random((len(labels), 1)) * cumulative[:, -1:]
        drawn = (cumulative <= point).sum(axis=1)
        by_chance.append(calibration_bins(probabilities, drawn).error)
    low, high = np.quantile(by_chance, (0.05, 0.95))
    confidence = float(probabilities.max(axis=1).mean())
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    text = (
        f"expected calibration error {100 * error:.1f}% on {len(labels):,} test images (mean confidence "
        f"{100 * confidence:.1f}%, accuracy {100 * accuracy:.1f}%); were the probabilities right, chance would "
        f"make it {100 * low:.1f}% to {100 * high:.1f}%"
    )
    if error <= high:
        return Verdict("good", "Calibration", f"{text}: they can be taken at their word.")
    if abs(confidence - accuracy) < error / 2.0:
        side = "too sure at some confidences and not sure enough at others"
    else:
        side = "overconfident" if confidence > accuracy else "underconfident"
    return Verdict("note", "Calibration", f"{text}: the predictions are {side}.")


def diversity_verdict(ratios: np.ndarray) -> Verdict:
    """Whether generators have collapsed.

    Args:
        ratios: for each generator, the standard deviation of its images' pixels over z, mean over
            pixels, as a share of that of real images.
    """
    collapsed = [str(j) for j, ratio in enumerate(ratios) if ratio < COLLAPSED]
    text = (
        f"pixels of generated images vary with z {ratios.min():.2f} to {ratios.max():.2f} times as much as "
        "those of real images vary"
    )
    if collapsed:
        which = ", ".join(collapsed)
        return Verdict("warning", "Collapse", f"{text}: generator {which} makes one picture only.")
    return Verdict("good", "Collapse", f"{text}: no generator has collapsed to one picture.")
