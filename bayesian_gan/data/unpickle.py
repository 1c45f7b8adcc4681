"""Pickles of arrays and plain values, read without running anything that they name.

A pickle is a program: it may name any function of any module, and have it called. Here every name
is looked up in a table of three harmless ones, so the worst that a file can do is to be refused.
"""

import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np

from bayesian_gan.data.paths import REMEDY, check_file
from bayesian_gan.errors import InputError, reason

MAX_BYTES = 2**30
KINDS = "?bBiufSU"


class _Array:
    """Stands for the class ndarray, which a pickle of an array names and does not call."""


def _reconstruct(*_: Any) -> np.ndarray:
    """An empty array, to which the pickle's next operation gives its type, shape and bytes."""
    return np.empty(0, np.uint8)


def _dtype(name: Any, *flags: Any) -> np.dtype:
    """A type of numbers or strings, by name; never of objects."""
    del flags
    if isinstance(name, bytes):
        name = name.decode("ascii")
    if not isinstance(name, str) or not name or name.lstrip("<>=|")[:1] not in tuple(KINDS):
        raise pickle.UnpicklingError(f"arrays of type {name!r} are not plain data")
    # A new object, as the pickle's next operation sets its byte order.
    return np.dtype(name, False, True)


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """How Python 3 writes bytes in protocol 2."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"the encoding {encoding!r} is not plain data")
    return text.encode("latin1")


_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array(),
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
}


class _PlainUnpickler(pickle.Unpickler):
    """Knows no other names than the table's."""

    def find_class(self, module: str, name: str) -> Any:
        """The table's entry.

        Raises:
            pickle.UnpicklingError: there is none.
        """
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which is not plain data, and was not run"
            ) from None

    def persistent_load(self, pid: Any) -> Any:
        """Refuses references to the outside."""
        raise pickle.UnpicklingError("it refers to something outside the file")


def _check_sizes(data: bytes) -> None:
    """Walks through the operations without doing any.

    What a number announces is made before it is looked for: an object of its size, and a memory of
    as many places as the largest one named.

    Raises:
        ValueError: an operation announces more than the file can hold.
    """
    for operation, argument, _ in pickletools.genops(data):
        place = int(argument or 0) if operation.name in ("PUT", "LONG_BINPUT") else 0
        if not 0 <= place <= len(data):
            raise ValueError(f"it names place {place} of its memory, and has {len(data)} bytes")


def read_pickle(path: Path) -> dict[str, Any]:
    """Reads a pickled dictionary of NumPy arrays, numbers, strings and lists of these.

    Args:
        path: a pickle that Python 2 or 3 wrote.

    Returns:
        The dictionary, its keys decoded as ASCII. Strings of Python 2 are bytes.

    Raises:
        InputError: the file is missing, damaged, too large, no dictionary, or asks for anything
            else.
    """
    check_file(path, MAX_BYTES)
    try:
        data = path.read_bytes()
        _check_sizes(data)
        stream = io.BytesIO(data)
        value = _PlainUnpickler(stream, encoding="bytes").load()
    except MemoryError:
        raise
    except Exception as error:
        # Damaged pickles raise almost anything: EOFError, ValueError, IndexError, KeyError,
        # TypeError, ...
        raise InputError(
            f"{str(path)!r} is no pickle of plain arrays ({type(error).__name__}: {reason(error)}); {REMEDY}"
        ) from error
    if stream.read(1):
        raise InputError(f"{str(path)!r} goes on after its pickle; {REMEDY}")
    if not isinstance(value, dict):
        raise InputError(f"{str(path)!r} holds a {type(value).__name__}, no dictionary; {REMEDY}")
    try:
        return {
            key.decode("ascii") if isinstance(key, bytes) else str(key): v
            for key, v in value.items()
        }
    except UnicodeDecodeError as error:
        raise InputError(f"{str(path)!r} has a key that is not ASCII; {REMEDY}") from error
