"""The API reference that `make docs` writes: each public module has its page, names are where users look."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_reference_holds_what_users_import(tmp_path: Path) -> None:
    pytest.importorskip("pdoc")
    subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reference.py"), str(tmp_path)],
        check=True,
        cwd=ROOT,
        env={"PATH": "", "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        timeout=240,
    )
    pages = {str(page.relative_to(tmp_path)) for page in tmp_path.rglob("*.html")}
    for source in (ROOT / "bayesian_gan" / "samplers").glob("[a-z]*.py"):
        assert f"bayesian_gan/samplers/{source.stem}.html" in pages
    assert not [page for page in pages if "commands" in page or "__main__" in page]
    root = (tmp_path / "bayesian_gan.html").read_text()
    assert 'id="BayesianGAN.fit"' in root  # Imported on first use.
    assert 'href="bayesian_gan/samplers.html"' in root
    page = (tmp_path / "bayesian_gan" / "samplers" / "sghmc.html").read_text()
    text = " ".join(re.sub(r"<[^>]*>", "", page).split())
    assert "friction: alpha in [0, 1]: the fraction" in text
    assert "temperature: float | keras.optimizers.schedules.LearningRateSchedule = 1.0" in text
