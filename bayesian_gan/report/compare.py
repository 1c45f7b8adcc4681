"""Several runs side by side."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bayesian_gan.evaluation.calibration import calibration_bins
from bayesian_gan.report import charts, html
from bayesian_gan.report.findings import Findings

# Where a run lies, and what does not decide how it trains.
UNIMPORTANT = ("out_dir", "data_path", "cache_dir", "resume", "download")
MOST_FLAGS = 12


def sections(runs: Sequence[Findings]) -> list[str]:
    """Key figures, the flags that differ, and curves in one chart."""
    names = [f"{chr(65 + k % 26)}: {found.run.path.resolve().name}" for k, found in enumerate(runs)]
    header = (
        "",
        "iterations",
        "samples",
        "error %",
        "NLL",
        "ECE %",
        "single error %",
        "R-hat",
        "ESS",
    )
    rows = [(name, *_row(found)) for name, found in zip(names, runs, strict=True)]
    parts = [
        html.heading(2, "Comparison"),
        html.table(header, rows, "Key figures of the runs"),
        html.paragraph(
            "Error, NLL and ECE are of the average over each run's posterior; R-hat and ESS (bulk) are medians "
            "over functionals of the prediction. Runs of other label sets or data differ by these too.",
            soft=True,
        ),
    ]
    flags = [found.run.config.to_json() for found in runs]
    differing = [
        key for key in flags[0] if key not in UNIMPORTANT and len({str(f[key]) for f in flags}) > 1
    ]
    return [*parts, *_flags(differing, names, flags), _curves(runs)]


def _flags(differing: Sequence[str], names: Sequence[str], flags: Sequence[Any]) -> list[str]:
    """The flags of which the runs have other values; many are folded."""
    title = "Flags that differ"
    if not differing:
        return [html.heading(3, title), html.paragraph("None.")]
    short = [name.partition(":")[0] for name in names]
    rows = [(f"--{key}", *(str(f[key]) for f in flags)) for key in differing]
    table = html.table(("", *short), rows, title)
    if len(rows) > MOST_FLAGS:
        return [html.fold(3, title, "flags", [table], f"{len(rows)}")]
    return [html.heading(3, title), table]


def _row(found: Findings) -> tuple[str, ...]:
    summary: dict[str, Any] = found.run.summary or {}
    cells = dict.fromkeys(("error", "nll", "ece", "single"), "-")
    posterior, single = summary.get("posterior") or {}, summary.get("single") or {}
    if "nll" in posterior:
        cells |= {
            "error": f"{100 * posterior['error_rate']:.2f}",
            "nll": f"{posterior['nll']:.4f}",
        }
    if "error_rate" in single:
        cells["single"] = f"{100 * single['error_rate']:.2f}"
    if found.predictions is not None:
        p = found.predictions
        cells["ece"] = f"{100 * calibration_bins(p.average, p.labels).error:.2f}"
    mixed = found.convergence
    return (
        f"{summary.get('iteration', '-')}",
        f"{posterior.get('num_samples', '-')}",
        cells["error"],
        cells["nll"],
        cells["ece"],
        cells["single"],
        f"{mixed.rhat_median:.2f}" if mixed else "-",
        f"{mixed.ess_median:.0f}" if mixed else "-",
    )


def _curves(runs: Sequence[Findings]) -> str:
    errors, averaged, rhat = {}, {}, {}
    for k, found in enumerate(runs):
        name, log, health = chr(65 + k % 26), found.log, found.health
        if len(log) and "semi_supervised_acc" in log.columns:
            errors[name] = (log["iteration"], 100.0 - log["semi_supervised_acc"])
        if found.predictions is not None:
            numbers, rates, _ = found.predictions.by_number()
            averaged[name] = (numbers, 100.0 * rates)
        if np.isfinite(health["convergence/rhat_median"]).any():
            rhat[name] = (health["iteration"], health["convergence/rhat_median"])
    figures = []
    for series, x, y, said in (
        (errors, "iteration", "test error %", "Test error of the current weights"),
        (averaged, "samples averaged", "error %", "Error against the number of samples averaged"),
        (rhat, "iteration", "R-hat", "Median R-hat of the predictions"),
    ):
        if series:
            last = ", ".join(
                f"{name} ends at {points[1][-1]:.3g}" for name, points in series.items()
            )
            figures.append(
                html.figure(
                    charts.lines(series, x, y, powers=series is averaged),
                    f"{said}: {last}.",
                    f"{said}.",
                )
            )
    return html.charts(figures)
