"""Whether a player's weights have settled: norms, energies and configurational temperature together."""

import numpy as np

from bayesian_gan.evaluation.draws import Verdict
from bayesian_gan.report.tables import Table, late, mean_of_known
from bayesian_gan.report.trend import MIN_ROWS, mean, trend

# Of players without a trend in their norms so few are said to have one; of energies likewise.
FALSE_ALARMS = 0.01
# Of fewer measurements a trend may be seen, but none is no good news.
ENOUGH_ROWS = 10
# A norm that changed by more has not settled, whatever its scatter is.
NORM_DRIFT = 0.05
# A mean position over a chain of t iterations takes the share tau / t off the configurational
# temperature, tau the memory of the slowest weights: within a fifth of T, a chain is long enough.
TEMPERATURE_TOLERANCE = 0.2


def settling(sampled: Table, player: str) -> Verdict:
    """Settled, if neither norms nor energies have a trend, and positions are as hot as was asked for.

    Args:
        sampled: the rows of `health.csv` after the warm-up, of which the second half counts.
        player: "discriminator" or "generator".
    """
    subject = f"Weights of the {player}s"
    found = [find(sampled, player) for find in (_norms, _energies, _positions)]
    moving, unknown, calm = (
        "; ".join(text for level, text in found if level == each)
        for each in ("moving", "unknown", "calm")
    )
    if moving:
        return Verdict(
            "note",
            subject,
            f"have not settled: {moving}. The chain is still on its way to where the prior and the "
            "data balance; run longer.",
        )
    if unknown:
        return Verdict("note", subject, f"whether they are settled cannot be said: {unknown}.")
    return Verdict("good", subject, f"have settled: {calm}.")


Finding = tuple[str, str]


def _norms(sampled: Table, player: str) -> Finding:
    level, change, text = _changes(sampled, f"weight_norm/{player}_", "norms")
    return ("moving" if abs(change) > NORM_DRIFT else level), text


def _energies(sampled: Table, player: str) -> Finding:
    level, _, text = _changes(sampled, f"energy/{player}_", "energies")
    return level, text


def _changes(sampled: Table, prefix: str, name: str) -> tuple[str, float, str]:
    """What is found of several series, the relative change, and both in words.

    The change is the largest that is beyond its scatter, else that of the mean over the series. The
    mean sees a slow drift that all share; single series see what cancels in it.
    """
    columns = [late(values) for values in sampled.matching(prefix).values()]
    columns = [values for values in columns if len(values) >= MIN_ROWS]
    if not columns:
        return "unknown", 0.0, f"{name} were measured too seldom"
    rows = min(map(len, columns))
    together = np.mean([values[-rows:] for values in columns], axis=0)
    lines = [_change(together, FALSE_ALARMS / 2.0)]
    lines += [_change(values, FALSE_ALARMS / 2.0 / len(columns)) for values in columns]
    beyond = [change for change, significant in lines if significant]
    change = max(beyond, key=abs) if beyond else lines[0][0]
    text = f"{name} changed by {100 * change:+.1f}% over the second half of the sampling"
    if beyond:
        return "moving", change, f"{text}, beyond their scatter"
    if rows < ENOUGH_ROWS:
        return "unknown", change, f"{text}, in {rows} measurements, which are few"
    return "calm", change, f"{text}, within their scatter"


def _change(values: np.ndarray, probability: float) -> tuple[float, bool]:
    """Relative change along a series, and whether chance makes it with less than this probability."""
    line = trend(values)
    assert line is not None
    scale = max(float(np.abs(values).mean()), 1e-12)
    return line.change / scale, line.probability < probability


def _positions(sampled: Table, player: str) -> Finding:
    targets = sampled.matching(f"temperature/{player}s")
    measured = sampled.matching(f"configurational_temperature/{player}s")
    ratios = [measured[name] / targets[name] for name in measured if name in targets]
    series = late(mean_of_known(ratios)) if ratios else np.zeros(0)
    found = mean(series)
    known = [values for values in map(late, targets.values()) if len(values)]
    if found is None or not known:
        return "unknown", "the configurational temperature was measured too seldom"
    target = float(known[0][-1])
    text = (
        f"the configurational temperature is {found.value * target:.3g} +- {found.error * target:.1g}, "
        f"where {target:g} was asked for"
    )
    off, noise = abs(found.value - 1.0), 2.0 * found.error
    if off > TEMPERATURE_TOLERANCE + noise:
        return "moving", text
    if noise > TEMPERATURE_TOLERANCE or len(series) < ENOUGH_ROWS:
        return "unknown", f"{text}: too noisy or too few to say"
    return "calm", text
