"""Do the chains agree? What each predicts of fixed images: traces, ranks, effective sample sizes."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from scipy.stats import rankdata

from bayesian_gan.evaluation.draws import MIN_DRAWS
from bayesian_gan.monitoring.convergence import convergence, mixing
from bayesian_gan.report import charts, html
from bayesian_gan.report.findings import Findings

HEADER = ("log-odds of", "mean", "deviation", "R-hat", "bulk ESS", "tail ESS")
RANK_BINS = 20
LENGTHS = 12

Panel = tuple[str, Callable[[Axes], object]]


def mixing_rows(draws: np.ndarray) -> list[tuple[str, ...]]:
    """A row of `HEADER` for each functional.

    Args:
        draws: [draws, chains, functionals], at least `MIN_DRAWS`.
    """
    found = mixing(draws)
    return [
        (
            f"image {k}",
            f"{draws[..., k].mean():.3f}",
            f"{draws[..., k].std():.3f}",
            f"{found.rhat[k]:.3f}",
            f"{found.ess_bulk[k]:.0f}",
            f"{found.ess_tail[k]:.0f}",
        )
        for k in range(draws.shape[2])
    ]


def trace(iterations: np.ndarray, values: np.ndarray) -> Callable[[Axes], object]:
    """Draws the path of one functional in each chain, [draws, chains], over the iterations."""
    series = {f"chain {c}": (iterations, values[:, c]) for c in range(values.shape[1])}
    return charts.draw_lines(series, "iteration", "log-odds")


def ranks(values: np.ndarray) -> Callable[[Axes], object]:
    """Draws a histogram of the ranks of each chain's draws among all, [draws, chains].

    Chains that agree have flat ones (Vehtari et al. 2021, section 4.3).
    """
    count = values.size
    bins = min(RANK_BINS, max(2, len(values) // 5))
    edges = np.linspace(0.5, count + 0.5, bins + 1)
    order = rankdata(values).reshape(values.shape)
    series = {}
    for c in range(values.shape[1]):
        heights = np.histogram(order[:, c], edges)[0]
        # Twice each corner: steps.
        series[f"chain {c}"] = (np.repeat(edges, 2)[1:-1], np.repeat(heights, 2).astype(float))
    level = (len(values) / bins, "if they agreed")
    return charts.draw_lines(series, "rank among all draws", "draws", level=level)


def grown(iterations: np.ndarray, draws: np.ndarray) -> dict[str, charts.Points]:
    """How the effective sample sizes grow with the draws: iterations and sizes, by what is counted.

    Args:
        iterations: [draws].
        draws: [draws, chains, functionals].
    """
    lengths = np.unique(np.linspace(MIN_DRAWS, len(draws), LENGTHS).astype(int))
    found = [convergence(draws[:length]) for length in lengths]
    x = iterations[lengths - 1]
    names = {"bulk, worst": "ess_min", "tail, worst": "ess_tail_min"}
    if draws.shape[2] > 1:
        names = {"bulk, median": "ess_median", **names}
    return {
        name: (x, np.array([np.nan if f is None else float(getattr(f, key)) for f in found]))
        for name, key in names.items()
    }


def sizes(series: dict[str, charts.Points]) -> Callable[[Axes], object]:
    """Draws what `grown` found.

    Of chains that mix they grow in proportion; where they stop growing, longer chains do not help.
    """
    return charts.draw_lines(series, "iteration", "effective sample size")


def panels(iterations: np.ndarray, draws: np.ndarray) -> dict[str, list[Panel]]:
    """All plots of all functionals, by the name of the file that they share."""
    each = [(f"image {k}", draws[..., k]) for k in range(draws.shape[2])]
    return {
        "trace": [(name, trace(iterations, values)) for name, values in each],
        "rank": [(name, ranks(values)) for name, values in each],
        "ess": [("of all images", sizes(grown(iterations, draws)))]
        + [(name, sizes(grown(iterations, values[..., None]))) for name, values in each],
    }


def mixing_section(found: Findings) -> list[str]:
    """Empty where there are too few draws."""
    iterations, draws = found.chains
    if len(draws) < MIN_DRAWS:
        return []
    rows = mixing_rows(draws)
    k = int(np.argmax(mixing(draws).rhat))
    rhat = rows[k][3]
    said = (
        f"What the {draws.shape[1]} chains predict of {draws.shape[2]} fixed test images, "
        f"{len(draws):,} draws of each after the warm-up. R-hat is rank-normalised and split; "
        "docs/explanation/mixing.md says what is followed and why."
    )
    image = f"image {k}, the one with the largest R-hat, {rhat}"
    figures = [
        html.figure(
            charts.chart(trace(iterations, draws[..., k])),
            f"Log-odds in each chain over the iterations, of {image}.",
            f"Traces of {image}.",
        ),
        html.figure(
            charts.chart(ranks(draws[..., k])),
            f"Histograms of the ranks of each chain's draws among all, of {image}.",
            f"Ranks of each chain's draws among all, of {image}: flat where chains agree.",
        ),
        html.figure(
            charts.chart(sizes(grown(iterations, draws))),
            f"Effective sample sizes as draws were added; bulk {rows[k][4]} and tail {rows[k][5]} of {image}.",
            "Effective sample sizes as draws were added: a straight line where chains mix.",
        ),
    ]
    return [
        html.paragraph(said, soft=True),
        html.charts(figures),
        html.table(HEADER, rows, "Mixing of the chains"),
    ]
