"""The Dockerfiles: what they copy is there and is sent to the builder, nobody is root, all is pinned."""

import fnmatch
import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "Dockerfile", ROOT / "examples" / "serve" / "Dockerfile"]
PINNED = re.compile(r"[a-z/]+:\d+\.\d+\.\d+-[a-z]+-[a-z]+")


class Step(NamedTuple):
    """An instruction and what follows it."""

    name: str
    rest: str


def _steps(path: Path) -> list[Step]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n", " ", "\n".join(lines))
    return [Step(*line.split(maxsplit=1)) for line in whole.splitlines() if line.strip()]


def _copied(steps: list[Step]) -> list[str]:
    """What is copied from the folder that is built."""
    copies = [shlex.split(rest) for name, rest in steps if name in ("COPY", "ADD")]
    return [source for words in copies if "--from=build" not in words for source in words[:-1]]


def _in(folder: Path) -> list[str]:
    """The names in a folder; none in a file."""
    return [path.name for path in folder.iterdir()] if folder.is_dir() else []


def _is_sent(name: str, rules: list[str]) -> bool:
    """Whether `.dockerignore` leaves a path in; the last rule that fits it, or a folder of it, decides."""
    parts = Path(name).parts
    above = ["/".join(parts[: k + 1]) for k in range(len(parts))]
    sent = True
    for rule in rules:
        pattern = rule.removeprefix("!")
        # `**/` stands for any folder, or none.
        patterns = (pattern, pattern.removeprefix("**/"))
        if any(fnmatch.fnmatch(each, p) for each in above for p in patterns):
            sent = rule.startswith("!")
    return sent


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_what_is_copied_is_there(path: Path) -> None:
    ignored = path.parent / ".dockerignore"
    rules = []
    if ignored.exists():
        lines = ignored.read_text().splitlines()
        rules = [line for line in lines if line and not line.startswith("#")]
    copied = _copied(_steps(path))
    assert len(copied) >= 6
    for source in copied:
        assert (path.parent / source).exists(), source
        assert _is_sent(source, rules), source


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_the_base_is_pinned_and_the_user_is_not_root(path: Path) -> None:
    steps = _steps(path)
    bases = [rest.split()[0] for name, rest in steps if name == "FROM"]
    assert all(PINNED.fullmatch(base) for base in bases)
    users = [rest for name, rest in steps if name == "USER"]
    assert len(users) == 1
    assert int(users[-1]) >= 1000
    last = max(k for k, step in enumerate(steps) if step.name == "FROM")
    assert "USER" in [step.name for step in steps[last:]]
    for name, rest in steps:
        if name in ("CMD", "ENTRYPOINT"):
            assert all(isinstance(word, str) for word in json.loads(rest))


def test_only_what_the_image_needs_is_sent() -> None:
    rules = (ROOT / ".dockerignore").read_text().splitlines()[1:]
    for name in (".git", ".venv", "runs/bgan_1/config.json", "docs", "tests", "examples"):
        assert not _is_sent(name, rules), name
    assert _is_sent("bayesian_gan/gan/step.py", rules)
    assert not _is_sent("bayesian_gan/gan/__pycache__/step.pyc", rules)


def test_training_is_installed_from_the_lock_for_a_processor_or_a_gpu() -> None:
    steps = _steps(FILES[0])
    assert Step("ARG", "TENSORFLOW=tensorflow") in steps
    build = steps[next(k for k, step in enumerate(steps) if step.name == "FROM") :]
    assert Step("ARG", "TENSORFLOW") in build  # Else it is empty in this stage.
    installs = [
        words
        for name, rest in steps
        if name == "RUN"
        for words in rest.split("&&")
        if "pip " in words
    ]
    # Each is of a lock, or of this package, or of CUDA's libraries, which are in none.
    assert [words.split("pip install ")[1].strip() for words in installs] == [
        "--no-deps --require-hashes -r build.lock",
        "--no-deps --require-hashes --no-build-isolation -r run.lock",
        '"$TENSORFLOW"',
        "--no-deps --no-build-isolation .",
    ]
    runs = " ".join(rest for name, rest in steps if name == "RUN")
    assert "python tools/lock.py setuptools wheel >build.lock" in runs
    assert "python tools/lock.py >run.lock" in runs
    copied = _copied(steps)
    assert {"requirements.lock", "setup.py", "pyproject.toml", "tools/lock.py"} < set(copied)
    # What setup.py reads.
    read = re.findall(r'"([A-Z][\w.]+)"\)\.read_text', (ROOT / "setup.py").read_text())
    assert read
    for name in read:
        assert any(name in (Path(source).name, *_in(ROOT / source)) for source in copied), name


def test_serving_needs_no_more_than_its_folder() -> None:
    assert "pip install --no-deps --require-hashes " in FILES[1].read_text()
    modules = {path.name for path in FILES[1].parent.glob("*.py")}
    assert modules | {"requirements.txt"} == set(_copied(_steps(FILES[1])))
