"""README's Python runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
(SNIPPET,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


def _run(program: str, folder: Path) -> str:
    file = folder / "snippet.py"
    file.write_text(program)
    done = subprocess.run(
        [sys.executable, str(file)],
        capture_output=True,
        text=True,
        timeout=1200,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()[-1]


def test_the_snippet_runs(tmp_path: Path) -> None:
    assert "random_state=0)" in SNIPPET
    short = SNIPPET.replace("random_state=0)", "random_state=0, iterations=20)")
    assert re.fullmatch(r"0\.\d{3} of 500 right, 20 samples", _run(short, tmp_path))


@pytest.mark.slow
def test_the_snippet_classifies(tmp_path: Path) -> None:
    said = re.fullmatch(r"(0\.\d{3}) of 500 right, 20 samples", _run(SNIPPET, tmp_path))
    assert said
    # 100 labels: nearest neighbour of the labelled ones has 0.85.
    assert float(said[1]) > 0.9
