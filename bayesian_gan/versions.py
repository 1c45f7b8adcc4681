"""Versions that a file names, so that it can be said later what made it."""

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bayesian_gan import __version__

TRAINED_WITH = (
    "tensorflow",
    "keras",
    "tensorflow-probability",
    "tensorflow-datasets",
    "numpy",
    "scikit-learn",
)


def versions() -> dict[str, Any]:
    """Versions of Python, of this package and of the packages that training depends on."""
    found: dict[str, Any] = {
        "python": sys.version.split()[0],
        "bayesian-gan": __version__,
    }
    for package in TRAINED_WITH:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
