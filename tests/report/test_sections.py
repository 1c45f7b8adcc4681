"""Sections of a report against what they are given: numbers, places, order of examples."""

import base64
import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from bayesian_gan.evaluation.attacks import FGSM
from bayesian_gan.evaluation.draws import Convergence
from bayesian_gan.evaluation.robustness import Attacked
from bayesian_gan.monitoring.grids import image_grid
from bayesian_gan.report import attacked as attacked_module
from bayesian_gan.report import charts
from bayesian_gan.report.attacked import panel as attacked_panel
from bayesian_gan.report.attacked import save_attacks
from bayesian_gan.report.classification import classification_sections
from bayesian_gan.report.compare import sections as comparison
from bayesian_gan.report.evaluated import evaluation_section
from bayesian_gan.report.findings import Pictures, Predictions
from bayesian_gan.report.generators import generator_section
from bayesian_gan.report.tables import Table


def _score(errors: float) -> dict[str, float]:
    return {
        "errors": errors,
        "n": 500,
        "error_rate": errors / 500,
        "nll": errors / 10,
        "brier": errors / 20,
        "ece": errors / 1000,
        "ece_adaptive": errors / 2000,
    }


def _quality(fid: float) -> dict[str, float]:
    return {
        "n": 5000,
        "n_real": 500,
        "fid": fid,
        "kid": fid / 10,
        "kid_standard_error": 0.002,
        "precision": 0.5,
        "recall": 0.25,
        "density": 0.75,
        "coverage": 0.125,
    }


EVALUATION: dict[str, Any] = {
    "classification": {
        "average": _score(3),
        "averages": [{"num_samples": k} | _score(e) for k, e in ((1, 9), (2, 5), (4, 3))],
        "single": {"mean": _score(7.5), "best": _score(6), "worst": _score(9)},
    },
    "baselines": {
        "logistic_regression": {"title": "regression, 50 components"} | _score(30),
        "label_spreading": {"title": "spreading, 20 <unlabelled>"} | _score(12),
    },
    "samples": {
        "features": {
            "classifier": {
                "note": "a classifier",
                "rows": {"generator 0": _quality(1.5), "generator 1": _quality(2.5)},
                "fid_between_generators": [[0.0, 4.25], [4.5, 0.0]],
                "mode_coverage": {
                    "real": [0.6, 0.4],
                    "shares": [[1.0, 0.0], [0.3, 0.7]],
                    "union": [0.65, 0.35],
                    "covered": [1, 2],
                    "covered_by_union": 2,
                    "num_collapsed": 1,
                },
            }
        }
    },
    "out_of_distribution": {
        "data_set": "others",
        "scores": {
            "entropy": {
                "auroc": 0.975,
                "aupr": 0.625,
                "n_in": 500,
                "n_out": 90,
                "histogram": {"edges": [0, 1, 2], "inside": [400, 100], "outside": [9, 81]},
            }
        },
    },
    "attacks": {
        "n": 1500,
        "note": "no defence",
        "rows": [
            {
                "attack": None,
                "epsilon": None,
                "scores": {"single": _score(4), "average": _score(3)},
                "auroc": {},
            },
            {
                "attack": "pgd",
                "epsilon": 0.25,
                "scores": {
                    "average_from_single": _score(31),
                    "supervised": _score(32),
                    "single": _score(33),
                    "average": _score(34),
                    "average_from_supervised": _score(35),
                },
                "auroc": {"p_real": 0.25, "entropy": 0.5, "mutual_information": 0.75},
            },
        ],
    },
}


def _rows(text: str, label: str) -> list[list[str]]:
    """Cells of the table with this name, without its header."""
    match = re.search(f'<table aria-label="{label}">(.*?)</table>', text)
    assert match is not None
    rows = re.findall(r"<tr>(.*?)</tr>", match[1])[1:]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in rows]


def _pictures(text: str) -> dict[str, np.ndarray]:
    """Pictures by their alternative text."""
    found = re.findall(r'<img src="data:image/png;base64,([^"]*)" alt="([^"]*)">', text)
    return {alt: np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))) for data, alt in found}


