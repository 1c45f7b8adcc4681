"""TensorFlow's import without its start-up lines; this file is also the program that leaves them out.

TensorFlow's libraries write as they load, before TF_CPP_MIN_LOG_LEVEL is read: that oneDNN is on, that there
is no GPU, each twice. So while TensorFlow is imported the standard error goes through a filter, a process of
its own, so that whatever the import says as it fails, or as it dies, still arrives.
"""

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

VARIABLE = "TF_CPP_MIN_LOG_LEVEL"
# Errors and warnings of the log, too, which say the same later as exceptions.
LEVEL = "3"
EVERYTHING = "0"
_STANDARD_ERROR = 2

# Information and warnings as the library logs them: "I0000 00:00:1795806853.874992   11024 port.cc:153] ...".
# Errors (E) and what ends the process (F) are none of them.
START_UP = re.compile(
    rb"[IW]\d{4} [\d:.]+ +\d+ [\w/.]+:\d+\] "
    rb"|\d{4}-\d\d-\d\d [\d:.]+: [IW] \S+:\d+\] "
    rb"|WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR"
    rb"|To enable the following instructions: "
)


def quiet_tensorflow() -> None:
    """Leaves TensorFlow's start-up lines out when it is imported later, here and in child processes.

    TF_CPP_MIN_LOG_LEVEL stays where the user has set it; with 0 everything is shown.
    """
    if os.environ.setdefault(VARIABLE, LEVEL) == EVERYTHING or "tensorflow" in sys.modules:
        return
    if not any(isinstance(finder, _QuietFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _QuietFinder())


@contextlib.contextmanager
def without_start_up_lines() -> Iterator[None]:
    """Sends what is written to the standard error, by Python or by libraries, through the filter."""
    try:
        kept = os.dup(_STANDARD_ERROR)
    except OSError:  # There is no standard error, as in a service: nothing to filter.
        yield
        return
    # A session of its own: Ctrl-C is for the program that imports. It ends with its input.
    filtering = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert filtering.stdin is not None
    os.dup2(filtering.stdin.fileno(), _STANDARD_ERROR)
    filtering.stdin.close()
    try:
        yield
    finally:
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
        # A process that the import started and left would hold the filter's input open.
        with contextlib.suppress(subprocess.TimeoutExpired):
            filtering.wait(timeout=5.0)


class _QuietFinder(MetaPathFinder):
    """Finds TensorFlow as the other finders do, and has it loaded in quiet."""

    def __init__(self) -> None:
        self._searching = False

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "tensorflow" or self._searching:
            return None
        self._searching = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._searching = False
        if spec is not None and spec.loader is not None:
            spec.loader = _QuietLoader(spec.loader)
        return spec


class _QuietLoader(Loader):
    """A loader of a module, whose code runs in quiet; in all else it is the loader itself."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        with without_start_up_lines():
            self._loader.exec_module(module)


def _filter() -> None:
    """Copies the standard input to the standard error, without start-up lines, until it ends."""
    for line in sys.stdin.buffer:
        if not START_UP.match(line):
            sys.stderr.buffer.write(line)
            sys.stderr.buffer.flush()


if __name__ == "__main__":
    _filter()
