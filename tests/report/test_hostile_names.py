"""Fifty names that a stranger chose, on every page: nothing runs, nothing is asked for, nothing is moved.

The runs are not trained: what a page shows of them is drawn at random, and their folders hold the names.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import CHROMIUM, DRIVER, MISSING, Browser

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.report import by_class, charts
from bayesian_gan.report.findings import Findings, OfClass, Pictures, Predictions
from bayesian_gan.report.html import LONGEST, shown
from bayesian_gan.report.label_page import label_page
from bayesian_gan.report.page import page
from bayesian_gan.report.tables import Table
from bayesian_gan.runs.finished import FinishedRun
from bayesian_gan.runs.suggest import Known, Suggestion, Suggestions

needs_browser = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)
VERSION_1 = Path(__file__).parents[1] / "posterior" / "version_1" / "semi"
RAN = "window.ran=1"
NAMES = (
    # What ends an element, or begins one that runs.
    *(f"<script>{RAN}</script>", f"</script><script>{RAN}</script>", f"<svg onload={RAN}>"),
    *(f"<img src=x onerror={RAN}>", f'"><img src=x onerror={RAN}>', f"'><svg/onload={RAN}>"),
    *(
        f"<body onload={RAN}>",
        f"<iframe src='javascript:parent.{RAN}'>",
        "<!--",
        "-->",
        "<!--<script>",
    ),
    *("]]>", "<![CDATA[", "</style><style>*{display:none}</style>", "</title>", "</svg>", "</pre>"),
    *(
        "</table></div></details>",
        "<base href=http://127.0.0.1:9/>",
        "<link rel=stylesheet href=//x>",
    ),
    *(f"<meta http-equiv=refresh content='0;url=javascript:{RAN}'>", "<plaintext>", "<textarea>"),
    # What ends an attribute, or asks for something.
    *('"', "'", '" onmouseover="window.ran=1', "' autofocus onfocus='window.ran=1", "`", "\\"),
    *(f"javascript:{RAN}", "url(http://127.0.0.1:9/x.png)", "http://127.0.0.1:9/", "//127.0.0.1:9"),
    # References, templates and formulas.
    *("&lt;script&gt;", "&#60;", "&", "&amp;amp;", "${x}", "$title $body", "{{7*7}}", "%(x)s"),
    *(r"$x_{", r"\frac{1}{0}", "=1+1"),
    # What turns the line, joins, or is long.
    *(
        "\u202egnp.exe",
        "\u2067\u05d0\u05d1 x",
        "\u2069\u202ex",
        "a\u0301" * 50,
        "\u200b\ufeff",
        "שלום",
    ),
    *("x" * 10_000, "W W " * 2_500, "<" * 10_000, "🦆" * 100),
)
COUNT = 10  # Classes of a run.


def test_there_are_enough() -> None:
    assert len(set(NAMES)) == len(NAMES) >= 50
    assert {10_000} <= {len(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_in_a_sentence_is_short_and_directs_nothing(name: str) -> None:
    found = shown(name)
    assert len(found) <= LONGEST + 3
    inner = found.removeprefix("\u2068").removesuffix("\u2069")
    assert not set(inner) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert shown("cat") == "cat"


# ------------------------------------------------------------------------------- the runs


def _run(folder: Path, names: tuple[str, ...]) -> FinishedRun:
    """A folder of version 1, of which every word is one of the names."""
    shutil.copytree(VERSION_1, folder)
    config = json.loads((folder / "config.json").read_text())
    config["command"] = ["run_bgan_semi.py", *names]
    config["versions"] = {f"{name[:200]}": name for name in names}
    config["flags"] |= {"out_dir": names[0], "data_path": names[1]}
    (folder / "config.json").write_text(json.dumps(config))
    data = json.loads((folder / "data.json").read_text())
    data |= {"class_names": list(names), "name": names[2], "provenance": names[3]}
    (folder / "data.json").write_text(json.dumps(data))
    return FinishedRun(folder)


SCORE = {
    **{"errors": 1, "n": 20, "error_rate": 0.05, "nll": 0.1, "ece": 0.01},
    **{"brier": 0.1, "ece_adaptive": 0.01},
}


def _findings(opened: FinishedRun) -> Findings:
    """All that a page shows, at random; of every class there is something."""
    rng, names = np.random.default_rng(0), opened.class_names
    labels = np.arange(40) % COUNT
    members = rng.dirichlet(np.ones(COUNT), (4, len(labels))).astype(np.float32)
    images = rng.integers(0, 256, (40, 8, 8, 1), np.uint8)
    row = images[:10]
    iterations = np.arange(1.0, 6.0)
    table = Table({"iteration": iterations, "semi_supervised_acc": iterations})
    rates = dict.fromkeys(("fid", "kid", "kid_standard_error"), 1.0) | dict.fromkeys(
        ("precision", "recall", "density", "coverage"), 0.5
    )
    shares = [[0.1] * COUNT] * 2
    modes = {
        **{"real": [0.1] * COUNT, "shares": shares, "union": [0.1] * COUNT, "covered": [10, 10]},
        **{"covered_by_union": 10, "num_collapsed": 0},
    }
    detection = {
        **{"auroc": 0.5, "aupr": 0.5, "n_in": 2, "n_out": 2},
        "histogram": {"edges": [0.0, 1.0, 2.0], "inside": [1, 1], "outside": [1, 1]},
    }
    evaluation: dict[str, Any] = {
        "classification": {
            "single": dict.fromkeys(("mean", "best", "worst"), SCORE),
            "averages": [{"num_samples": 4, **SCORE}],
            "average": SCORE,
        },
        "baselines": {"x": {"title": names[4], **SCORE}},
        "samples": {
            "features": {
                "x": {
                    "note": names[5],
                    "rows": {names[6]: {"n": 20, "n_real": 20, **rates}},
                    "fid_between_generators": [[0.0, 1.0], [1.0, 0.0]],
                    "mode_coverage": modes,
                }
            }
        },
        "out_of_distribution": {"data_set": names[7], "scores": {names[8]: detection}},
        "attacks": {
            **{"n": 20, "note": names[9]},
            "rows": [{"attack": names[0], "epsilon": 0.1, "scores": {}, "auroc": {}}],
        },
    }
    return Findings(
        opened,
        log=table,
        health=Table({"iteration": iterations, "convergence/rhat_median": iterations}),
        chains=(np.arange(5), rng.standard_normal((5, 2, 4))),
        convergence=None,
        evaluation=evaluation,
        predictions=Predictions(images, labels, 40, members),
        pictures=Pictures(
            list(range(4)),
            np.stack([row] * 4),
            np.stack([row] * 4),
            np.stack([row] * 4),
            [500] * 10,
            np.ones(4),
        ),
        of_classes=[OfClass(row, np.linspace(1, 0.5, 10), 10, 400) for _ in names],
        real=row,
        real_deviation=1.0,
        left_out=list(names),
    )


def _label_page(opened: FinishedRun) -> str:
    """Asks about a picture of each of the names; all of them are classes too."""
    images = np.random.default_rng(1).integers(0, 256, (len(NAMES), 8, 8, 1), np.uint8)
    places, nothing = np.arange(len(NAMES), dtype=np.int32), np.zeros(0, np.int32)
    data = ImageData(images, places, images[:0], nothing, NAMES, "x", "x", names=NAMES)
    chosen = tuple(
        Suggestion(k, name, name, 0.5, (), name, tuple((k + i) % len(NAMES) for i in range(4)))
        for k, name in enumerate(NAMES)
    )
    known = tuple(Known(name, name, "") for name in NAMES)
    return label_page(opened, Suggestions(data, NAMES, chosen, known, dict(enumerate(NAMES)), ()))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each page in a file: the comparison has whole reports of runs with all names in it."""
    place = tmp_path_factory.mktemp("pages")
    starts = [*range(0, len(NAMES) - COUNT, COUNT), len(NAMES) - COUNT]
    runs = [
        _run(place / f"{k}<img src=x onerror={RAN}>\u202e$x_{{", NAMES[k : k + COUNT])
        for k in starts
    ]
    found = [_findings(each) for each in runs]
    with pytest.MonkeyPatch.context() as patch:
        # Drawing takes seconds: of each kind of chart with the same names one.
        patch.setattr(charts, "lines", _once(charts.lines))
        patch.setattr(charts, "reliability", _once(charts.reliability))
        patch.setattr(by_class, "MOST_PANELS", 2)
        texts = {"report": page(found[:1]), "comparison": page(found)}
    texts["suggest"] = _label_page(runs[0])
    paths = {}
    for name, text in texts.items():
        paths[name] = place / f"{name}.html"
        paths[name].write_text(text, encoding="utf-8")
    return paths


