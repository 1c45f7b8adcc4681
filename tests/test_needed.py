"""A program whose packages are not installed says in one line how to get them."""

import subprocess
import sys
from pathlib import Path

import pytest

from bayesian_gan.needed import packages_needed

ROOT = Path(__file__).parents[1]
PROGRAMS = (
    ["run_bgan.py"],
    ["run_bgan_semi.py"],
    ["run_bgan_synth.py"],
    ["-m", "bayesian_gan", "train", "--out_dir", "O"],
    ["-m", "bayesian_gan", "classify", "RUN", "picture.png"],
    ["-m", "bayesian_gan"],
)


@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
@pytest.mark.parametrize("in_checkout", [True, False])
def test_without_packages(program: list[str], in_checkout: bool, tmp_path: Path) -> None:
    if program[0] != "-m":
        program = [str(ROOT / program[0]), *program[1:]]
    result = subprocess.run(
        [sys.executable, "-S", "-W", "error", *program],  # -S: no site-packages.
        env={"PYTHONPATH": str(ROOT)},
        cwd=ROOT if in_checkout else tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert "error: " in line
    assert "has no module 'absl': give make " in line
    assert ("make setup" in line) == in_checkout
    assert f"into {ROOT / '.venv'}" in line
    assert line.endswith(f"or pip install {ROOT}")


def test_a_mistake_of_our_own_is_no_missing_package() -> None:
    with pytest.raises(ModuleNotFoundError), packages_needed():
        raise ModuleNotFoundError("no", name="bayesian_gan.absent")
    with pytest.raises(SystemExit), packages_needed():
        raise ModuleNotFoundError("no", name="tensorflow.python")
