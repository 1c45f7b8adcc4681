"""What a person wants of a report: the score, one picture, the verdict in a sentence, and the mixing."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from bayesian_gan.evaluation.calibration import calibration_bins
from bayesian_gan.evaluation.draws import Verdict
from bayesian_gan.monitoring.grids import image_grid
from bayesian_gan.report import charts, html
from bayesian_gan.report.findings import Findings

MOST_GENERATORS = 4
# Of these the first that is there says how good the run is, and of those below how it mixes.
QUALITY = ("Calibrated", "Calibration", "Collapse")
MIXING = ("The draws", "Sampling", "Sampler health")


def opening(found: Findings, verdicts: Sequence[Verdict]) -> list[str]:
    """Figures, a sentence, a picture, and the two verdicts that matter most.

    Args:
        found: of the run.
        verdicts: all that are said of it.
    """
    return [
        html.cards(_figures(found)),
        html.lead(sentence(found)),
        *_picture(found),
        html.verdicts(leading(verdicts)),
    ]


def sentence(found: Findings) -> str:
    """What came out, against the supervised network where there is one."""
    summary: dict[str, Any] = found.run.summary or {}
    score, other = summary.get("posterior") or {}, summary.get("supervised") or {}
    if not summary:
        return "The run has not ended."
    if not found.run.config.semi:
        return "It learnt from no labels: the pictures are what it made."
    if "errors" not in score:
        return "No error is known: nothing was held out, or nothing was collected."
    said = (
        f"The average of {score['num_samples']} samples makes {score['errors']} errors in "
        f"{score['n']:,} test examples"
    )
    if other:
        said += f", the supervised network on the same labels {other['errors']}"
    return f"{said}."


def leading(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """One on how good it is and one on how it mixes, where there are such."""
    named = {verdict.subject: verdict for verdict in reversed(verdicts)}
    chosen = [
        next((named[subject] for subject in subjects if subject in named), None)
        for subjects in (QUALITY, MIXING)
    ]
    return [verdict for verdict in chosen if verdict is not None]


def counted(verdicts: Sequence[Verdict]) -> str:
    """Such as "3 good, 2 notes, 1 warning"."""
    counts = Counter[str](verdict.level for verdict in verdicts)
    words = {
        "good": ("good", "good"),
        "note": ("note", "notes"),
        "warning": ("warning", "warnings"),
    }
    return ", ".join(f"{counts[k]} {w[counts[k] > 1]}" for k, w in words.items() if counts[k])


def _picture(found: Findings) -> list[str]:
    """Generated pictures; without them how well the probabilities are calibrated."""
    if found.pictures is not None:
        return [_generated(found)]
    if found.predictions is None:
        return []
    p = found.predictions
    bins = calibration_bins(p.average, p.labels)
    said = f"Calibration of the average: how many are right at each confidence. ECE {100 * bins.error:.2f}%."
    drawn = charts.reliability(bins.confidence, bins.accuracy, bins.count)
    return [html.figure(drawn, said, said)]


def _generated(found: Findings) -> str:
    """The real images, then a row of each of some generators, of the same z."""
    assert found.pictures is not None
    rows = [] if found.real is None else [found.real]
    rows += list(found.pictures.same_z[:MOST_GENERATORS])
    columns = min(len(row) for row in rows)
    images = np.concatenate([row[:columns] for row in rows])
    generators = len(rows) - (found.real is not None)
    first = "Real images in the first row, then" * (found.real is not None) or "In the rows"
    said = f"{first} those of {generators} generators, a column for each z."
    grid = image_grid(images, len(rows), columns)
    return (
        f'<figure class="opening">{html.picture(grid, said)}'
        f"<figcaption>{escape(said)}</figcaption></figure>"
    )


def _figures(found: Findings) -> list[tuple[str, str]]:
    summary: dict[str, Any] = found.run.summary or {}
    values = []
    for name, what in (
        ("posterior", "error, posterior average"),
        ("single", "error, last single sample"),
        ("supervised", "error, supervised network"),
    ):
        score = summary.get(name) or {}
        if "errors" in score:
            said = f"{100 * score['error_rate']:.2f}%"
            known = f"({score['errors']} of {score['n']:,}), NLL {score['nll']:.3f}"
            values.append((said, f"{what} {known}{_mixing(score)}"))
    if found.run.num_test == 0:
        values.append(("no test set", "nothing was held out: no error is known"))
    count = (summary.get("posterior") or {}).get("num_samples")
    if count is not None:
        values.append((f"{count}", "discriminator samples collected"))
    if "iteration" in summary:
        values.append((f"{summary['iteration']:,}", "iterations"))
        values.append((_duration(summary["seconds"]), "of training"))
    elif len(found.log):
        last = int(found.log["iteration"][-1])
        values.append((f"{last:,}", f"of {found.run.config.train_iter:,} iterations: not finished"))
    return values


def _mixing(score: dict[str, Any]) -> str:
    """R-hat and effective sample size of the draws' NLL, where they are known."""
    nll = (score.get("mixing") or {}).get("nll")
    if nll is None:
        return ""
    rhat = "infinite" if nll["rhat"] is None else f"{nll['rhat']:.2f}"
    return f", whose R-hat is {rhat} and effective sample size {nll['ess_bulk']:.0f}"


def _duration(seconds: float) -> str:
    minutes = seconds / 60.0
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
