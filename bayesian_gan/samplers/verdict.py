"""Is this chain sampling at T? Three answers: it is, it is not, or these draws cannot say.

The evidence is equipartition: E[(theta_i - c) dU/dtheta_j] = T if i = j, else 0. It is asked of all
weights together, of each variable, of each weight, and of the hottest and the coldest direction
that the first half of the draws has. `benchmarks/samplers/verdicts.py` counts the alarms, false and
right ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from bayesian_gan.samplers.directions import extreme_directions
from bayesian_gan.samplers.temperatures import Means, configurational_products, means

RHAT_LIMIT = 1.01
MIN_ESS = 100.0
MIN_DRAWS = 20
TOLERANCE = 0.1
# A heat that the verdict must be able to see, 95 times in 100, before it says "sampling".
SEEN_HEAT = 1.3
_POWER = 1.645
# Of the alarms among exact draws: shared by overall, variables, weights and directions.
_FALSE_ALARMS = 0.01


class Outcome(StrEnum):
    """What a verdict says."""

    SAMPLING = "sampling"
    NOT_SAMPLING = "not sampling"
    CANNOT_SAY = "cannot say"


# What speaks against "sampling", and whether it proves the contrary or only leaves it open.
Reason = tuple[Outcome, str]


@dataclass(frozen=True)
class Finding:
    """One temperature of the positions, in units of T.

    Attributes:
        what: the temperature of all weights together, of a variable, a weight or a direction.
        ratio: temperature / T.
        error: its standard error.
        beyond: how far it lies outside of [1 - tolerance, 1 + tolerance], as a normal number, less
            what chance explains among its kind: above 0 it is an alarm.
        alarms: how many of its kind are.
        among: how many its kind has.
    """

    what: str
    ratio: float
    error: float
    beyond: float
    alarms: int
    among: int


@dataclass(frozen=True)
class Evidence:
    """The temperatures of the positions.

    Attributes:
        worst: the one that lies furthest out: of all weights together, of the variables, of the
            weights, and of the directions if these could be judged.
        directions: whether directions could be judged: it takes several times as many draws as
            weights.
        seen: the smallest heat, in units of T, that an alarm would have followed 95 times in 100.
    """

    worst: tuple[Finding, ...]
    directions: bool
    seen: float


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Attributes:
        outcome: one of three.
        text: one line: the outcome, why, and what to do.
        evidence: temperatures of the positions, or None if they were not given.
    """

    outcome: Outcome
    text: str
    evidence: Evidence | None = None

    def __str__(self) -> str:
        """The line alone."""
        return self.text


def judge(
    positions: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    num_data: float,
    *,
    temperature: float = 1.0,
    rhat: float | None = None,
    ess: float | None = None,
    tolerance: float = TOLERANCE,
) -> Verdict:
    """The verdict on draws of several chains.

    Args:
        positions: for each variable [draws, chains, ...], successive draws after the burn-in.
        gradients: of U/N at these positions, over *all* data: the same names and shapes. Gradients
            of minibatches will not do: their noise is no part of U.
        num_data: N.
        temperature: T > 0 that was asked for.
        rhat: the largest of `rhat` over functionals that matter; NaN counts as a failure.
        ess: the smallest of `ess_bulk` and `ess_tail` over them.
        tolerance: what a temperature may be off by, as a share of T: 0.1 is 5% of a standard
            deviation. Every sampler without a Metropolis-Hastings step is off by a little.

    Raises:
        ValueError: `positions` and `gradients` do not fit, or T is not positive.
    """
    check_draws(positions, gradients, temperature)
    shape = next(iter(positions.values())).shape
    reasons, evidence = weigh(positions, gradients, num_data / temperature, tolerance)
    return verdict(reasons + rhat_reasons(rhat, ess, *shape[:2]), temperature, evidence)


