"""What TensorFlow would keep of every function that it has traced, in a process that fits often.

A custom gradient, of which Keras's optimizers make one for each variable, enters a registry of the
process when its function is traced. It is never removed, and holds the whole graph: some 20 MB a fit.
"""

import contextlib
import gc
import threading
from collections.abc import Iterator

from tensorflow.python.framework import ops

# The names that TensorFlow gives to gradients of `tf.custom_gradient`, each with a number of its own.
_CUSTOM = "CustomGradient-"

_lock = threading.Lock()
_open = 0
_before: set[str] = set()


@contextlib.contextmanager
def freed_graphs() -> Iterator[None]:
    """Frees the graphs of what is traced inside, at the end.

    Functions that were traced inside can be called later, but no longer be differentiated in a new
    graph. Where several threads are inside, the last one frees those of all.
    """
    global _open, _before
    with _lock:
        if not _open:
            _before = registered()
        _open += 1
    try:
        yield
    finally:
        with _lock:
            _open -= 1
            if not _open:
                free_all_but(_before)
        gc.collect()  # Graphs are circles.


def free_all_but(before: set[str]) -> None:
    """Has the registry forget what has entered it since; a collection of garbage frees the graphs.

    Args:
        before: what `registered` gave.
    """
    for name in registered() - before:
        del ops.gradient_registry._registry[name]


def registered() -> set[str]:
    """The names of custom gradients that TensorFlow's registry holds."""
    return {name for name in ops.gradient_registry.list() if name.startswith(_CUSTOM)}
