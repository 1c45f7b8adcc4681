"""What `evaluate` prints of predictions: scores beside baselines, uncertainty, detection."""

from typing import Any

SCORE_ROW = "{:34}{:>8}{:>8}{:>9}{:>9}{:>9}{:>8}{:>10}"


def print_classification(
    report: dict[str, Any],
    baselines: dict[str, Any],
    supervised: dict[str, Any] | None,
    noun: str,
) -> None:
    """The tables of `classification` in `evaluation.json`, and beside them what else was measured.

    Args:
        report: that part of the file.
        baselines: the part of that name; empty without labels.
        supervised: of the run's `summary.json`, errors and NLL, in older ones no more; None where
            there is none.
        noun: what the examples are, in the plural.
    """
    n = report["average"]["n"]
    print(f"\nclassification of {n} test {noun}")
    print(SCORE_ROW.format("", "errors", "of", "error %", "NLL", "Brier", "ECE %", "adaptive"))
    for kind in ("mean", "best", "worst"):
        _print_scores(f"single samples, {kind}", report["single"][kind], n)
    for row in report["averages"]:
        _print_scores(f"average of the first {row['num_samples']}", row, n)
    if "calibrated" in report:
        _print_scores("the same, calibrated", report["calibrated"], n)
    if supervised is not None:
        _print_scores("supervised network", supervised, n)
    for row in baselines.values():
        _print_scores(row["title"], row, n)
    if "calibrated" in report:
        print(report["calibrated"]["text"])
    if baselines:
        print(how_made(baselines, noun))
    print("\nby class" + " " * 26 + f"{'errors':>8}{'of':>8}{'error %':>9}{'NLL':>9}")
    for name, row in report["per_class"].items():
        print(
            f"{name[:33]:34}{row['errors']:8d}{row['n']:8d}{100 * row['error_rate']:9.2f}{row['nll']:9.4f}"
        )
    print(f"\nuncertainty in nats{'':15}{'mean':>8}{'right':>10}{'wrong':>10}")
    for name, values in report["uncertainty"].items():
        cells = "".join(
            f"{'-':>10}" if values[key] is None else f"{values[key]:10.4f}"
            for key in ("mean_of_right", "mean_of_wrong")
        )
        print(f"{name:34}{values['mean']:8.4f}{cells}")
    selective = report["selective"]
    coverages = list(selective["entropy"]["error_rate_at_coverage"])
    print(
        f"\nerror % of the least uncertain{'AURC %':>12}"
        + "".join(f"{100 * float(c):7.0f}%" for c in coverages)
    )
    for name in ("entropy", "mutual_information", "confidence"):
        rates = selective[name]["error_rate_at_coverage"].values()
        print(
            f"by {name:31}{100 * selective[name]['aurc']:8.3f}"
            + "".join(f"{100 * rate:8.2f}" for rate in rates)
        )
    print(f"{'perfect knowledge':34}{100 * selective['perfect']['aurc']:8.3f}")


def _print_scores(name: str, row: dict[str, Any], n: int) -> None:
    """A line; "-" for what is not known."""
    errors = f"{row['errors']:.1f}" if row["errors"] % 1 else f"{row['errors']:.0f}"
    cells = (
        f"{times * row[score]:.{digits}f}" if score in row else "-"
        for score, times, digits in (
            ("error_rate", 100, 2),
            ("nll", 1, 4),
            ("brier", 1, 4),
            ("ece", 100, 2),
            ("ece_adaptive", 100, 2),
        )
    )
    print(SCORE_ROW.format(name, errors, n, *cells))


def how_made(baselines: dict[str, Any], noun: str) -> str:
    """How the baselines of `evaluation.json` were made, in words; `noun` as above."""
    regression, spreading = baselines["logistic_regression"], baselines["label_spreading"]
    if regression["strength"] is None:
        chosen = "one class alone has labels"
    elif regression["folds"]:
        chosen = f"C = {regression['strength']:.3g} by {regression['folds']}-fold cross-validation"
    else:
        chosen = f"C = {regression['strength']:.3g}, for a class has a single label"
    said = f"the regression learns from the labels alone, {chosen}"
    if spreading["unreached"]:
        said += (
            f"; no label spreads to {spreading['unreached']} test {noun}, which have the labels' "
            "frequencies"
        )
    return said


def print_detection(report: dict[str, Any]) -> None:
    """The table of `out_of_distribution` in `evaluation.json`."""
    first = next(iter(report["scores"].values()))
    print(
        f"\ntelling {first['n_out']} images of {report['data_set']} from {first['n_in']} test images"
        f"\n{'':34}{'AUROC':>8}{'AUPR':>8}   (chance {first['share']:.3f})"
    )
    for name, score in report["scores"].items():
        print(f"by {name:31}{score['auroc']:8.4f}{score['aupr']:8.4f}")
