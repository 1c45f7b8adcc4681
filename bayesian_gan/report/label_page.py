"""The page on which a person labels pictures: one file, without network or server."""

import base64
import hashlib
import io
import json
import math
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from bayesian_gan.data.pictures import read_picture
from bayesian_gan.errors import InputError
from bayesian_gan.options.own_data import moved
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.suggest import Suggestions

TEMPLATE = Path(__file__).with_name("label_page.html")
SCRIPT = Path(__file__).with_name("label_page.js")
# Sides of pictures that are larger in their files than in the run.
CARD_SIDE, NEIGHBOUR_SIDE = 264, 112


def label_page(opened: FinishedRun, found: Suggestions, data_path: str | None = None) -> str:
    """The HTML document.

    Its policy lets no script run but its own, and nothing be requested. Texts of files and classes
    stand in it as JSON in which no < is left, and come into the page as text.

    Args:
        opened: the run.
        found: what is suggested.
        data_path: where its data lie now; None where the run had them. Pictures that have files are
            shown as these are, not as the networks see them.
    """
    folder = _folder(opened, data_path)
    neighbours = sorted({i for each in found.chosen for i in each.neighbours})
    place = {i: k for k, i in enumerate(neighbours)}
    data: dict[str, Any] = {
        "classes": found.class_names,
        "cards": [
            {
                "path": each.path,
                "guess": each.guess,
                "probability": 0.0 if math.isnan(each.probability) else each.probability,
                "why": each.why,
                "image": _picture(found, each.place, folder, opened, CARD_SIDE),
                "neighbours": [place[i] for i in each.neighbours],
            }
            for each in found.chosen
        ],
        "pictures": [_picture(found, i, folder, opened, NEIGHBOUR_SIDE) for i in neighbours],
        "labels": [found.label_of[i] for i in neighbours],
        "known": [[row.path, row.label, row.split] for row in found.known],
    }
    data["id"] = f"bayesian-gan-{hashlib.sha256(json.dumps(data).encode()).hexdigest()[:16]}"
    script = SCRIPT.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    name = opened.path.resolve().name
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"Label {len(found.chosen)} pictures for {name}"),
        run=escape(name),
        old=f"{len(found.known):,}",
        hash=f"sha256-{digest}",
        data=_embedded(data),
        script=script,
    )


def _embedded(value: Any) -> str:
    """JSON that HTML passes over: nothing in it can end the element that holds it."""
    text = json.dumps(value)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _folder(opened: FinishedRun, data_path: str | None) -> Path | None:
    """Where the run's pictures have files of their own; None where they are arrays."""
    config = opened.config
    kind, _, place = (moved(config, data_path) if data_path else config).dataset.partition(":")
    return Path(place) if kind == "folder" and place else None


def _picture(
    found: Suggestions, i: int, folder: Path | None, opened: FinishedRun, side: int
) -> str:
    """A training image as a PNG within the page; its file where that shows more."""
    image = found.data.images[i]
    picture = Image.fromarray(np.asarray(image[..., 0] if image.shape[-1] == 1 else image))
    if folder is not None:
        try:
            whole = read_picture(
                folder / found.data.image_names[i], background=opened.config.background
            )
        except InputError:
            whole = picture  # It has vanished since; the run's own image is still there.
        if max(whole.size) > max(picture.size):
            whole.thumbnail((side, side))
            picture = whole
    file = io.BytesIO()
    picture.save(file, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
