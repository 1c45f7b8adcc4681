"""What the health numbers of a run mean, in words.

All functions here are pure functions of tables. docs/explanation/mixing.md gives the reasons.
"""

import numpy as np

from bayesian_gan.evaluation.draws import Convergence, Verdict, draws_verdict
from bayesian_gan.options.config import Config
from bayesian_gan.report.settling import settling
from bayesian_gan.report.tables import Table, late

# A temperature that is off by less than this share of T counts as T: curvature and minibatch noise
# move it.
TEMPERATURE_TOLERANCE = 0.1
WINNING = 0.95


def sampling_verdicts(
    config: Config, health: Table, convergence: Convergence | None
) -> list[Verdict]:
    """Whether the chains sample, and how far they have come.

    Args:
        config: of the run.
        health: its `health.csv`.
        convergence: of what its chains predict; None where there are too few draws.
    """
    if not len(health):
        return [
            Verdict("note", "Sampler health", "not recorded: the run has no health.csv with rows.")
        ]
    if not config.samples:
        return [draws_verdict(config, convergence), _outputs(config, health)]
    sampled = health.after(config.warm_up)
    if not len(sampled):
        text = f"not begun: the warm-up takes {config.warm_up:,} iterations."
        return [Verdict("note", "Sampling", text), _outputs(config, health)]
    players = ("discriminator", "generator")
    return [
        _outputs(config, health),
        *(verdict for player in players for verdict in _temperature(sampled, f"{player}s")),
        draws_verdict(config, convergence),
        *(settling(sampled, player) for player in players),
    ]


def last_convergence(config: Config, health: Table) -> Convergence | None:
    """That of the last row of `health.csv` that has one, which knows no tails; None without one.

    It costs nothing to read; the functionals themselves say more.
    """
    known = np.flatnonzero(np.isfinite(health["convergence/draws"]))
    if not len(known):
        return None
    names = ("draws", "rhat_max", "rhat_median", "ess_min", "ess_median")
    draws, worst, median, least, middle = (
        float(health[f"convergence/{name}"][known[-1]]) for name in names
    )
    return Convergence(int(draws), config.num_mcmc, worst, median, least, middle, None)


def _temperature(sampled: Table, player: str) -> list[Verdict]:
    targets = sampled.matching(f"temperature/{player}")
    measured = sampled.matching(f"kinetic_temperature/{player}")
    ratios = [late(measured[name] / targets[name]) for name in measured if name in targets]
    ratios = [values for values in ratios if len(values)]
    if not ratios:
        return []
    ratio = float(np.median(np.concatenate(ratios)))
    target = float(late(next(iter(targets.values())))[-1])
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


def _outputs(config: Config, health: Table) -> Verdict:
    """Which player wins."""
    values = {
        side: float(
            np.nanmean([c[-1] for n, c in health.matching("p_real/").items() if n.endswith(side)])
        )
        for side in ("/real", "/fake")
    }
    real, fake = values["/real"], values["/fake"]
    subject = "Balance of the players"
    text = (
        f"discriminators give real images {config.real_score} {real:.2f}, generated ones {fake:.2f}"
    )
    if real - fake < 0.05:
        return Verdict(
            "note",
            subject,
            f"{text}: they cannot tell them apart: an equilibrium, or a discriminator that is too weak.",
        )
    if config.has_critic:
        return Verdict(
            "note",
            subject,
            f"{text}: they tell them apart. By how much such scores cannot say: they have no unit.",
        )
    if real >= WINNING and fake <= 1.0 - WINNING:
        return Verdict(
            "warning", subject, f"{text}: they win outright, and generators learn little from them."
        )
    return Verdict("good", subject, f"{text}: neither player has won.")
