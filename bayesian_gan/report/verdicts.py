"""What the health numbers of a run mean, in words.

All functions here are pure functions of tables. docs/monitoring.md gives the reasons.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from bayesian_gan.options.config import Config
from bayesian_gan.report.tables import Table

Level = Literal["good", "note", "warning"]

# A temperature that is off by less than this share of T counts as T: curvature and minibatch noise
# move it.
TEMPERATURE_TOLERANCE = 0.1
RHAT_GOOD, RHAT_BAD = 1.05, 1.2
MIN_ESS = 100.0
NORM_DRIFT = 0.05
WINNING, LOSING = 0.95, 0.6


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


def sampling_verdicts(config: Config, health: Table) -> list[Verdict]:
    """Whether the chains sample, and how far they have come.

    Args:
        config: of the run.
        health: its `health.csv`.
    """
    if not len(health):
        return [
            Verdict("note", "Sampler health", "not recorded: the run has no health.csv with rows.")
        ]
    reason = _not_sampling(config)
    found = [_outputs(health)]
    if reason is not None:
        return [Verdict("note", "Sampling", reason), *found]
    sampled = health.after(config.warm_up)
    if not len(sampled):
        text = f"not begun: the warm-up takes {config.warm_up:,} iterations."
        return [Verdict("note", "Sampling", text), *found]
    for player in ("discriminators", "generators"):
        found += _temperature(sampled, player)
    found += [_convergence(sampled), *_drift(sampled)]
    return found


def _not_sampling(config: Config) -> str | None:
    if config.optimizer == "adam":
        return "none: --optimizer adam keeps optimising, so the draws are a trajectory of Adam."
    if config.ml or config.objective == "authors":
        return "none: this objective is optimised without noise, so the draws are an ensemble."
    if config.temperature == 0:
        return "none: at temperature 0 no noise is added, so the draws are an ensemble."
    return None


def _late(values: np.ndarray) -> np.ndarray:
    """The second half of what is known of a column."""
    known = values[np.isfinite(values)]
    return known[len(known) // 2 :]


def _temperature(sampled: Table, player: str) -> list[Verdict]:
    targets = sampled.matching(f"temperature/{player}")
    measured = sampled.matching(f"kinetic_temperature/{player}")
    ratios = [_late(measured[name] / targets[name]) for name in measured if name in targets]
    ratios = [values for values in ratios if len(values)]
    if not ratios:
        return []
    ratio = float(np.median(np.concatenate(ratios)))
    target = float(_late(next(iter(targets.values())))[-1])
    subject = f"Temperature of the {player}"
    text = f"velocities have {ratio:.2f} times the temperature {target:g} that was asked for"
    if abs(ratio - 1.0) <= TEMPERATURE_TOLERANCE:
        return [Verdict("good", subject, f"{text}: they move as the sampler should.")]
    if ratio > 1.0:
        return [
            Verdict(
                "warning",
                subject,
                f"{text}: minibatch noise or too large a step heats them, and the posterior comes out wider "
                "than it is. A smaller --sampler_lr, more --friction or a larger batch cools.",
            )
        ]
    return [
        Verdict("note", subject, f"{text}: they have not come up to it yet. Sample for longer.")
    ]


def _convergence(sampled: Table) -> Verdict:
    rhat = sampled["convergence/rhat_max"]
    known = np.flatnonzero(np.isfinite(rhat))
    subject = "Mixing of the chains"
    if not len(known):
        return Verdict("note", subject, "too few draws to compare chains.")
    last = known[-1]
    names = ("rhat_max", "rhat_median", "ess_min", "ess_median", "draws")
    worst, median, least, ess, draws = (sampled[f"convergence/{name}"][last] for name in names)
    text = (
        f"R-hat of the predictions on fixed images is {median:.2f} in the median and {worst:.2f} at worst; "
        f"{draws:.0f} draws a chain are worth {ess:.0f} independent ones in the median and {least:.0f} at worst"
    )
    if worst <= RHAT_GOOD and least >= MIN_ESS:
        return Verdict("good", subject, f"{text}: the chains agree.")
    if median <= RHAT_BAD:
        return Verdict("note", subject, f"{text}: the chains do not fully agree yet; run longer.")
    return Verdict(
        "warning",
        subject,
        f"{text}: each chain stays near where its warm-up left it. Predictions averaged over chains are an "
        "ensemble of local posteriors rather than one posterior; more chains help more than longer ones.",
    )


def _drift(sampled: Table) -> list[Verdict]:
    """Whether weight norms still move in one direction."""
    found: list[Verdict] = []
    for player in ("discriminator", "generator"):
        norms = sampled.matching(f"weight_norm/{player}_")
        late = [_late(values) for values in norms.values()]
        late = [values for values in late if len(values) >= 2]
        if not late:
            continue
        change = float(np.median([values[-1] / values[0] - 1.0 for values in late]))
        subject = f"Weights of the {player}s"
        text = f"their norm changed by {100 * change:+.1f}% over the second half of the sampling"
        if abs(change) <= NORM_DRIFT:
            found.append(Verdict("good", subject, f"{text}: it has settled."))
        else:
            found.append(
                Verdict(
                    "note",
                    subject,
                    f"{text}: the chain is still on its way to where the prior and the data balance, so it is "
                    "not stationary.",
                )
            )
    return found


def _outputs(health: Table) -> Verdict:
    """Which player wins."""
    values = {
        side: float(
            np.nanmean([c[-1] for n, c in health.matching("p_real/").items() if n.endswith(side)])
        )
        for side in ("/real", "/fake")
    }
    real, fake = values["/real"], values["/fake"]
    subject = "Balance of the players"
    text = f"discriminators give real images P(real) = {real:.2f}, generated ones {fake:.2f}"
    if real >= WINNING and fake <= 1.0 - WINNING:
        return Verdict(
            "warning", subject, f"{text}: they win outright, and generators learn little from them."
        )
    if real - fake < 0.05:
        return Verdict(
            "note",
            subject,
            f"{text}: they cannot tell them apart: an equilibrium, or a discriminator that is too weak.",
        )
    return Verdict("good", subject, f"{text}: neither player has won.")
