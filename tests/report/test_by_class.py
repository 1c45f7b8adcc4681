"""Classes in the report: confusions counted, calibration of one against the rest, generated pictures sorted."""

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from bayesian_gan.evaluation.calibration import class_bins
from bayesian_gan.report.by_class import class_parts, confused, confusions, wilson
from bayesian_gan.report.findings import OfClass, Predictions
from bayesian_gan.report.generators import generator_section


def _predictions(average: np.ndarray, labels: np.ndarray) -> Predictions:
    images = np.zeros((len(labels), 2, 2, 1), np.uint8)
    return Predictions(images, labels, len(labels), average[None].astype(np.float32))


def test_confusions_are_counted_by_true_class_and_answer() -> None:
    counts = confusions(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 1, 0, 0, 2]), 3)
    np.testing.assert_array_equal(counts, [[1, 0, 1], [0, 1, 0], [2, 0, 1]])
    assert confused(counts) == [(2, 0), (0, 2)]
    assert confused(counts, most=1) == [(2, 0)]


def test_one_class_is_set_against_the_rest() -> None:
    average = np.array([[0.9, 0.1, 0.0], [0.9, 0.05, 0.05], [0.2, 0.7, 0.1], [0.2, 0.1, 0.7]])
    zero, one, two = class_bins(average, np.array([0, 1, 1, 2]), num_bins=2)
    np.testing.assert_array_equal(zero.count, [2, 2])
    np.testing.assert_allclose(zero.confidence, [0.2, 0.9])
    np.testing.assert_allclose(zero.accuracy, [0.0, 0.5])
    assert zero.error == pytest.approx(0.5 * 0.2 + 0.5 * 0.4)
    np.testing.assert_allclose(one.confidence, [0.25 / 3, 0.7])
    np.testing.assert_allclose(one.accuracy, [1 / 3, 1.0])
    assert two.error == pytest.approx(0.75 * 0.05 + 0.25 * 0.3)


def test_intervals_are_wilsons() -> None:
    for right, count in ((0, 5), (3, 7), (40, 40)):
        known = binomtest(right, count).proportion_ci(method="wilson")
        low, high = wilson(np.array([right / count]), np.array([count]))
        # scipy has more digits of 1.96.
        np.testing.assert_allclose([low[0], high[0]], [known.low, known.high], atol=1e-4)


def test_few_classes_have_a_matrix_and_many_have_pairs() -> None:
    labels = np.array([0, 0, 1, 2])
    average = np.eye(3)[[0, 1, 1, 2]]
    few = "".join(class_parts(_predictions(average, labels), ["<a>", "b", "c$d"]))
    assert 'class="matrix"' in few
    assert "<table" not in few
    assert "3 of 4 are on the diagonal" in few
    assert "&lt;a&gt;" in few
    assert "<a>" not in few
    labels = np.arange(25).repeat(2)
    average = np.eye(25)[labels]
    average[[5, 12, 13]] = np.eye(25)[[9, 3, 3]]
    names = [f"class {k}" for k in range(25)]
    many = "".join(class_parts(_predictions(average, labels), names))
    assert 'class="matrix"' not in many
    cells = re.findall(r"<td[^>]*>(.*?)</td>", many)
    assert cells == ["class 6", "class 3", "2", "100.0", "class 2", "class 9", "1", "50.0"]
    # The twelve worst are shown: those that were taken for another and those they were taken for.
    drawn = re.findall(r">class (\d+), ", many)
    assert len(drawn) == 12
    assert {"2", "3", "6", "9"} <= set(drawn)


def test_two_classes_have_one_chart() -> None:
    average = np.array([[0.8, 0.2], [0.4, 0.6]])
    text = "".join(class_parts(_predictions(average, np.array([0, 1])), ["no", "yes"]))
    assert "of yes (the other class mirrors it)" in text
    assert re.findall(r">(no|yes), [\d.]+%<", text) == ["yes"]


def test_generated_pictures_stand_by_their_class() -> None:
    images = np.zeros((2, 4, 4, 1), np.uint8)
    classes = [
        OfClass(images, np.array([0.99, 0.4]), 30, 40),
        OfClass(images[:0], np.array([]), 0, 40),
    ]
    row = np.zeros((1, 10, 4, 4, 1), np.uint8)
    pictures: Any = SimpleNamespace(
        generators=[0], same_z=row, interpolations=row, evolution=row, draws=list(range(10))
    )
    run = SimpleNamespace(
        config=SimpleNamespace(num_gen=1),
        posterior=SimpleNamespace(num_generators=1),
        class_names=("odd", "<even>"),
    )
    found: Any = SimpleNamespace(
        run=run, pictures=pictures, real=None, of_classes=classes, film=b"GIF89a"
    )
    text = "".join(generator_section(found))
    assert "<span>odd: 75%</span>" in text
    assert "<i>99%</i><i>40%</i>" in text
    assert "<span>&lt;even&gt;: 0%</span>" in text
    assert "<i>none</i>" in text
    assert "data:image/gif;base64,R0lGODlh" in text
    found.of_classes, found.film = [], bytes(3_000_000)
    text = "".join(generator_section(found))
    assert "of each class" not in text
    assert "too large to show here" in text
