"""The lock: every file by its hash, installed by its hash; and the parts of it that some need."""

import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / name for name in ("requirements.lock", "tools/supply.lock")]
SMALL = """\
# This file was made by a command.
a==1 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via
    #   bayesian-gan (setup.py)
    #   d
b-c==2 ; sys_platform == 'linux' \\
    --hash=sha256:bb
    # via a
b-c==3 ; sys_platform != 'linux' \\
    --hash=sha256:bc
    # via a
d==4 \\
    --hash=sha256:dd
    # via bayesian-gan (setup.py)
"""


@pytest.fixture
def lock(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module tools/lock.py."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module("lock")


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_pin_has_hashes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "make lock" in text.split("\n")[1]
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(entries) > 40
    for entry in entries:
        assert re.match(
            r"[a-z0-9._-]+==[^ ]+ (; [^\\]+ )?\\\n    --hash=sha256:[0-9a-f]{64}", entry
        )
        assert "# via" in entry


def test_a_part_is_all_that_some_packages_need(lock: ModuleType) -> None:
    a, b_c, other_b_c, d = re.split(r"^(?=[abd].*==)", SMALL, flags=re.MULTILINE)[1:]
    bare = [re.sub(r"    #.*\n", "", entry) for entry in (a, b_c, other_b_c, d)]
    assert lock.part(SMALL, ["d"]) == "".join(bare)
    assert lock.part(SMALL, ["A"]) == "".join(bare[:3])
    assert lock.part(SMALL, ["B_c"]) == "".join(bare[1:3])
    with pytest.raises(KeyError, match="none"):
        lock.part(SMALL, ["none"])


def test_what_the_package_needs_to_run_is_without_extras(lock: ModuleType) -> None:
    names = lock.part_names(lock.LOCK.read_text(encoding="utf-8"), lock.declared())
    assert {"tensorflow", "keras", "importlib-resources", "tf-keras", "promise", "wheel"} < names
    assert not names & {"pytest", "onnx", "mkdocs", "pdoc", "ai-edge-litert", "arviz"}


def test_the_lock_holds_what_setup_py_asks_for(lock: ModuleType) -> None:
    held = set(lock.needed_by(lock.LOCK.read_text(encoding="utf-8")))
    assert set(lock.extras()) == {"arviz", "docs", "litert", "onnx", "dev"}
    asked = {name for extra in (None, *lock.extras()) for name in lock.declared(extra)}
    assert len(asked) > 35
    assert asked <= held


def test_the_serving_example_has_its_part() -> None:
    command = [sys.executable, str(ROOT / "tools" / "lock.py"), "tensorflow", "tornado", "pillow"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    made = (ROOT / "examples" / "serve" / "requirements.txt").read_text(encoding="utf-8")
    assert printed == made, "run `make lock`"


def test_an_installation_checks_the_hashes() -> None:
    """And what builds from source does so with pinned packages, which are there before."""
    setup = (ROOT / "tools" / "setup.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    installs = [line for line in setup.splitlines() if "pip install" in line and "fail" in line]
    assert len(installs) == 2
    assert all("--no-build-isolation" in line for line in installs)
    locked, package = installs
    assert "--no-deps --require-hashes" in locked
    assert "--editable ." in package
    assert 'lock.py setuptools wheel >"$VENV/build.lock"' in setup
    assert 'for lock in "$VENV/build.lock" requirements.lock; do' in setup
    assert "--require-hashes -r tools/supply.lock" in (ROOT / "Makefile").read_text(
        encoding="utf-8"
    )
