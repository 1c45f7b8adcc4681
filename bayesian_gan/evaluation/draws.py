"""Whether the draws of a run are samples of a posterior, in words.

The end of a run, `diagnose`, `watch` and the report say it alike.
"""

import math
from dataclasses import asdict, dataclass
from typing import Literal

from bayesian_gan.options.config import Config

Level = Literal["good", "note", "warning"]

# Of fewer draws no R-hat is said.
MIN_DRAWS = 8
RHAT_GOOD, RHAT_BAD = 1.05, 1.2
MIN_ESS = 100.0


@dataclass(frozen=True)
class Verdict:
    """One finding.

    Attributes:
        level: "good"; "note", which need not be wrong; or "warning".
        subject: what it is about, a few words.
        text: what was found, with its numbers, and what to do.
    """

    level: Level
    subject: str
    text: str


@dataclass(frozen=True)
class Convergence:
    """Of several functionals over all chains.

    Attributes:
        draws: of each chain, those that were used.
        chains: M.
        rhat_max: largest R-hat over the functionals: near 1 where the chains agree.
        rhat_median: its median.
        ess_min: smallest bulk effective sample size over the functionals.
        ess_median: its median.
        ess_tail_min: smallest tail effective sample size; None where it is not known.
    """

    draws: int
    chains: int
    rhat_max: float
    rhat_median: float
    ess_min: float
    ess_median: float
    ess_tail_min: float | None

    def to_json(self) -> dict[str, float | None]:
        """By name; None for what is infinite."""
        return {k: None if v is None or math.isinf(v) else v for k, v in asdict(self).items()}


def draws_verdict(config: Config, found: Convergence | None) -> Verdict:
    """A posterior, an ensemble of local ones, or what cannot be said.

    Args:
        config: of the run.
        found: of the predictions on fixed images; None where there are too few draws.
    """
    subject = "The draws"
    if config.not_sampling is not None:
        return Verdict("note", subject, f"are no posterior: {config.not_sampling}.")
    if found is None:
        return Verdict(
            "note",
            subject,
            "cannot be judged: chains are compared from "
            f"{MIN_DRAWS} draws of their predictions on. Sample for longer.",
        )
    chains = f"{found.chains} chain{'s' * (found.chains > 1)}"
    tails = "" if found.ess_tail_min is None else f" ({found.ess_tail_min:.0f} in the tails)"
    numbers = (
        f"R-hat of the predictions on fixed images is {found.rhat_median:.2f} in the median and "
        f"{found.rhat_max:.2f} at worst; {found.draws:,} draws of {chains} are worth "
        f"{found.ess_median:.0f} independent ones in the median and {found.ess_min:.0f} at worst{tails}"
    )
    sizes = (found.ess_min, found.ess_min if found.ess_tail_min is None else found.ess_tail_min)
    agree = found.rhat_max <= RHAT_GOOD and min(sizes) >= MIN_ESS
    if agree and found.chains == 1:
        return Verdict(
            "note",
            subject,
            f"are one chain's, which agrees with itself: {numbers}. Whether another chain would find "
            "the same posterior, one alone cannot say; give --num_mcmc 2 or more.",
        )
    if agree:
        return Verdict(
            "good",
            subject,
            f"are samples of one posterior (temperature {config.temperature:g}), as far as the predictions "
            f"of {chains} can tell: {numbers}.",
        )
    if found.rhat_median <= RHAT_BAD:
        why = "are few" if found.rhat_max <= RHAT_GOOD else "do not fully agree"
        return Verdict(
            "note",
            subject,
            f"are not yet samples of one posterior: {numbers}. They {why}; run longer.",
        )
    if found.chains == 1:
        return Verdict(
            "warning",
            subject,
            f"are no posterior: {numbers}. The chain's first half disagrees with its second; run longer.",
        )
    return Verdict(
        "warning",
        subject,
        f"are an ensemble of local posteriors, not samples of one: {numbers}. Each chain stays near "
        "where its warm-up left it; more chains help the average more than longer ones.",
    )
