"""What GitHub reads: workflows that run what a change must pass, and forms that ask for what a report needs."""

import re
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
FORMS = ("bug_report.yml", "feature_request.yml")


def _read(name: str) -> dict[Any, Any]:
    found = yaml.safe_load((GITHUB / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_the_workflow_runs_what_a_change_must_pass() -> None:
    workflow = _read("workflows/ci.yml")
    # YAML 1.1, which PyYAML reads, takes the word "on" for True.
    assert set(workflow[True]) == {"push", "pull_request"}
    assert workflow["permissions"] == {"contents": "read"}
    (job,) = workflow["jobs"].values()
    assert job["runs-on"].startswith("ubuntu-")
    versions = job["strategy"]["matrix"]["python"]
    # As texts: 3.10 would be the number 3.1.
    assert versions == ["3.11", "3.13"]
    least, below = re.findall(
        r'python_requires=">=3\.(\d+),<3\.(\d+)"', (ROOT / "setup.py").read_text()
    )[0]
    assert versions == [f"3.{least}", f"3.{int(below) - 1}"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["bash .ci/run"]
    assert (ROOT / ".ci" / "run").exists()
    for step in job["steps"]:
        assert "uses" not in step or re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])


@pytest.mark.parametrize("name", FORMS)
def test_forms_ask_questions_that_github_can_show(name: str) -> None:
    form = _read(f"ISSUE_TEMPLATE/{name}")
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) >= 3
    assert len({field["attributes"]["label"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)
    for field in fields:
        assert field["type"] in ("textarea", "input", "dropdown", "checkboxes")


def test_a_report_of_a_bug_has_what_the_doctor_asks_for() -> None:
    fields = {field["id"]: field for field in _read("ISSUE_TEMPLATE/bug_report.yml")["body"]}
    assert "bayesian-gan doctor" in fields["doctor"]["attributes"]["label"]
    assert all(fields[each]["validations"]["required"] for each in ("command", "said", "doctor"))
    assert "config" in fields


def test_there_is_nothing_else_to_choose() -> None:
    assert _read("ISSUE_TEMPLATE/config.yml") == {"blank_issues_enabled": False}
    found = {path.name for path in (GITHUB / "ISSUE_TEMPLATE").iterdir()}
    assert found == {*FORMS, "config.yml"}
    assert "CONTRIBUTING.md" in (GITHUB / "PULL_REQUEST_TEMPLATE.md").read_text()
