"""The backend of Keras: this package is written for TensorFlow.

Keras chooses its backend when it is imported, from the environment variable KERAS_BACKEND, else from its
file keras.json. What is said here is said before: a backend that is not installed fails inside of Keras.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from bayesian_gan.errors import InputError

NEEDED = "tensorflow"
VARIABLE = "KERAS_BACKEND"


def prefer_tensorflow() -> None:
    """Sets the variable where Keras is not imported yet and nobody has set anything."""
    if "keras" not in sys.modules and _chosen() == (NEEDED, None):
        os.environ[VARIABLE] = NEEDED


def check_backend() -> None:
    """Raises InputError where Keras runs, or would run, on another backend."""
    backend, where = _chosen()
    if backend != NEEDED:
        raise InputError(
            f"Keras's backend is {backend} ({where}), and bayesian_gan needs TensorFlow: set {VARIABLE}="
            f"{NEEDED} in the environment, before keras is imported"
        )


def _chosen() -> tuple[str, str | None]:
    """The backend, and what says so; None where nothing does."""
    imported: Any = sys.modules.get("keras")
    if hasattr(imported, "config"):
        return imported.config.backend(), "keras is imported"
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE], f"{VARIABLE} says so"
    file = _folder() / "keras.json"
    try:
        backend = json.loads(file.read_text(encoding="utf-8")).get("backend", NEEDED)
    except (OSError, ValueError, AttributeError):  # Keras passes over it, too.
        return NEEDED, None
    return (NEEDED, None) if backend == NEEDED else (str(backend), f"{file} says so")


def _folder() -> Path:
    """Where Keras keeps its file."""
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"]).expanduser()
    home = Path("~").expanduser()
    return (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"
