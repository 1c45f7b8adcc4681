"""The schema of `evaluation.json`: it is shipped, described, and refuses what it does not know."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError
from schemas import evaluation_schema

from bayesian_gan.commands import evaluate

ROOT = Path(__file__).parents[2]
SCORES = {
    **{"errors": 1, "n": 500, "error_rate": 0.002, "nll": 0.1, "ece": 0.01},
    **{"brier": 0.1, "ece_adaptive": 0.01},
}
SMALLEST: dict[str, Any] = {
    **{"format": 1, "num_samples": 4, "iterations": [10, 20], "seconds": 1.5},
    "baselines": {
        "label_spreading": {
            **{"title": "spreading", "labelled": 3, "unlabelled": 4, "unreached": 0},
            **SCORES,
        }
    },
}


def _check(found: dict[str, Any]) -> None:
    Draft202012Validator(evaluation_schema()).validate(found)


def test_its_version_is_that_of_what_is_written() -> None:
    assert evaluation_schema()["properties"]["format"] == {
        "const": evaluate.FORMAT,
        "description": "version of this schema",
    }
    _check(SMALLEST)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("format",), 2),
        (("new",), 1),
        (("iterations",), []),
        (("baselines", "label_spreading", "error_rate"), 1.5),
        (("baselines", "label_spreading", "new"), 0),
        (("baselines", "another"), {}),
    ],
)
def test_what_it_does_not_know_is_refused(place: tuple[str, ...], value: object) -> None:
    found = copy.deepcopy(SMALLEST)
    inner = found
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    with pytest.raises(ValidationError):
        _check(found)


def test_every_field_is_on_its_page_and_in_the_package() -> None:
    page = (ROOT / "docs" / "reference" / "model_card.md").read_text(encoding="utf-8")
    named = {
        name for code in re.findall(r"`([^`]*)`", page) for name in re.findall(r"[\w.]+", code)
    }
    missing = _names(evaluation_schema()) - named
    assert not missing
    assert "evaluation/evaluation.schema.json" in (ROOT / "setup.py").read_text(encoding="utf-8")


def _names(part: Any) -> set[str]:
    """Names of all properties."""
    if isinstance(part, list):
        return set().union(*map(_names, part))
    if not isinstance(part, dict):
        return set()
    own = set(part["properties"]) if isinstance(part.get("properties"), dict) else set()
    return own.union(*(_names(each) for each in part.values()))
