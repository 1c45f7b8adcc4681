"""Sections on how the training went and how the samplers did."""

import numpy as np

from bayesian_gan.report import charts, html
from bayesian_gan.report.charts import Points
from bayesian_gan.report.findings import Findings
from bayesian_gan.report.tables import Table, mean_of_known

X = "iteration"


def curves_section(found: Findings) -> list[str]:
    """From `log.csv`: means since the save before."""
    log = found.log
    if not len(log):
        return []
    x = log["iteration"]
    energies = {
        "discriminators": (x, log["discriminator_energy"]),
        "generators": (x, log["generator_energy"]),
    }
    figures = [
        html.figure(
            charts.lines(energies, X, "energy per example"),
            f"Energies: {_ends(energies)}.",
            "Energies U / N per example, means over the networks and since the save before.",
        )
    ]
    errors = {
        name: (x, 100.0 - log[column])
        for name, column in (
            ("supervised network", "supervised_acc"),
            ("current discriminators", "semi_supervised_acc"),
        )
        if column in log.columns
    }
    if errors:
        log_scale = all(np.nanmin(y) > 0 for _, y in errors.values())
        figures.append(
            html.figure(
                charts.lines(errors, X, "test error %", log=log_scale),
                f"Test error in percent: {_ends(errors)}.",
                "Test error of the current weights. They are not averaged over the posterior.",
            )
        )
    return [html.charts(figures)]


def health_section(found: Findings) -> list[str]:
    """From `health.csv`."""
    health = found.health
    if not len(health):
        return []
    warm_up = found.run.config.warm_up
    figures = [
        *_temperatures(health.after(warm_up)),
        *_by_player(health, "gradient_norm", "gradient norm", "Norms of the minibatch gradients"),
        *_by_player(health, "weight_norm", "weight norm", "Norms of the weights"),
        *_outputs(health, found.run.config.real_score),
        *_convergence(health.after(warm_up)),
    ]
    said = (
        f"Measured while training, every few iterations; sampling begins after iteration {warm_up:,}. "
        "docs/explanation/mixing.md says what each number means and what the verdicts above rest on."
    )
    return [html.paragraph(said, soft=True), html.charts(figures)]


def _temperatures(sampled: Table) -> list[str]:
    if not len(sampled):
        return []
    found = []
    x = sampled["iteration"]
    for kind, said in (
        ("kinetic", "mean of v^2 in units of what temperature 1 gives"),
        (
            "configurational",
            "mean of (theta - c) dU/dtheta, c the mean so far, on one minibatch: noisy",
        ),
    ):
        series: dict[str, Points] = {}
        for player in ("discriminators", "generators"):
            columns = list(sampled.matching(f"{kind}_temperature/{player}").values())
            columns = [column for column in columns if np.isfinite(column).any()]
            if columns:
                series[player] = (x, mean_of_known(columns))
        targets = list(sampled.matching("temperature/").values())
        targets = [column for column in targets if np.isfinite(column).any()]
        if not series or not targets:
            continue
        target = float(targets[0][np.isfinite(targets[0])][-1])
        found.append(
            html.figure(
                charts.lines(series, X, "temperature", level=(target, "asked for")),
                f"{kind.capitalize()} temperature: {_ends(series)}; asked for: {target:g}.",
                f"{kind.capitalize()} temperature, mean over chains: {said}.",
            )
        )
    return found


def _by_player(health: Table, column: str, label: str, said: str) -> list[str]:
    x = health["iteration"]
    series: dict[str, Points] = {}
    for player in ("discriminator", "generator"):
        columns = list(health.matching(f"{column}/{player}_").values())
        if columns:
            series[f"{player}s"] = (x, mean_of_known(columns))
    return [
        html.figure(
            charts.lines(series, X, label, log=True),
            f"{said}: {_ends(series)}.",
            f"{said}, mean over the networks.",
        )
    ]


def _outputs(health: Table, name: str) -> list[str]:
    series = {}
    for side, images in (("real", "real images"), ("fake", "generated images")):
        columns = [c for n, c in health.matching("p_real/").items() if n.endswith(side)]
        if columns:
            series[images] = (health["iteration"], mean_of_known(columns))
    return [
        html.figure(
            charts.lines(series, X, name),
            f"{name} given by the discriminators: {_ends(series)}.",
            f"{name[0].upper()}{name[1:]} that the discriminators give fixed real images and their chain's "
            "generated ones.",
        )
    ]


def _convergence(sampled: Table) -> list[str]:
    found = []
    for names, label, said, level in (
        (("rhat_median", "rhat_max"), "R-hat", "R-hat over the chains", (1.05, "1.05")),
        (
            ("ess_median", "ess_min"),
            "effective sample size",
            "Effective sample size over all chains",
            None,
        ),
    ):
        series = {
            ("median" if "median" in name else "worst"): (
                sampled["iteration"],
                sampled[f"convergence/{name}"],
            )
            for name in names
        }
        if not any(np.isfinite(y).any() for _, y in series.values()):
            continue
        found.append(
            html.figure(
                charts.lines(series, X, label, level=level),
                f"{said}: {_ends(series)}.",
                f"{said}, of the predictions on fixed images, from all draws so far.",
            )
        )
    return found


def _ends(series: dict[str, Points]) -> str:
    """First and last value of every curve, as words."""
    said = []
    for name, (_, y) in series.items():
        known = y[np.isfinite(y)]
        if len(known):
            said.append(f"{name} from {known[0]:.3g} to {known[-1]:.3g}")
    return ", ".join(said) or "nothing known"
