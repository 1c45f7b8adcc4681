"""All that is said in words of one run."""

import numpy as np

from bayesian_gan.evaluation.classification import classification
from bayesian_gan.evaluation.draws import Level, Verdict
from bayesian_gan.report.calibration import calibration_verdict
from bayesian_gan.report.findings import Findings
from bayesian_gan.report.verdicts import sampling_verdicts

COLLAPSED = 0.25


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
    return verdicts + sampling_verdicts(found.run.config, found.health, found.convergence)


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
