"""IDX files, the format of MNIST's four files, compressed with gzip or not.

A file is the magic number (two zero bytes, a type code, the rank), one big-endian 32-bit size for
each dimension, and the values. The header is not trusted: nothing is allocated that the file does
not hold, and no more is unpacked than the header announces.
"""

import gzip
import stat
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from bayesian_gan.errors import InputError

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
CHUNK = 2**20
# 2.7 million images of 28 x 28: a header can claim anything, and data are held in memory.
MAX_BYTES = 2**31
REMEDY = "replace it with an intact copy"


def read_examples(
    images_path: Path, labels_path: Path, num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Reads a file of grey images and the file of their labels.

    Returns:
        images, uint8 [N, H, W, 1], and labels, int32 [N], in [0, num_classes).

    Raises:
        InputError: a file is missing, unreadable or damaged, or the two do not fit together.
    """
    labels = read_idx(labels_path, rank=1)
    if labels.max() >= num_classes:
        raise InputError(
            f"{str(labels_path)!r}: label {labels.max()} at position {labels.argmax()}, and the "
            f"classes are 0 to {num_classes - 1}; {REMEDY}"
        )
    images = read_idx(images_path, rank=3)
    if len(images) != len(labels):
        raise InputError(
            f"{len(images)} images in {str(images_path)!r} and {len(labels)} labels in "
            f"{str(labels_path)!r}; replace them with two files that belong together"
        )
    return images[..., np.newaxis], labels.astype(np.int32)


def read_idx(path: Path, rank: int) -> np.ndarray:
    """Reads one file of unsigned bytes.

    Args:
        path: the file; that it is compressed is seen from its first bytes, not from its name.
        rank: number of dimensions expected, 3 for images and 1 for labels.

    Returns:
        uint8, with the sizes of the header, all of them positive.

    Raises:
        InputError: the file is missing, unreadable, damaged, or of another kind.
    """
    with _errors_of(path):
        if not stat.S_ISREG(path.stat().st_mode):
            # Opening a pipe would wait for its other end.
            raise _DamagedError("is not a file")
        return _read(path, rank)


def _read(path: Path, rank: int) -> np.ndarray:
    """Reads a regular file."""
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
        file.seek(0)
        if not packed:
            return _parse(file, rank)
        with gzip.open(file) as unpacked:
            return _parse(cast(BinaryIO, unpacked), rank)


class _DamagedError(Exception):
    """What is wrong with the file at hand."""


@contextmanager
def _errors_of(path: Path) -> Iterator[None]:
    """Turns whatever reading `path` raises into one line that names it."""
    try:
        yield
    except _DamagedError as error:
        raise InputError(f"{str(path)!r} {error}; {REMEDY}") from error
    except EOFError as error:
        raise InputError(f"{str(path)!r} is gzip cut short; {REMEDY}") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{str(path)!r} is damaged gzip ({error}); {REMEDY}") from error
    except OSError as error:
        raise InputError(
            f"cannot read {str(path)!r}: {error.strerror or error}; put a readable IDX file there"
        ) from error


def _parse(stream: BinaryIO, rank: int) -> np.ndarray:
    """Checks the header, then reads exactly what it announces."""
    magic = stream.read(4)
    if not magic:
        raise _DamagedError("is empty")
    if len(magic) < 4 or magic[:3] != bytes([0, 0, UNSIGNED_BYTE]):
        raise _DamagedError(
            f"is no IDX file of unsigned bytes: it begins with {magic.hex(' ')}, "
            f"not 00 00 08 {rank:02x}"
        )
    if magic[3] != rank:
        kinds = {1: " (labels)", 3: " (images)"}
        raise _DamagedError(
            f"has {magic[3]} dimensions{kinds.get(magic[3], '')}, not "
            f"{rank}{kinds.get(rank, '')}, so it is the wrong file"
        )
    header = stream.read(4 * rank)
    if len(header) < 4 * rank:
        raise _DamagedError("is cut short inside its header")
    shape = tuple(int(size) for size in np.frombuffer(header, ">u4"))
    size = prod(shape)
    if size == 0:
        raise _DamagedError(f"holds nothing: its sizes are {shape}")
    if size > MAX_BYTES:
        raise _DamagedError(
            f"announces {size} values, of sizes {shape}, and {MAX_BYTES} are the most"
        )
    values = _read_up_to(stream, size + 1)
    if len(values) != size:
        found = "more" if len(values) > size else f"{len(values)}, being cut short"
        raise _DamagedError(f"announces {size} values, of sizes {shape}, and holds {found}")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _read_up_to(stream: BinaryIO, limit: int) -> bytearray:
    """At most `limit` bytes, in memory that grows with what is really there."""
    values = bytearray()
    while len(values) < limit and (chunk := stream.read(min(CHUNK, limit - len(values)))):
        values += chunk
    return values
