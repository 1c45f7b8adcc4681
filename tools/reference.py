"""The API reference, from the docstrings, into the folder that is named: what `make docs` runs."""

import importlib
import pkgutil
import sys
import warnings
from pathlib import Path
from types import ModuleType

import keras
import pdoc
import pdoc.render
import tensorflow as tf

PACKAGE = "bayesian_gan"
# What only the command line uses.
HIDDEN = ("__main__", "commands", "entry", "main", "reliability", "report", "run_folder", "threads")

# Where a reader imports them from; signatures would name the module that defines them.
FOUND_IN = {
    keras.Variable: "keras",
    keras.optimizers.schedules.LearningRateSchedule: "keras.optimizers.schedules",
    tf.Tensor: "tensorflow",
}


def write_reference(output: Path) -> None:
    """Writes a page for each public module, an index and a search.

    Args:
        output: a folder, made if it is not there.

    Raises:
        UserWarning: something that is to be documented cannot be found.
    """
    root = importlib.import_module(PACKAGE)
    reveal(root)
    for documented, module in FOUND_IN.items():
        documented.__module__ = module
    pdoc.render.configure(docformat="google", footer_text=f"bayesian-gan {root.__version__}")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        pdoc.pdoc(PACKAGE, output_directory=output)


def reveal(package: ModuleType) -> None:
    """Makes pdoc see a package's public modules and the names that it imports on first use.

    pdoc leaves out what `__all__` does not list, and looks into a module's dictionary only.
    """
    exported = list(getattr(package, "__all__", []))
    for name in exported:
        vars(package)[name] = getattr(package, name)
    children = [
        child
        for child in pkgutil.iter_modules(package.__path__)
        if not child.name.startswith("_") and child.name not in HIDDEN
    ]
    vars(package)["__all__"] = [*exported, *(child.name for child in children)]
    for child in children:
        module = importlib.import_module(f"{package.__name__}.{child.name}")
        if child.ispkg:
            reveal(module)


if __name__ == "__main__":
    write_reference(Path(sys.argv[1]))