def weigh(
    positions: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    num_data: float,
    tolerance: float,
) -> tuple[list[Reason], Evidence | None]:
    """What draws say against "sampling", and the temperatures of the positions if they have any.

    Args:
        positions: as for `judge`.
        gradients: as for `judge`.
        num_data: N / T.
        tolerance: as for `judge`.
    """
    if not all(np.isfinite(v).all() for v in (*positions.values(), *gradients.values())):
        return [(Outcome.NOT_SAMPLING, "a position or gradient is not finite (restart)")], None
    draws = len(next(iter(positions.values())))
    if draws < MIN_DRAWS:
        few = f"{draws} draws of each chain are too few (collect {MIN_DRAWS} at least)"
        return [(Outcome.CANNOT_SAY, few)], None
    evidence = gather(positions, gradients, num_data, tolerance)
    return _evidence_reasons(evidence), evidence


def gather(
    positions: Mapping[str, np.ndarray],
    gradients: Mapping[str, np.ndarray],
    num_data: float,
    tolerance: float,
) -> Evidence:
    """The temperatures of the positions, in units of T.

    Args:
        positions: as for `judge`.
        gradients: as for `judge`.
        num_data: N / T.
        tolerance: as for `judge`.
    """
    sums, weights, names = [], [], []
    for name, theta in positions.items():
        products = configurational_products(theta, gradients[name], num_data)
        products = products.reshape(*products.shape[:2], -1)
        sums.append(products.sum(2))
        weights.append(means(products))
        names += [(name, index) for index in np.ndindex(theta.shape[2:])]
    sizes = np.array([w.value.size for w in weights])
    by_variable = np.stack(sums, axis=2)
    total = means(by_variable.sum(2, keepdims=True) / sizes.sum(), sizes.sum())
    kinds = [
        (total, ["the temperature of all weights together"]),
        (means(by_variable / sizes, sizes), [f"the temperature of {name}" for name in positions]),
        (_joined(weights), [f"the temperature of {_weight(*name)}" for name in names]),
    ]
    along = extreme_directions(positions, gradients, num_data)
    if along is not None:
        ends = ("hottest", "coldest")
        kinds.append((means(along), [f"the temperature of the {end} direction" for end in ends]))
    found = [_worst(kind, labels, len(kinds), tolerance) for kind, labels in kinds]
    critical = stats.norm.isf(_FALSE_ALARMS / (2 * len(kinds)))
    error = float(total.error[0] / total.value[0]) if total.value[0] > 0.0 else np.inf
    spread = (critical + _POWER) * error
    seen = float((1.0 + tolerance) / (1.0 - spread)) if spread < 1.0 else float("inf")
    return Evidence(tuple(found), along is not None, seen)


def _evidence_reasons(evidence: Evidence) -> list[Reason]:
    """What the temperatures of the positions say against "sampling"."""
    worst = _culprit(evidence)
    if worst is not None:
        hot = worst.ratio > 1.0
        remedy = (
            "a smaller learning_rate, or less gradient noise" if hot else "run longer, or restart"
        )
        count = f", the worst of {worst.alarms} of {worst.among}," if worst.alarms > 1 else ""
        text = (
            f"{worst.what}{count} is {worst.ratio:.3g} +- {worst.error:.2g} times T: too "
            f"{'hot' if hot else 'cold'} ({remedy})"
        )
        return [(Outcome.NOT_SAMPLING, text)]
    if evidence.seen > SEEN_HEAT:
        known = evidence.worst[0]
        text = (
            f"the temperature of all weights together, {known.ratio:.3g} times T, is known to "
            f"+- {known.error:.2g} only (collect more draws)"
        )
        return [(Outcome.CANNOT_SAY, text)]
    return []


def _culprit(evidence: Evidence) -> Finding | None:
    """What to name: a weight or a variable if few are out, else what is furthest out.

    A direction, which has no name, only where nothing else is out.
    """
    alarms = [finding for finding in evidence.worst[:3] if finding.beyond > 0.0]
    alarms = alarms or [finding for finding in evidence.worst[3:] if finding.beyond > 0.0]
    few = [finding for finding in alarms if finding.alarms <= finding.among / 2]
    if few:
        return few[-1]
    return max(alarms, key=lambda finding: finding.beyond, default=None)