def _once(draw: Callable[..., str]) -> Callable[..., str]:
    kept: dict[Any, str] = {}

    def drawn(first: Any, *rest: Any, **options: Any) -> str:
        texts = tuple(each for each in rest if isinstance(each, str))
        key = (tuple(first) if isinstance(first, dict) else None, texts)
        if key not in kept:
            kept[key] = draw(first, *rest, **options)
        return kept[key]

    return drawn


def test_a_class_is_no_formula_of_a_chart() -> None:
    svg = charts.chart(lambda axes: axes.set_title(r"$x_{ $\frac"), (1.9, 1.9))
    assert r"$x_{ $\frac" in svg


@pytest.fixture(scope="module", params=[1280, 390])
def window(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A window of the width of a desk, and one of a telephone."""
    with Browser(tmp_path_factory.mktemp("browser"), request.param, 900) as opened:
        yield request.param, opened


LOOK = """
for (const part of document.querySelectorAll("details")) part.open = true;
for (const image of document.images) image.scrollIntoView();
const tall = [...document.querySelectorAll("figure svg")].map((s) => s.getBoundingClientRect());
return {
  ran: window.ran !== undefined,
  width: document.documentElement.scrollWidth,
  unloaded: [...document.images].filter((i) => !i.naturalWidth).length,
  strange: [...document.querySelectorAll("iframe, base, object, embed, form, textarea, plaintext")].length,
  handlers: [...document.querySelectorAll("*")].filter(
    (e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length,
  flat: tall.filter((r) => r.width < 20 || r.height < 20).length,
  title: document.title,
};
"""


@needs_browser
def test_nothing_runs_is_asked_for_or_moved(
    window: tuple[int, Browser], pages: dict[str, Path]
) -> None:
    width, opened = window
    broken = []
    for name, path in pages.items():
        opened.requests()
        opened.complaints()
        opened.open(path)
        found = opened.run(LOOK)
        wrong = {key: value for key, value in found.items() if key != "title" and value}
        if found["width"] <= width:
            wrong.pop("width")
        asked, said = opened.requests(), opened.complaints()
        if wrong or asked != [path.as_uri()] or said:
            broken.append((name, wrong, asked, said[:3]))
    assert not broken


@needs_browser
def test_a_script_would_be_seen(window: tuple[int, Browser], tmp_path: Path) -> None:
    _, opened = window
    path = tmp_path / "evil.html"
    path.write_text(f"<script>{RAN}</script><img src=x.png><div style='width:9999px'>x</div>")
    opened.requests()
    opened.open(path)
    found = opened.run(LOOK)
    assert found["ran"]
    assert found["unloaded"]
    assert found["width"] >= 9999
    assert len(opened.requests()) > 1
    opened.complaints()
