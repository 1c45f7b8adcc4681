"""All that is said in words of one run."""

import numpy as np

from bayesian_gan.evaluation.calibrated import by_chain, calibrated
from bayesian_gan.evaluation.calibration_verdict import calibration_verdict, untested_verdict
from bayesian_gan.evaluation.classification import classification
from bayesian_gan.evaluation.draws import Level, Verdict
from bayesian_gan.report.findings import Findings
from bayesian_gan.report.verdicts import sampling_verdicts
from bayesian_gan.runs.calibrate import TEMPERATURE_FILE

COLLAPSED = 0.25


def verdicts_of(found: Findings) -> list[Verdict]:
    """Predictions first, then generators, then samplers."""
    verdicts, tempering = [], found.run.tempering
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
        if tempering is not None:
            chains = by_chain(p.members, found.run.config.num_mcmc, found.run.config.num_disc)
            verdicts.append(
                calibration_verdict(calibrated(chains, tempering), p.labels, "Calibrated")
            )
    elif found.run.config.semi and found.run.num_test == 0:
        written = found.run.read_optional(TEMPERATURE_FILE)
        held_out = None if written is None else written["held_out"]
        verdicts.append(untested_verdict(held_out, "" if tempering is None else tempering.text))
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