def rhat_reasons(rhat: float | None, ess: float | None, draws: int, chains: int) -> list[Reason]:
    """What R-hat and ESS of functionals say against "sampling".

    R-hat may be 1.01, or what the largest of 1,000 functionals hardly ever exceeds with as many
    independent draws: 1.05 with four chains of 100.
    """
    halves = 2 * chains
    chance = stats.chi2.isf(1e-6, halves - 1) / (halves - 1)
    limit = max(RHAT_LIMIT, float(np.sqrt(1.0 + max(chance - 1.0, 0.0) / max(draws // 2, 1))))
    reasons = []
    if rhat is None:
        reasons.append((Outcome.CANNOT_SAY, "R-hat was not given (give the largest of `rhat`)"))
    elif not rhat <= limit:
        text = f"the chains have not mixed: R-hat is {rhat:.3g} (run longer or restart)"
        reasons.append((Outcome.NOT_SAMPLING, text))
    if ess is not None and not ess >= MIN_ESS:
        text = f"the draws are worth {ess:.3g} independent ones only (run longer: {MIN_ESS:g})"
        reasons.append((Outcome.CANNOT_SAY, text))
    return reasons


def verdict(reasons: list[Reason], temperature: float, evidence: Evidence | None = None) -> Verdict:
    """The verdict that reasons add up to: any against sampling, else any doubt, else sampling."""
    name = f"T = {temperature:g}"
    against = [text for outcome, text in reasons if outcome is Outcome.NOT_SAMPLING]
    doubts = [text for outcome, text in reasons if outcome is Outcome.CANNOT_SAY]
    if against:
        text = f"this chain is not sampling at {name} because {'; '.join(against)}"
        return Verdict(Outcome.NOT_SAMPLING, text, evidence)
    if doubts:
        text = f"cannot say whether this chain is sampling at {name}, because {'; '.join(doubts)}"
        return Verdict(Outcome.CANNOT_SAY, text, evidence)
    text = f"this chain is sampling at {name}, as far as these diagnostics can tell"
    return Verdict(Outcome.SAMPLING, text, evidence)


def check_draws(
    positions: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray], temperature: float
) -> None:
    """Raises ValueError if these cannot be judged, TypeError if they are no dicts."""
    for argument, given in (("positions", positions), ("gradients", gradients)):
        if not isinstance(given, Mapping):
            raise TypeError(
                f"`{argument}` must be a dict, name of a variable -> [draws, chains, ...], not "
                f"{type(given).__name__}"
            )
    if not temperature > 0.0:
        raise ValueError(
            f"`temperature` must be positive, not {temperature!r}: at 0 nothing samples"
        )
    if not positions or set(positions) != set(gradients):
        raise ValueError("`positions` and `gradients` must have the same names, one at least")
    for name, theta in positions.items():
        if np.ndim(theta) < 2 or np.shape(theta) != np.shape(gradients[name]):
            raise ValueError(
                f"`positions` and `gradients` of {name} must have the same shape "
                f"[draws, chains, ...], not {np.shape(theta)} and {np.shape(gradients[name])}"
            )
    if len({np.shape(theta)[:2] for theta in positions.values()}) > 1:
        raise ValueError("`positions` must have as many draws and chains for every variable")


def _worst(kind: Means, labels: list[str], kinds: int, tolerance: float) -> Finding:
    """The one of a kind that lies furthest out."""
    out = np.maximum(kind.excess(1.0 + tolerance), -kind.excess(1.0 - tolerance))
    beyond = out - stats.norm.isf(_FALSE_ALARMS / (2 * kinds * len(labels)))
    i, alarms = int(np.argmax(out)), int((beyond > 0.0).sum())
    value, error = float(kind.value[i]), float(kind.error[i])
    return Finding(labels[i], value, error, float(beyond[i]), alarms, len(labels))


def _joined(parts: list[Means]) -> Means:
    return Means(*(np.concatenate(field) for field in zip(*parts, strict=True)))


def _weight(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name
