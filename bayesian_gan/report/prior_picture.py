"""The picture of a prior: what generators drawn from it make, and what discriminators say."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bayesian_gan.monitoring.grids import image_grid
from bayesian_gan.report.charts import COLOURS, STYLE
from bayesian_gan.runs.prior_predictive import PriorPredictive
from bayesian_gan.storage import write_atomically

SIZE = (13.0, 7.0)
MOST_ROWS, COLUMNS, BINS = 10, 8, 40
GAP = COLOURS[5]


def save_prior_picture(
    path: Path, found: PriorPredictive, title: str, examples: str, real_score: str
) -> None:
    """Writes the picture as a PNG, whole or not at all.

    Args:
        path: of the PNG.
        found: what the networks did.
        title: which prior, of which networks.
        examples: what the discriminators were shown, such as "256 real images".
        real_score: what they say of an example's being real, "P(real)" or "the critic's score".

    Raises:
        OSError: it cannot be written.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        figure.suptitle(title)
        columns = figure.add_gridspec(1, 2, width_ratios=(1.0, 1.35))
        _made(figure.add_subplot(columns[0]), found.generated)
        panels = [_values(found.generated), _real(found.real, examples, real_score)]
        if found.classes is not None:
            panels += [_largest(found, examples), _classes(found.classes)]
        right = columns[1].subgridspec(len(panels) // 2, 2)
        for k, draw in enumerate(panels):
            draw(figure.add_subplot(right[k // 2, k % 2]))
        write_atomically(path, lambda file: figure.savefig(file, format="png", dpi=100))


def _made(axes: Axes, generated: np.ndarray) -> None:
    """A row of images for each generator, or its points; of at most `MOST_ROWS`."""
    rows = min(len(generated), MOST_ROWS)
    axes.grid(visible=False)
    if generated.ndim == 3:
        _points(axes, generated[:rows])
        return
    columns = min(generated.shape[1], COLUMNS)
    images = np.concatenate(list(generated[:rows, :columns]))
    pixels = np.round((np.clip(images, -1.0, 1.0) + 1.0) * 127.5).astype(np.uint8)
    grid = image_grid(pixels, rows, columns)
    axes.imshow(grid.repeat(3, axis=2) if grid.shape[-1] == 1 else grid)
    height, width = pixels.shape[1] + 1, pixels.shape[2] + 1
    # Images may be white to their edge.
    for r in range(1, rows):
        axes.axhline(r * height - 1, color=GAP)
    for c in range(1, columns):
        axes.axvline(c * width - 1, color=GAP)
    axes.set_yticks([(r + 0.5) * height for r in range(rows)], [str(r + 1) for r in range(rows)])
    axes.set_xticks(
        [(c + 0.5) * width for c in range(columns)], [str(c + 1) for c in range(columns)]
    )
    axes.set_title("Generated, before any data: a row for each generator")
    axes.set_xlabel("z, the same in each row")
    axes.set_ylabel("generator drawn from the prior")


def _points(axes: Axes, generated: np.ndarray) -> None:
    """Rows of a table, by their first two columns."""
    for r, rows in enumerate(generated):
        second = rows[:, min(1, rows.shape[1] - 1)]
        colour = COLOURS[r % len(COLOURS)]
        axes.plot(rows[:, 0], second, ".", markersize=4, color=colour, label=f"generator {r + 1}")
    axes.set_title("Generated, before any data")
    axes.set_xlabel("first column, standardised")
    axes.set_ylabel("second column, standardised")
    axes.legend(fontsize=7)


def _values(generated: np.ndarray) -> Callable[[Axes], None]:
    """A histogram of pixels, or of the numbers of rows."""
    of_images = generated.ndim > 3

    def draw(axes: Axes) -> None:
        bins = _bins(-1.0) if of_images else BINS
        _histogram(axes, generated, bins)
        axes.set_title(f"Generated {'pixels' if of_images else 'numbers'}")
        axes.set_xlabel("value, -1 black to 1 white" if of_images else "value, standardised")

    return draw


def _real(real: np.ndarray, examples: str, real_score: str) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        _histogram(axes, real, _bins(0.0))
        axes.set_title(f"Discriminators, shown {examples}")
        axes.set_xlabel(real_score)

    return draw


def _largest(found: PriorPredictive, examples: str) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        assert found.classes is not None
        _histogram(axes, found.largest, _bins(0.0))
        guess = 1.0 / found.classes.shape[-1]
        axes.axvline(guess, color="#444444", linestyle=":", label="all classes alike")
        axes.axvline(found.largest.mean(), color=COLOURS[1], linestyle="--", label="mean")
        axes.set_title(f"Discriminators, shown {examples}")
        axes.set_xlabel("largest class probability")
        axes.legend()

    return draw


def _classes(classes: np.ndarray) -> Callable[[Axes], None]:
    """The mean probability of each class, a row for each discriminator."""

    def draw(axes: Axes) -> None:
        axes.grid(visible=False)
        count, K = len(classes), classes.shape[-1]
        shown = axes.imshow(classes.mean(axis=1), aspect="auto", cmap="Blues", vmin=0.0, vmax=1.0)
        axes.figure.colorbar(shown, ax=axes)
        axes.set_xticks(range(0, K, max(1, K // 10)))
        step = max(1, count // MOST_ROWS)
        axes.set_yticks(range(0, count, step), [str(r + 1) for r in range(0, count, step)])
        axes.set_title("Mean probability of each class")
        axes.set_xlabel("class")
        axes.set_ylabel("discriminator")

    return draw


def _bins(least: float) -> list[float]:
    return [float(edge) for edge in np.linspace(least, 1.0, BINS + 1)]


def _histogram(axes: Axes, values: np.ndarray, bins: list[float] | int) -> None:
    """Shares of all values; a bin's height is what of them it holds."""
    axes.set_axisbelow(True)
    flat = np.asarray(values, np.float64).ravel()
    axes.hist(flat, bins, weights=np.full(flat.size, 1.0 / flat.size), color=COLOURS[0])
    axes.set_ylabel("share")
