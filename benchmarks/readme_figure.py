#!/usr/bin/env python
"""The README's figure: the few labels that a finished run has, and what it says of test pictures.

    python run_bgan_semi.py --flagfile examples/digits.flags --label_seed 0 --out_dir O
    python benchmarks/readme_figure.py O/bgan_digits_* --out docs/figures/few_labels.png

Left: two labelled pictures of each class. Right: three test pictures of which the average is sure,
and the three of which it is least sure, each with the probabilities of its three likeliest classes
and the entropy. True classes stand above them; a star marks those that the average gets wrong.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import matplotlib as mpl  # noqa: E402

mpl.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

from bayesian_gan.errors import InputError  # noqa: E402
from bayesian_gan.evaluation.predictions import predictions  # noqa: E402
from bayesian_gan.runs.finished import FinishedRun  # noqa: E402
from benchmarks.command_line import parser_of, status_of  # noqa: E402

EACH = 2  # Labelled pictures of a class.
SHOWN = 3  # Test pictures of each kind, and classes of each picture.
BLUE, ORANGE = "#1f5fa8", "#c8560a"


def chosen(entropy: np.ndarray) -> np.ndarray:
    """Places of the pictures that are shown: three quantiles of the surer half, the least sure.

    Args:
        entropy: of the average, [n], n at least 6.
    """
    order = np.argsort(entropy, kind="stable")
    return np.concatenate(
        [order[np.linspace(0, len(order) // 2, SHOWN).astype(int)], order[-SHOWN:]]
    )


def draw(run: FinishedRun, path: Path) -> None:
    """Writes the figure, and prints the row of each test picture."""
    data, split = run.load_data(), run.split
    if split is None or not len(data.test_labels):
        raise InputError(f"{run.path}: no labels or no test set; give a run that has both")
    labelled = np.array(split["indices"])
    images, labels = data.images[labelled], data.labels[labelled]
    found = predictions(run.require_samples(), data.test_images).uncertainty
    figure = plt.figure(figsize=(9.6, 4.0))
    parts = figure.add_gridspec(1, 2, width_ratios=(1.0, 2.2), wspace=0.12)
    few = parts[0].subgridspec(5, 2 * EACH + 1, hspace=0.15, wspace=0.15)
    for k, name in enumerate(run.class_names):
        for j, place in enumerate(np.flatnonzero(labels == k)[:EACH]):
            axes = figure.add_subplot(few[k % 5, (EACH + 1) * (k // 5) + j])
            _picture(axes, images[place])
            axes.set_ylabel(
                name if j == 0 else "", rotation=0, labelpad=8, va="center", fontsize=11
            )
    many = parts[1].subgridspec(2, 2 * SHOWN, hspace=0.9, wspace=0.35)
    for k, place in enumerate(chosen(found.total)):
        row, column = k // SHOWN, 2 * (k % SHOWN)
        truth = run.class_names[data.test_labels[place]]
        star = " *" if found.average[place].argmax() != data.test_labels[place] else ""
        axes = figure.add_subplot(many[row, column])
        _picture(axes, data.test_images[place])
        axes.set_title(f"truth: {truth}{star}", fontsize=10)
        bars = figure.add_subplot(many[row, column + 1])
        _bars(bars, found.average[place], run.class_names, BLUE if row == 0 else ORANGE)
        bars.set_title(f"entropy {found.total[place]:.2f}", fontsize=10)
        print(f"test {place}: truth {truth}, entropy {found.total[place]:.3f} nats")
    figure.text(
        0.23,
        0.965,
        f"{len(labels)} labels in ({len(images) // len(run.class_names)} a class)",
        ha="center",
    )
    figure.text(
        0.65, 0.965, "Labels with their uncertainty out: sure (blue), unsure (orange)", ha="center"
    )
    figure.savefig(path, dpi=130, bbox_inches="tight")
    plt.close(figure)


def _picture(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(image.squeeze(), cmap="gray_r")
    axes.set(xticks=[], yticks=[])


def _bars(axes: Axes, p: np.ndarray, names: tuple[str, ...], colour: str) -> None:
    """Probabilities of the likeliest classes, the first at the top."""
    likeliest = np.argsort(-p)[:SHOWN][::-1]
    axes.barh([names[k] for k in likeliest], p[likeliest], color=colour)
    axes.set(xlim=(0, 1), xticks=[0, 1])
    axes.tick_params(labelsize=9)
    axes.set_xlabel("probability", fontsize=9, labelpad=1)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> int:
    """Draws."""
    parser = parser_of(__doc__)
    parser.add_argument("run", type=Path, metavar="RUN_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.png")
    known = parser.parse_args()
    return status_of(__file__, lambda: draw(FinishedRun(known.run), known.out))


if __name__ == "__main__":
    sys.exit(main())
