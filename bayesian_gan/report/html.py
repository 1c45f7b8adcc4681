"""Pieces of a page. Every function escapes the words that it is given; what it returns is HTML."""

import base64
import io
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from PIL import Image

from bayesian_gan.evaluation.draws import Verdict

# Letters of a name within a sentence.
LONGEST = 40


def shown(name: str) -> str:
    """A name of the user's within a sentence: not too long, and without turning the line round.

    What it holds of signs that direct the text is left out; letters that are read from the right
    are set apart from the sentence (Unicode Annex 9).
    """
    directs = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    kinds = [(c, unicodedata.bidirectional(c)) for c in name[: LONGEST + 1]]
    kept = "".join(c for c, kind in kinds if kind not in directs)
    if len(kept) > LONGEST:
        kept = f"{kept[:LONGEST]}…"
    turned = any(kind in ("R", "AL") for _, kind in kinds)
    return f"\u2068{kept}\u2069" if turned else kept


def heading(level: int, text: str, anchor: str = "") -> str:
    """`<h1>` to `<h3>`."""
    place = f' id="{escape(anchor)}"' if anchor else ""
    return f"<h{level}{place}>{escape(text)}</h{level}>"


def paragraph(text: str, soft: bool = False) -> str:
    """A paragraph."""
    return f"<p{' class=soft' if soft else ''}>{escape(text)}</p>"


def lead(text: str) -> str:
    """The sentence that a page begins with."""
    return f'<p class="lead">{escape(text)}</p>'


def fold(level: int, title: str, anchor: str, body: Iterable[str], said: str = "") -> str:
    """A part that is closed until it is asked for; a link to it opens it, and print has it open.

    Args:
        level: of the heading, 1 to 3.
        title: always in sight.
        anchor: for links.
        body: HTML.
        said: beside the title.
    """
    beside = f"<span>{escape(said)}</span>" if said else ""
    inner = "\n".join(body)
    return (
        f"<details><summary>{heading(level, title)}{beside}</summary>"
        f'<div id="{escape(anchor)}">{inner}</div></details>'
    )


def code(text: str) -> str:
    """Text as it was typed."""
    return f"<pre>{escape(text)}</pre>"


def cards(values: Iterable[tuple[str, str]]) -> str:
    """Key figures: a value and what it is."""
    inner = "".join(
        f'<div class="card"><b>{escape(value)}</b><span>{escape(what)}</span></div>'
        for value, what in values
    )
    return f'<div class="cards">{inner}</div>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """A table; all columns but the first hold numbers."""

    def row(tag: str, cells: Sequence[str]) -> str:
        inner = "".join(
            f"<{tag}{' class=number' if k else ''}>{escape(cell)}</{tag}>"
            for k, cell in enumerate(cells)
        )
        return f"<tr>{inner}</tr>"

    body = "".join(row("td", cells) for cells in rows)
    return (
        f'<div class="table"><table aria-label="{escape(caption)}"><thead>{row("th", header)}</thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def figure(svg: str, alternative: str, caption: str) -> str:
    """A chart with its caption.

    Args:
        svg: of `bayesian_gan.report.charts`, which is trusted.
        alternative: what the chart shows, for who cannot see it.
        caption: below it.
    """
    return (
        f'<figure><div role="img" aria-label="{escape(alternative)}">{svg}</div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def panels(svgs: Iterable[str], alternative: str, caption: str) -> str:
    """Small charts of one kind, as one figure; see `figure`."""
    return figure(f'<div class="panels">{"".join(svgs)}</div>', alternative, caption)


def charts(figures: Iterable[str]) -> str:
    """Figures side by side where there is room."""
    return f'<div class="charts">{"".join(figures)}</div>'


def picture(image: np.ndarray, alternative: str) -> str:
    """A PNG within the page, uint8 [height, width, 1 or 3]."""
    file = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(
        file, format="PNG", optimize=True
    )
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alternative)}">'


def film(gif: bytes, alternative: str) -> str:
    """A GIF within the page."""
    data = base64.b64encode(gif).decode()
    return f'<img class="film" src="data:image/gif;base64,{data}" alt="{escape(alternative)}">'


def strip(label: str, image: np.ndarray, count: int, alternative: str) -> str:
    """A row of small images with its name before it.

    Args:
        label: the name.
        image: of the row, uint8.
        count: images in the row; ten fill the width.
        alternative: for who cannot see it.
    """
    inner = f'<div style="width:{10 * count}%">{picture(image, alternative)}</div>'
    return f'<div class="strip"><span>{escape(label)}</span><div>{inner}</div></div>'


def marks(label: str, values: Iterable[str]) -> str:
    """Names of the columns of the strips below or above."""
    inner = "".join(f"<i>{escape(value)}</i>" for value in values)
    return f'<div class="strip"><span>{escape(label)}</span><div class="marks">{inner}</div></div>'


def verdicts(found: Iterable[Verdict]) -> str:
    """Findings in words, told apart by a sign and a line, not by colour alone."""
    said = {"good": "good: ", "note": "note: ", "warning": "warning: "}
    inner = "".join(
        f'<li class="{v.level}"><b aria-label="{said[v.level]}">{escape(v.subject)}</b>: {escape(v.text)}</li>'
        for v in found
    )
    return f'<ul class="verdicts">{inner}</ul>'


def flags(values: Iterable[tuple[str, str, bool]]) -> str:
    """Flags in columns: name, value, whether to stress it."""
    inner = "".join(
        f"<li>{'<b>' if strong else ''}<code>--{escape(name)} {escape(value)}</code>"
        f"{'</b>' if strong else ''}</li>"
        for name, value, strong in values
    )
    return f'<ul class="flags">{inner}</ul>'


def unordered(values: Iterable[str]) -> str:
    """A list."""
    return f"<ul>{''.join(f'<li>{escape(value)}</li>' for value in values)}</ul>"


def links(values: Iterable[tuple[str, str]]) -> str:
    """To places in the page."""
    inner = "".join(f'<a href="#{escape(anchor)}">{escape(text)}</a>' for anchor, text in values)
    return f'<nav aria-label="Contents">{inner}</nav>'