def test_evaluation_stands_where_it_belongs(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []

    def lines(*given: Any) -> str:
        drawn.append(given)
        return ""

    monkeypatch.setattr(charts, "lines", lines)
    run = SimpleNamespace(path=tmp_path, class_names=("odd", "even"))
    found: Any = SimpleNamespace(run=run, evaluation=EVALUATION, left_out=[])
    text = "".join(evaluation_section(found))
    assert _rows(text, "Scores of classification") == [
        ["single samples, mean", "7.5", "1.50", "0.7500", "0.3750", "0.75", "0.38"],
        ["single samples, best", "6", "1.20", "0.6000", "0.3000", "0.60", "0.30"],
        ["single samples, worst", "9", "1.80", "0.9000", "0.4500", "0.90", "0.45"],
        ["average of the first 1", "9", "1.80", "0.9000", "0.4500", "0.90", "0.45"],
        ["average of the first 2", "5", "1.00", "0.5000", "0.2500", "0.50", "0.25"],
        ["average of the first 4", "3", "0.60", "0.3000", "0.1500", "0.30", "0.15"],
        ["regression, 50 components", "30", "6.00", "3.0000", "1.5000", "3.00", "1.50"],
        ["spreading, 20 &lt;unlabelled&gt;", "12", "2.40", "1.2000", "0.6000", "1.20", "0.60"],
    ]
    older = {name: part for name, part in EVALUATION.items() if name != "baselines"}
    found.evaluation = older
    assert len(_rows("".join(evaluation_section(found)), "Scores of classification")) == 6
    drawn.pop()
    quality = ["0.500", "0.250", "0.750", "0.125"]
    assert _rows(text, "Quality of generated images") == [
        ["generator 0", "5,000", "500", "1.5", "0.15", "0.002", *quality],
        ["generator 1", "5,000", "500", "2.5", "0.25", "0.002", *quality],
    ]
    assert _rows(text, "FID between generators") == [["0", "0", "4.25"], ["1", "4.5", "0"]]
    assert _rows(text, "Share of each class") == [
        ["real images", "60.0", "40.0"],
        ["generator 0", "100.0", "0.0"],
        ["generator 1", "30.0", "70.0"],
        ["all together", "65.0", "35.0"],
    ]
    assert "Of 2 classes the generators make 2 together" in text
    assert "1 of 2 have collapsed" in text
    assert _rows(text, "Detection scores") == [["entropy", "0.9750", "0.6250", "500", "90"]]
    assert _rows(text, "Errors under attack") == [
        ["none", "-", "-", "4", "3", *5 * ["-"]],
        ["pgd", "0.25", "32", "33", "34", "35", "31", "0.5000", "0.7500", "0.2500"],
    ]
    assert "Errors of 1,500 test images" in text
    assert "no defence" in text
    # Means of the histograms' centres: (0.5 * 400 + 1.5 * 100) / 500 and (0.5 * 9 + 1.5 * 81) / 90.
    ((series, *axes),) = drawn
    assert axes == ["entropy", "share"]
    for name, shares in (("test set", [0.8, 0.2]), ("others", [0.1, 0.9])):
        np.testing.assert_allclose(series[name], [[0.5, 1.5], shares])
    assert "test set around 0.7, others around 1.4 in the mean" in text


def test_a_picture_of_attacks_scales_differences_by_epsilon() -> None:
    clean = np.full((2, 4, 4, 1), 0.5, np.float32)
    attacked = clean.copy()
    attacked[0, 0, 0], attacked[0, 0, 1], attacked[1, 3, 3] = 0.75, 0.25, 0.625
    grid = attacked_panel(clean, attacked, 0.25)[..., 0]
    assert grid.shape == (3 * 5 - 1, 2 * 5 - 1)
    assert (grid[:4, :4] == 128).all()
    assert (grid[5, 0], grid[5, 1], grid[8, 8]) == (191, 64, 159)
    assert (grid[10, 0], grid[10, 1], grid[10, 2], grid[13, 8]) == (255, 0, 128, 191)


def test_attacks_are_drawn_with_the_names_of_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panels: list[Any] = []
    monkeypatch.setattr(attacked_module, "save_panels", lambda *given: panels.append(given))
    images = np.zeros((2, 4, 4, 3), np.float32)
    found = [
        Attacked(FGSM(epsilon), {}, {}, images[[0, 0, 1]], np.array([1, 9, 0]))
        for epsilon in (0.1, 0.2)
    ]
    places = np.array([0, 2])
    drawn = [attacked_module.shown(each, places) for each in found]
    names = ("odd", "an even number")
    save_attacks(tmp_path / "a.png", images, np.array([0, 1]), drawn, names)
    ((path, given, most),) = panels
    assert (path, most) == (tmp_path / "a.png", 2)
    assert [title for title, _ in given] == [
        f"FGSM through the average, epsilon {epsilon}" for epsilon in (0.1, 0.2)
    ]
    axes = Figure().add_subplot()
    given[0][1](axes)
    assert [t.get_text() for t in axes.get_xticklabels()] == [
        "odd\nas\nan even nu…",
        "an even nu…\nas\nodd",
    ]
    assert [t.get_text() for t in axes.get_yticklabels()] == ["clean", "attacked", "difference"]
    assert "difference scaled" in axes.get_xlabel()


def _predictions() -> Predictions:
    """Six images of two classes by two samples; images 1, 3 and 4 are wrong, 4 most confidently."""
    first = np.array([0.99, 0.70, 0.52, 0.60, 0.96, 0.92])
    second = np.array([0.97, 0.80, 0.56, 0.54, 0.98, 0.60])
    labels = np.array([0, 1, 0, 1, 1, 0])
    members = np.stack([np.stack([p, 1 - p], 1) for p in (first, second)]).astype(np.float32)
    images = np.arange(6, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 1), np.uint8)
    return Predictions(images, labels, 6, members)


