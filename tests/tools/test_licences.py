"""docs/reference/licences.md names every package of the lock, with the licence that the package states."""

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "licences.md"


def test_every_package_of_the_lock_has_its_licence_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "tools")
    licences = importlib.import_module("licences")
    needed = licences.needed_for()
    stated = {name: licences.licence(name) for name in needed}
    rows = re.findall(
        r"^\| ([a-z0-9.-]+) \| (.+) \| (.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    told = {name: (licence, by) for name, licence, by in rows if name not in ("package", "---")}
    assert {n: by for n, (_, by) in told.items()} == {
        n: ", ".join(by) for n, by in needed.items()
    }, "run `make licences`"
    run = [name for name, by in needed.items() if by == ["**run**"]]
    assert 70 < len(run) < len(needed)
    assert {"tensorflow", "numpy", "promise"} < set(run)
    # Of a package with two versions in the lock another one may be installed here.
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    several = {n for n in needed if len(re.findall(rf"^{re.escape(n)}==", lock, re.MULTILINE)) > 1}
    installed = {n: text for n, text in stated.items() if text and n not in several}
    assert len(installed) > 90
    assert {n: told[n][0] for n in installed} == installed, "run `make licences`"


def test_no_licence_asks_for_the_source_of_what_imports_it() -> None:
    """GPL and AGPL would; LGPL and MPL would not."""
    text = PAGE.read_text(encoding="utf-8")
    assert not re.search(r"\| A?GPL|GNU (Affero )?General", text)
