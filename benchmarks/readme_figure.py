#!/usr/bin/env python
"""The README's figure: the few labels that a finished run has, and what it says of test pictures.

    python run_bgan_semi.py --flagfile examples/digits.flags --label_seed 0 --out_dir O
    python benchmarks/readme_figure.py O/bgan_digits_* --out docs/figures/few_labels.png

Left: a labelled picture of each class. Right: three test pictures of which the average is sure, and
the three of which it is least sure, each with the probabilities of its three likeliest classes and
their entropy. True classes stand above them; a star marks those that the average gets wrong. Its
letters are large enough for a telephone.
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
    figure = plt.figure(figsize=(7.0, 4.6))
    parts = figure.add_gridspec(1, 2, width_ratios=(1.0, 3.6), wspace=0.12)
    few = parts[0].subgridspec(5, 2, hspace=0.2, wspace=0.9)
    for k, name in enumerate(run.class_names):
        axes = figure.add_subplot(few[k % 5, k // 5])
        _picture(axes, images[np.flatnonzero(labels == k)[0]])
        axes.set_ylabel(name, rotation=0, labelpad=9, va="center", fontsize=12)
    many = parts[1].subgridspec(2, 2 * SHOWN, hspace=1.15, wspace=0.55)
    for k, place in enumerate(chosen(found.total)):
        row, column = k // SHOWN, 2 * (k % SHOWN)
        truth = run.class_names[data.test_labels[place]]
        star = "*" if found.average[place].argmax() != data.test_labels[place] else ""
        axes = figure.add_subplot(many[row, column])
        _picture(axes, data.test_images[place])
        axes.set_xlabel(f"truth\n{truth}{star}", fontsize=10.5)
        bars = figure.add_subplot(many[row, column + 1])
        _bars(bars, found.average[place], run.class_names, BLUE if row == 0 else ORANGE)
        bars.set_title(f"entropy\n{found.total[place]:.2f}", fontsize=10.5)
        print(f"test {place}: truth {truth}, entropy {found.total[place]:.3f} nats")
    each = len(images) // len(run.class_names)
    figure.text(0.19, 1.02, f"{len(labels)} labels in,\n{each} a class", ha="center", fontsize=12)
    figure.text(0.62, 1.06, "Labels out, with their uncertainty", ha="center", fontsize=12)
    figure.text(0.62, 1.01, "sure", ha="center", color=BLUE, fontsize=11)
    figure.text(0.62, 0.485, "unsure (* wrong)", ha="center", color=ORANGE, fontsize=11)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)


def _picture(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(image.squeeze(), cmap="gray_r")
    axes.set(xticks=[], yticks=[])


def _bars(axes: Axes, p: np.ndarray, names: tuple[str, ...], colour: str) -> None:
    """Probabilities of the likeliest classes, the first at the top."""
    likeliest = np.argsort(-p)[:SHOWN][::-1]
    axes.barh([names[k] for k in likeliest], p[likeliest], color=colour)
    axes.set(xlim=(0, 1), xticks=[0, 1])
    axes.tick_params(labelsize=10.5)
    axes.set_xlabel("probability", fontsize=10, labelpad=0)
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
