"""Sections on what the posterior predicts of test images."""

import numpy as np

from bayesian_gan.evaluation.calibration import calibration_bins
from bayesian_gan.evaluation.classification import classification
from bayesian_gan.evaluation.uncertainty import risk_coverage, uncertainty
from bayesian_gan.report import charts, html
from bayesian_gan.report.by_class import class_parts
from bayesian_gan.report.findings import Findings, Predictions, extremes

MAX_BARS = 10

Section = tuple[str, list[str]]


def classification_sections(found: Findings) -> list[Section]:
    """None without predictions."""
    if found.predictions is None:
        return []
    names = tuple(map(html.shown, found.run.class_names))
    return [
        ("Predictions", _numbers(found.predictions)),
        ("Class by class", class_parts(found.predictions, names)),
        ("Test images to look at", _examples(found.predictions, names)),
    ]


def _numbers(p: Predictions) -> list[str]:
    average = p.average
    single = [classification(m, p.labels) for m in p.members]
    score = classification(average, p.labels)
    fixed, adaptive = (
        calibration_bins(average, p.labels, adaptive=adaptive) for adaptive in (False, True)
    )
    parts = uncertainty(p.members)
    wrong = average.argmax(axis=1) != p.labels
    numbers, errors, nll = p.by_number()
    mean_error = float(np.mean([s.error_rate for s in single]))
    by_entropy = risk_coverage(wrong, parts.total)
    by_information = risk_coverage(wrong, parts.epistemic)
    figures = [
        html.figure(
            charts.lines(
                {"average of the first samples": (numbers, 100 * errors)},
                "samples averaged",
                "error %",
                powers=True,
                level=(100 * mean_error, "mean of single samples"),
            ),
            f"Error against number of samples averaged: {_spoken(numbers, 100 * errors, '%')}; single samples "
            f"have {100 * mean_error:.2f}% in the mean.",
            "Error against the number of posterior samples averaged, in the order of collection.",
        ),
        html.figure(
            charts.lines(
                {"average of the first samples": (numbers, nll)},
                "samples averaged",
                "NLL, nats",
                powers=True,
                level=(float(np.mean([s.nll for s in single])), "mean of single samples"),
            ),
            f"Negative log-likelihood against number of samples averaged: {_spoken(numbers, nll, '')}.",
            "Negative log-likelihood likewise: how much probability the true class gets.",
        ),
        html.figure(
            charts.reliability(fixed.confidence, fixed.accuracy, fixed.count),
            "Calibration, percent right at a confidence of: "
            f"{_spoken(100 * fixed.confidence, 100 * fixed.accuracy, '%')}.",
            f"Calibration of the average: 15 bins of equal width, a larger point for more images. ECE "
            f"{100 * fixed.error:.2f}%, with bins of equally many {100 * adaptive.error:.2f}%.",
        ),
        html.figure(
            charts.lines(
                {
                    "least entropy first": (by_entropy.coverage, 100 * by_entropy.risk),
                    "least mutual information first": (
                        by_information.coverage,
                        100 * by_information.risk,
                    ),
                },
                "share of images answered",
                "error % among them",
            ),
            "Selective prediction: error among the answered images, "
            + ", ".join(
                f"{100 * by_entropy.risk[int(np.ceil(share * len(wrong))) - 1]:.2f}% at {share:.0%}"
                for share in (0.5, 0.8, 0.9, 0.95, 1.0)
            )
            + " answered.",
            "Selective prediction: leaving the most uncertain images unanswered should leave fewer errors.",
        ),
    ]
    rows = [
        (name, f"{s.errors}", f"{100 * s.error_rate:.2f}", f"{s.nll:.4f}")
        for name, s in (
            ("best single sample", min(single, key=lambda s: s.nll)),
            ("worst single sample", max(single, key=lambda s: s.nll)),
            (f"average of {len(single)}", score),
        )
    ]
    share = f"{len(p.labels):,} of {p.of:,} test images"
    if len(p.labels) == p.of:
        share = f"all {p.of:,} test images"
    return [
        html.paragraph(f"Of {share}, evenly spaced. Single samples are ordered by NLL.", soft=True),
        html.table(("", "errors", "error %", "NLL"), rows, "Errors of single samples and average"),
        html.paragraph(
            f"Entropy of the average prediction: {parts.total.mean():.4f} nats in the mean, of which "
            f"{parts.aleatoric.mean():.4f} the samples agree on (aleatoric) and {parts.epistemic.mean():.4f} "
            "they disagree about (epistemic, the mutual information)."
        ),
        html.charts(figures),
    ]


def _spoken(x: np.ndarray, y: np.ndarray, unit: str) -> str:
    """At most ten points of a curve, as words."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), 10)).astype(int))
    return ", ".join(f"{x[i]:.4g}: {y[i]:.3g}{unit}" for i in chosen)


def _examples(p: Predictions, names: tuple[str, ...]) -> list[str]:
    average = p.average
    parts = uncertainty(p.members)
    predicted = average.argmax(axis=1)
    confidence = average.max(axis=1)
    wrong = predicted != p.labels
    groups = [
        (
            "Most uncertain",
            "Highest entropy of the average prediction.",
            extremes(p, parts.total),
        ),
        (
            "Most confidently wrong",
            "Wrong, ordered by the probability of the class that was predicted.",
            extremes(p, np.where(wrong, confidence, -np.inf)),
        ),
    ]
    key = html.paragraph(
        "Bars are averaged probabilities, green and underlined the true class; black lines reach from the 5% "
        "to the 95% quantile of the single samples.",
        soft=True,
    )
    sections = [key]
    for title, said, chosen in groups:
        inner = "".join(_example(p, average, i, names) for i in chosen)
        sections += [html.heading(3, title), html.paragraph(said, soft=True)]
        if inner:
            sections.append(f'<div class="examples">{inner}</div>')
        else:
            sections.append(html.paragraph("There are none."))
    return sections


def _example(p: Predictions, average: np.ndarray, i: int, names: tuple[str, ...]) -> str:
    from html import escape

    true, guess = int(p.labels[i]), int(average[i].argmax())
    shown = np.arange(len(names))
    if len(names) > MAX_BARS:
        shown = np.sort(np.argsort(-average[i])[:MAX_BARS])
    low, high = np.quantile(p.members[:, i, shown], (0.05, 0.95), axis=0)
    place = np.flatnonzero(shown == true)
    bars = charts.bars(
        average[i, shown],
        low,
        high,
        [escape(names[k][:2]) for k in shown],
        int(place[0]) if len(place) else -1,
    )
    said = f"true {names[true]}, predicted {names[guess]} with {100 * average[i, guess]:.0f}%"
    # Rows of a table cannot be shown.
    image = html.picture(p.images[i], f"Test image: {said}") if p.images.ndim == 4 else ""
    return f'<figure class="example">{image}{bars}<figcaption>{escape(said)}</figcaption></figure>'
