"""docs/reference/options.md is what the declarations of the options give."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_committed_page_is_that_of_the_declarations(tmp_path: Path) -> None:
    page = tmp_path / "options.md"
    subprocess.run(
        [sys.executable, str(ROOT / "tools" / "options_page.py"), str(page)],
        check=True,
        env={"PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    committed = (ROOT / "docs" / "reference" / "options.md").read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8") == committed, "run `make options`"
    assert "| `--temperature` | `1.0` | number, at least 0 |" in committed
