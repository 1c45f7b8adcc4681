"""The commands of README's section on pictures of one's own, as they stand but for their minutes."""

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sklearn.datasets import load_digits

from bayesian_gan.data import digits

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "README.md").read_text().split("## Your own pictures")[1].split("\n## ")[0]
COMMANDS = [
    words.split("#")[0].split()
    for words in re.findall(r"^    bayesian-gan (.*)", SECTION, re.MULTILINE)
]


def _run(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bayesian_gan", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1200,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stderr == ""
    return done.stdout


def _label(suggested: Path, labels: Path) -> int:
    """Does what a person does on the page, who knows the digits; returns how many there are."""
    truth = digits.load().labels
    with suggested.open(newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    rows = [f"{path},{truth[int(Path(path).stem)]}" for path in paths]
    labels.write_text("\n".join(["path,label", *rows]))
    return len(rows)


def test_the_section_has_the_five_commands() -> None:
    assert [command[0] for command in COMMANDS] == ["data", "train", "predict", "suggest", "train"]
    assert len(load_digits().images) == 40 + 1257 + 500


@pytest.mark.slow
def test_the_commands_run(tmp_path: Path) -> None:
    """In a minute each: that they fit one another, not how well the networks learn."""
    errors = []
    for command in COMMANDS:
        runs = sorted((tmp_path / "runs").glob("bgan_*"))
        given = [str(runs[-1]) if word == "RUN_DIR" else word for word in command]
        if "--minutes" in given:
            given[given.index("--minutes") + 1] = "1"
        said = _run(given, tmp_path)
        if command[0] == "suggest":
            assert _label(runs[-1] / "suggest.csv", tmp_path / "labels.csv") == 20
            assert (runs[-1] / "suggest.html").stat().st_size > 20_000
        if command[0] == "train":
            (line,) = re.findall(r"^average over .* (\d+) +500 ", said, re.MULTILINE)[-1:]
            errors.append(int(line))
    assert len((tmp_path / "predictions.csv").read_text().splitlines()) == 1 + 1257
    with (tmp_path / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    truth = digits.load().labels
    right = sum(row["label"] == str(truth[int(Path(row["path"]).stem)]) for row in rows)
    assert right > 1257 * 0.6  # Ten classes.
    assert len(errors) == 2