def test_examples_come_in_their_order() -> None:
    run = SimpleNamespace(class_names=("odd", "even"))
    found: Any = SimpleNamespace(run=run, predictions=_predictions())
    sections = dict(classification_sections(found))
    text = "".join(sections["Test images to look at"])
    uncertain, wrong = text.split("Most confidently wrong")
    captions = [re.findall(r"<figcaption>(.*?)</figcaption>", part) for part in (uncertain, wrong)]
    assert captions[0] == [
        "true odd, predicted odd with 54%",
        "true even, predicted odd with 57%",
        "true even, predicted odd with 75%",
        "true odd, predicted odd with 76%",
        "true even, predicted odd with 97%",
        "true odd, predicted odd with 98%",
    ]
    assert captions[1] == [captions[0][k] for k in (4, 2, 1)]
    # The picture beside a caption is the image that it speaks of.
    pictures = _pictures(wrong)
    assert np.all(pictures["Test image: true even, predicted odd with 97%"] == 4)
    numbers = "".join(sections["Predictions"])
    rows = _rows(numbers, "Errors of single samples and average")
    assert [row[:2] for row in rows] == [
        ["best single sample", "3"],
        ["worst single sample", "3"],
        ["average of 2", "3"],
    ]
    nll = [float(row[3]) for row in rows]
    p = _predictions().members
    each = [-np.log(m[np.arange(6), _predictions().labels]).mean() for m in (*p, p.mean(axis=0))]
    np.testing.assert_allclose(nll, [min(each[:2]), max(each[:2]), each[2]], atol=1e-4)


def test_rows_of_pictures_are_the_generators_that_they_name() -> None:
    rng = np.random.default_rng(0)
    same_z, path, evolution = rng.integers(0, 256, (3, 4, 10, 4, 4, 1), dtype=np.uint8)
    pictures = Pictures([0, 1, 2, 3], same_z, path, evolution, list(range(10)), np.ones(4))
    run = SimpleNamespace(
        config=SimpleNamespace(num_gen=2),
        posterior=SimpleNamespace(num_generators=4),
        class_names=(),
    )
    found: Any = SimpleNamespace(run=run, pictures=pictures, real=None, of_classes=[], film=None)
    text = "".join(generator_section(found))
    shown = _pictures(text)
    for j, name in enumerate(f"{m}, generator {g}" for m in range(2) for g in range(2)):
        for said, images in (
            (f"Images of chain {name}, of the same z as in the other rows", same_z),
            (f"Chain {name}: images between two z", path),
            (f"Chain {name}: the image of one z in each draw", evolution),
        ):
            np.testing.assert_array_equal(shown[said], image_grid(images[j], 1, 10)[..., 0])
    labels = re.findall(r"<span>(chain .*?)</span>", text)
    assert labels == 3 * [f"chain {m}, gen. {g}" for m in range(2) for g in range(2)]


def test_compared_runs_keep_their_numbers_and_flags_that_differ() -> None:
    def run(name: str, lr: float, errors: float) -> Any:
        summary = {
            "iteration": 900,
            "posterior": _score(errors) | {"num_samples": 4},
            "single": _score(2 * errors),
        }
        flags = {"lr": lr, "N": 100, "out_dir": name}
        config = SimpleNamespace(to_json=lambda: flags)
        path = SimpleNamespace(resolve=lambda: SimpleNamespace(name=name))
        empty = Table({})
        return SimpleNamespace(
            run=SimpleNamespace(path=path, config=config, summary=summary),
            log=empty,
            health=empty,
            convergence=Convergence(50, 2, 1.9, 1.5, 3.0, 4.0, 16.0),
            predictions=_predictions(),
        )

    text = "".join(comparison([run("one", 0.1, 5), run("two", 0.2, 10)]))
    rows = _rows(text, "Key figures of the runs")
    assert [row[:5] + row[6:] for row in rows] == [
        ["A: one", "900", "4", "1.00", "0.5000", "2.00", "1.50", "4"],
        ["B: two", "900", "4", "2.00", "1.0000", "4.00", "1.50", "4"],
    ]
    assert _rows(text, "Flags that differ") == [["--lr", "0.1", "0.2"]]
