"""The section of generated pictures."""

from collections.abc import Sequence

import numpy as np

from bayesian_gan.monitoring.grids import image_grid
from bayesian_gan.report import html
from bayesian_gan.report.animation import FILE
from bayesian_gan.report.findings import MAX_ROWS, Findings, OfClass, Pictures

MAX_CLASSES = 10
MAX_FILM = 2_000_000


def generator_section(found: Findings) -> list[str]:
    """Empty without samples."""
    pictures = found.pictures
    if pictures is None:
        return []
    each = found.run.config.num_gen
    total = found.run.posterior.num_generators
    rows = [int(j) for j in np.unique(np.linspace(0, total - 1, min(total, MAX_ROWS)).round())]
    parts = _opening(
        "The same z in every generator",
        f"A row for each generator of the last draw (iteration {pictures.draws[-1]:,}), a column for each "
        "z. Generators that differ in a column have learnt different maps from z to images.",
    )
    if found.real is not None:
        parts.append(
            html.strip("real images", _row(found.real), len(found.real), "Real test images")
        )
    for j, images in zip(pictures.generators, pictures.same_z, strict=True):
        name = f"chain {j // each}, generator {j % each}"
        said = f"Images of {name}, of the same z as in the other rows"
        parts.append(html.strip(_label(j, each), _row(images), len(images), said))
    if len(pictures.generators) < total:
        parts.append(html.paragraph(f"{len(pictures.generators)} of {total} are shown.", soft=True))
    return [
        *parts,
        *_classes(found.of_classes, [html.shown(name) for name in found.run.class_names]),
        *_interpolations(pictures, rows, each),
        *_evolution(pictures, rows, each),
        *_film(found.film),
    ]


def _classes(classes: Sequence[OfClass], names: Sequence[str]) -> list[str]:
    """Empty without labels."""
    if not classes:
        return []
    parts = _opening(
        "What the generators make of each class",
        f"{classes[0].of} images of all generators of the last draw, sorted by the class that the average "
        "over the posterior takes them for: from the surest to the least sure of each, with its probability.",
    )
    for name, found in list(zip(names, classes, strict=True))[:MAX_CLASSES]:
        label = f"{name}: {100 * found.count / found.of:.0f}%"
        if not found.count:
            parts.append(html.marks(label, ("none",)))
            continue
        said = f"Generated images that are taken for {name}, {found.count} of {found.of}"
        parts.append(html.strip(label, _row(found.images), len(found.images), said))
        parts.append(html.marks("", (f"{100 * p:.0f}%" for p in found.probabilities)))
    if len(classes) > MAX_CLASSES:
        parts.append(html.paragraph(f"{MAX_CLASSES} of {len(classes)} are shown.", soft=True))
    return parts


def _interpolations(pictures: Pictures, rows: list[int], each: int) -> list[str]:
    parts = _opening(
        "From one z to another",
        "Straight lines in z. A generator that has learnt the data changes one image into the other "
        "through images that could be real; one that knows its examples by heart jumps.",
    )
    for j, images in zip(rows, pictures.interpolations, strict=True):
        said = f"Chain {j // each}, generator {j % each}: images between two z"
        parts.append(html.strip(_label(j, each), _row(images), len(images), said))
    return parts


def _film(film: bytes | None) -> list[str]:
    """Empty where it was not asked for."""
    if film is None:
        return []
    parts = _opening(
        "One z over the training",
        "The grids of the first generators at each save, the warm-up included, of the same z throughout.",
    )
    if len(film) > MAX_FILM:
        return [
            *parts,
            html.paragraph(f"{FILE}, in the folder of the run, is too large to show here."),
        ]
    return [*parts, html.film(film, "Images of the same z at each save of the training")]


def _evolution(pictures: Pictures, rows: list[int], each: int) -> list[str]:
    parts = _opening(
        "One z over the run",
        "The same z in each generator's collected draws, from the first to the last: how far the chain "
        "moves through generators.",
    )
    parts.append(html.marks("iteration", (f"{draw:,}" for draw in pictures.draws)))
    for j, images in zip(rows, pictures.evolution, strict=True):
        said = f"Chain {j // each}, generator {j % each}: the image of one z in each draw"
        parts.append(html.strip(_label(j, each), _row(images), len(images), said))
    return parts


def _opening(title: str, text: str) -> list[str]:
    """The heading of a part, and what it shows."""
    return [html.heading(3, title), html.paragraph(text, soft=True)]


def _label(j: int, each: int) -> str:
    return f"chain {j // each}, gen. {j % each}"


def _row(images: np.ndarray) -> np.ndarray:
    return image_grid(images, 1, len(images))
