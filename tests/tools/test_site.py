"""The site of docs/: built without a warning, and what its pages link to outside of docs/ is in it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_site_builds(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path],
        check=True,
        cwd=ROOT,
        timeout=240,
    )
    page = (tmp_path / "how-to" / "terms.html").read_text(encoding="utf-8")
    assert 'href="../repository/examples/own_term.ipynb"' in page
    assert (tmp_path / "repository" / "examples" / "own_term.ipynb").exists()
    assert (tmp_path / "search").is_dir()
