"""Another backend of Keras than TensorFlow is told in one line, before Keras is imported."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bayesian_gan import backend
from bayesian_gan.errors import InputError

DOORS = (
    "from bayesian_gan import BayesianGAN",
    "from bayesian_gan import Posterior",
    "from bayesian_gan.gan.model import BayesianGAN",
    "from bayesian_gan.networks import dcgan_generator",
    "from bayesian_gan.networks.outputs import p_real",
)
SCRIPT = f"""
import sys
for door in {DOORS!r}:
    try:
        exec(door)
    except ValueError as error:
        print(type(error).__name__, error)
assert "keras" not in sys.modules
"""


def _environment(folder: Path, **variables: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("KERAS_BACKEND", "KERAS_HOME")}
    return kept | {"KERAS_HOME": str(folder)} | variables


def _run(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _choosing(folder: Path, way: str) -> dict[str, str]:
    if way == "variable":
        return _environment(folder, KERAS_BACKEND="jax")
    (folder / "keras.json").write_text(json.dumps({"backend": "torch"}))
    return _environment(folder)


@pytest.mark.parametrize("way", ["variable", "file"])
def test_every_door_says_it_before_keras_is_imported(tmp_path: Path, way: str) -> None:
    found = _run(_choosing(tmp_path, way), "-c", SCRIPT)
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    assert len(lines) == len(DOORS)
    name, where = ("jax", "KERAS_BACKEND") if way == "variable" else ("torch", "keras.json")
    for line in lines:
        assert line.startswith(f"InputError Keras's backend is {name} (")
        assert f"{where} says so" in line
        assert "set KERAS_BACKEND=tensorflow" in line


@pytest.mark.parametrize("command", [("generate", "nowhere"), ("train", "--dataset", "digits")])
def test_the_command_line_says_it_in_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    environment = _choosing(tmp_path, "variable")
    found = _run(environment, "-m", "bayesian_gan", *command)
    assert found.returncode == 2
    assert "Keras's backend is jax" in found.stderr
    assert found.stderr.count("\n") == 1


def test_help_needs_no_backend(tmp_path: Path) -> None:
    found = _run(_choosing(tmp_path, "variable"), "-m", "bayesian_gan", "export", "--help")
    assert found.returncode == 0


def _chosen_in(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str | None) -> str | None:
    """What the variable is after an import of the package where Keras's file says `text`."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(folder))
    if text is not None:
        (folder / "keras.json").write_text(text)
    backend.prefer_tensorflow()
    return os.environ.get("KERAS_BACKEND")


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        (None, "tensorflow"),
        ('{"floatx": "float32"}', "tensorflow"),
        ('{"backend": "tensorflow"}', "tensorflow"),
        ("{", "tensorflow"),
        ('{"backend": "jax"}', None),
    ],
)
def test_tensorflow_is_set_where_nobody_has_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, variable: str | None
) -> None:
    assert _chosen_in(monkeypatch, tmp_path, text) == variable


def test_a_choice_of_the_user_s_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    backend.prefer_tensorflow()
    assert os.environ["KERAS_BACKEND"] == "jax"


def test_keras_that_runs_already_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    running = SimpleNamespace(config=SimpleNamespace(backend=lambda: "jax"))
    monkeypatch.setitem(sys.modules, "keras", running)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # Too late.
    with pytest.raises(InputError, match=r"jax \(keras is imported\).*before keras is imported"):
        backend.check_backend()
    running.config.backend = lambda: "tensorflow"
    backend.check_backend()
