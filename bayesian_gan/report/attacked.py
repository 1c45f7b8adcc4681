"""What attacks did to a run's classifiers: the picture, and the section of a report."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from bayesian_gan.evaluation.robustness import Attacked
from bayesian_gan.monitoring.grids import image_grid
from bayesian_gan.report import html
from bayesian_gan.report.charts import COLUMNS, save_panels
from bayesian_gan.report.findings import Findings, picture_of

PICTURE = "attacks.png"
SHOWN = 6
# Of a class's name below an image.
LETTERS = 11
HEADER = (
    *("attack", "epsilon", "CNN", "single sample", "average", "average, against the CNN"),
    *("average, against the sample", "AUROC, entropy", "mutual information", "P(real)"),
)
SCORES = (
    *("supervised", "single", "average"),
    *("average_from_supervised", "average_from_single"),
)
DETECTORS = ("entropy", "mutual_information", "p_real")


class Shown(NamedTuple):
    """Some images under one attack, float32 [SHOWN, ...] in [0, 1], and what they are taken for."""

    attack: str
    epsilon: float
    images: np.ndarray
    classes: np.ndarray


def shown(found: Attacked, places: np.ndarray) -> Shown:
    """The images at these places under an attack."""
    assert found.attack is not None
    name, epsilon = found.attack.name, found.attack.epsilon
    return Shown(name, epsilon, found.images[places], found.classes[places])


def save_attacks(
    path: Path,
    clean: np.ndarray,
    labels: np.ndarray,
    attacks: Sequence[Shown],
    class_names: Sequence[str],
) -> None:
    """Draws a panel for each attack: images, the attacked ones, and what was added to them.

    Args:
        path: of the PNG, which is written whole or not at all.
        clean: float32 [SHOWN, ...] in [0, 1].
        labels: their classes.
        attacks: on these images.
        class_names: K names.

    Raises:
        OSError: it cannot be written.
    """
    per_attack = len({each.epsilon for each in attacks})
    panels: list[tuple[str, Callable[[Axes], object]]] = [
        (
            f"{each.attack.upper()} through the average, epsilon {each.epsilon:g}",
            partial(_draw, clean, labels, each, class_names),
        )
        for each in attacks
    ]
    save_panels(path, panels, min(COLUMNS, per_attack))


def panel(clean: np.ndarray, attacked: np.ndarray, epsilon: float) -> np.ndarray:
    """Images, attacked images and their differences in three rows, uint8.

    A difference of -epsilon is black, of 0 grey, of epsilon white.
    """
    difference = 0.5 + (attacked - clean) / (2.0 * epsilon)
    rows = np.concatenate([clean, attacked, difference])
    return image_grid(np.rint(255.0 * np.clip(rows, 0.0, 1.0)).astype(np.uint8), 3, len(clean))


def _draw(
    clean: np.ndarray, labels: np.ndarray, each: Shown, names: Sequence[str], axes: Axes
) -> None:
    grid = panel(clean, each.images, each.epsilon)
    axes.imshow(
        grid if grid.shape[-1] == 3 else grid[..., 0],
        cmap="gray",
        vmin=0,
        vmax=255,
        interpolation="nearest",
    )
    height, width = clean.shape[1] + 1, clean.shape[2] + 1
    said = [
        f"{_short(names[true])}\nas\n{_short(names[taken])}"
        for true, taken in zip(labels, each.classes, strict=True)
    ]
    axes.set_xticks((np.arange(len(clean)) + 0.5) * width - 1, said, fontsize=7)
    axes.set_yticks((np.arange(3) + 0.5) * height - 1, ["clean", "attacked", "difference"])
    axes.set_xlabel(
        "true class, as what the average takes the attacked image for;\n"
        "difference scaled: black -epsilon, grey 0, white +epsilon",
        fontsize=8,
    )
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _short(name: str) -> str:
    """What has room below an image."""
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"


def attack_rows(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """The cells of each row of `evaluation.json`, as `HEADER` names them; "-" for what is not there."""
    return [
        (
            row["attack"] or "none",
            "-" if row["epsilon"] is None else f"{row['epsilon']:g}",
            *(
                str(row["scores"][name]["errors"]) if name in row["scores"] else "-"
                for name in SCORES
            ),
            *(f"{row['auroc'][name]:.4f}" if name in row["auroc"] else "-" for name in DETECTORS),
        )
        for row in report["rows"]
    ]


def attacks_section(found: Findings) -> list[str]:
    """Empty where `evaluate` was not asked for attacks."""
    report = (found.evaluation or {}).get("attacks")
    if not report:
        return []
    said = (
        f"Errors of {report['n']:,} test images. The CNN, the last single sample and the average are each "
        "attacked through their own gradients, and the average by what was made against the others too. "
        "AUROC: of telling images attacked through the average from the same images as they were."
    )
    parts = [
        html.heading(3, "Attacked images"),
        html.paragraph(said, soft=True),
        html.table(HEADER, attack_rows(report), "Errors under attack"),
        html.paragraph(report["note"], soft=True),
    ]
    caption = "Test images, the same attacked through the average, and their differences, scaled."
    image = picture_of(found, PICTURE)
    if image is not None:
        parts.append(f'<figure class="whole">{html.picture(image, caption)}</figure>')
    return parts
