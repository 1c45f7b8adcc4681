"""What GitHub reads: workflows that run what a change must pass, and forms that ask for what a report needs."""

import re
import subprocess
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
    checkout, python, tests = job["steps"]
    assert re.fullmatch(r"actions/checkout@v\d+", checkout["uses"])
    assert re.fullmatch(r"actions/setup-python@v\d+", python["uses"])
    assert python["with"]["python-version"] == "${{ matrix.python }}"
    assert (ROOT / python["with"]["cache-dependency-path"]).exists()
    assert tests == {"run": "bash .ci/run"}


@pytest.mark.parametrize("fails", ["nothing", "lint", "types", "test"])
def test_what_a_change_must_pass_stops_where_it_fails(tmp_path: Path, fails: str) -> None:
    asked = tmp_path / "asked"
    # With a driver on the path nothing is installed.
    programs = {
        "chromedriver": "exit 0",
        "make": f'echo "$PWD $@" >> {asked}; test "$1" != {fails}',
    }
    for name, does in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "run")],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
    )
    every = ["lint", "types", "test"]
    wanted = every[: every.index(fails) + 1] if fails in every else every
    assert asked.read_text().splitlines() == [f"{ROOT} {each}" for each in wanted]
    assert (done.returncode == 0) == (fails == "nothing")


@pytest.mark.parametrize("name", FORMS)
def test_forms_ask_questions_that_github_can_show(name: str) -> None:
    form = _read(f"ISSUE_TEMPLATE/{name}")
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) >= 3
    assert len({field["attributes"]["label"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)
    for field in fields:
        assert re.fullmatch(r"[\w-]+", field["id"])
        assert field["attributes"]["label"].strip()
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
