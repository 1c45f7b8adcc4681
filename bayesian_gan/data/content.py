"""Images named by their content, so that choosing some does not depend on the order of a file."""

import hashlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from bayesian_gan.storage import open_regular, write_atomically

SIZE = 16


def digests(images: np.ndarray, key: str = "") -> list[bytes]:
    """A keyed hash of each image: BLAKE2b (RFC 7693), 16 bytes.

    Sorting by it is a random permutation drawn by `key`, the same for any order of the images.

    Args:
        images: [N, ...]; the bytes of each image are what is hashed.
        key: at most 64 bytes; other keys give independent orders.
    """
    return [
        hashlib.blake2b(image.tobytes(), digest_size=SIZE, key=key.encode()).digest()
        for image in images
    ]


def stored_digests(images: np.ndarray, key: str, path: Path) -> list[bytes]:
    """`digests`, from a file where an earlier call has stored them: hashing takes seconds.

    Args:
        images: [N, ...].
        key: as for `digests`.
        path: the file, which belongs to these images and this key; where it cannot be written
            nothing is stored.
    """
    try:
        with open_regular(path) as file:
            data = file.read()
    except OSError:
        data = b""
    total, stored = data[:SIZE], data[SIZE:]
    if len(stored) == SIZE * len(images) and total == _total(stored):
        return [stored[i : i + SIZE] for i in range(0, len(stored), SIZE)]
    found = digests(images, key)
    stored = b"".join(found)
    # A cache that others share may be read-only; the next start hashes again.
    with suppress(OSError):
        write_atomically(path, lambda file: file.write(_total(stored) + stored))
    return found


def data_checksum(*arrays: np.ndarray) -> str:
    """SHA-256 over the type and shape of each array, and over 4,096 rows of it, evenly spaced."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        rows = array[:: max(1, len(array) // 4096)]
        digest.update(np.ascontiguousarray(rows).tobytes())
    return digest.hexdigest()


def _total(stored: bytes) -> bytes:
    return hashlib.blake2b(stored, digest_size=SIZE).digest()
