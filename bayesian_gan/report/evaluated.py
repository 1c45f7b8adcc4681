"""What `bayesian-gan evaluate` found, from `evaluation.json`."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bayesian_gan.report import charts, html
from bayesian_gan.report.attacked import attacks_section
from bayesian_gan.report.findings import Findings, picture_of

MAX_COLUMNS = 20
NEIGHBOURS = "nearest_neighbours.png"
OOD_NAMES = {
    "entropy": "entropy",
    "mutual_information": "mutual information",
    "p_real": "P(real)",
}


def evaluation_section(found: Findings) -> list[str]:
    """Empty without the file."""
    evaluation = found.evaluation
    if evaluation is None:
        return []
    return [
        *_classification(evaluation.get("classification") or {}, evaluation.get("baselines") or {}),
        *_samples(
            evaluation.get("samples") or {}, [html.shown(name) for name in found.run.class_names]
        ),
        *_neighbours(found),
        *_outside(evaluation.get("out_of_distribution") or {}),
        *attacks_section(found),
    ]


def _classification(report: dict[str, Any], baselines: dict[str, Any]) -> list[str]:
    """Scores of the posterior, and of baselines, which files of older versions have not."""
    if not report:
        return []
    header = ("", "errors", "error %", "NLL", "Brier", "ECE %", "adaptive")
    named = [
        (f"single samples, {kind}", report["single"][kind]) for kind in ("mean", "best", "worst")
    ]
    named += [(f"average of the first {row['num_samples']}", row) for row in report["averages"]]
    if "calibrated" in report:
        named.append(("the same, calibrated", report["calibrated"]))
    named += [(row["title"], row) for row in baselines.values()]
    rows = [
        (
            name,
            f"{row['errors']:g}",
            f"{100 * row['error_rate']:.2f}",
            f"{row['nll']:.4f}",
            f"{row['brier']:.4f}",
            f"{100 * row['ece']:.2f}",
            f"{100 * row['ece_adaptive']:.2f}",
        )
        for name, row in named
    ]
    return [
        html.heading(3, f"Classification of {report['average']['n']:,} test images"),
        html.table(header, rows, "Scores of classification"),
    ]


def _samples(report: dict[str, Any], class_names: Sequence[str]) -> list[str]:
    parts = []
    for features in report.get("features", {}).values():
        header = (
            "",
            "n",
            "n real",
            "FID",
            "KID",
            "+- s.e.",
            "precision",
            "recall",
            "density",
            "coverage",
        )
        rows = [
            (
                name,
                f"{row['n']:,}",
                f"{row['n_real']:,}",
                f"{row['fid']:.4g}",
                f"{row['kid']:.3g}",
                f"{row['kid_standard_error']:.1g}",
                *(f"{row[key]:.3f}" for key in ("precision", "recall", "density", "coverage")),
            )
            for name, row in features["rows"].items()
        ]
        parts += [
            html.heading(3, f"Generated images, features of {features['note']}"),
            html.table(header, rows, "Quality of generated images"),
            *_between(features["fid_between_generators"]),
            *_classes(features.get("mode_coverage"), class_names),
        ]
    if parts:
        parts.append(
            html.paragraph("FID falls with n: compare rows of equal n only, or KID.", soft=True)
        )
    return parts


def _between(fid: list[list[float]]) -> list[str]:
    """How much generators differ; empty for one."""
    if not 1 < len(fid) <= MAX_COLUMNS:
        return []
    header = ("FID between generators", *(str(j) for j in range(len(fid))))
    rows = [(str(j), *(f"{value:.3g}" for value in row)) for j, row in enumerate(fid)]
    return [html.table(header, rows, "FID between generators")]


def _classes(modes: dict[str, Any] | None, class_names: Sequence[str]) -> list[str]:
    """Which classes each generator makes; empty where no classifier judged them."""
    if modes is None:
        return []
    K, members = sum(share > 0 for share in modes["real"]), len(modes["covered"])
    text = (
        f"Of {K} classes the generators make {modes['covered_by_union']} together (made if its share "
        f"is a tenth of the real one or more); {modes['num_collapsed']} of {members} have collapsed."
    )
    named = [("real images", modes["real"])]
    named += [(f"generator {j}", shares) for j, shares in enumerate(modes["shares"])]
    named += [("all together", modes["union"])]
    if len(class_names) > MAX_COLUMNS:
        return [html.paragraph(text)]
    rows = [(name, *(f"{100 * share:.1f}" for share in shares)) for name, shares in named]
    return [
        html.paragraph(text),
        html.table(("share of class, %", *class_names), rows, "Share of each class"),
    ]


def _neighbours(found: Findings) -> list[str]:
    """The picture of memorisation that `evaluate` draws."""
    image = picture_of(found, NEIGHBOURS)
    if image is None:
        return []
    said = (
        "Generated images that lie nearest to the training set, first in each row, and their nearest training "
        "images."
    )
    return [
        html.heading(3, "Does it know images by heart?"),
        html.paragraph(said, soft=True),
        f'<figure class="whole">{html.picture(image, said)}</figure>',
    ]


def _outside(report: dict[str, Any]) -> list[str]:
    if not report:
        return []
    scores, elsewhere = report["scores"], html.shown(report["data_set"])
    rows = [
        (
            OOD_NAMES.get(name, name),
            f"{score['auroc']:.4f}",
            f"{score['aupr']:.4f}",
            f"{score['n_in']:,}",
            f"{score['n_out']:,}",
        )
        for name, score in scores.items()
    ]
    figures = [
        _histogram(OOD_NAMES.get(name, name), score["histogram"], elsewhere)
        for name, score in scores.items()
    ]
    return [
        html.heading(3, f"Telling test images from {elsewhere}"),
        html.table(("score", "AUROC", "AUPR", "inside", "outside"), rows, "Detection scores"),
        html.charts(figures),
    ]


def _histogram(name: str, histogram: dict[str, Any], outside: str) -> str:
    """Of a score inside and outside: `edges`, and counts `inside` and `outside`."""
    edges = np.asarray(histogram["edges"], float)
    shares = {
        side: np.asarray(histogram[side], float) / max(1.0, float(np.sum(histogram[side])))
        for side in ("inside", "outside")
    }
    x = (edges[1:] + edges[:-1]) / 2.0
    return html.figure(
        charts.lines(
            {"test set": (x, shares["inside"]), outside: (x, shares["outside"])}, name, "share"
        ),
        f"Distribution of {name}: test set around {x @ shares['inside']:.3g}, {outside} around "
        f"{x @ shares['outside']:.3g} in the mean.",
        f"{name.capitalize()} of test images and of images from {outside}.",
    )
