"""Images named by their content, so that choosing some does not depend on the order of a file."""

import hashlib

import numpy as np


def digests(images: np.ndarray, key: str = "") -> list[bytes]:
    """A keyed hash of each image: BLAKE2b (RFC 7693), 16 bytes.

    Sorting by it is a random permutation drawn by `key`, the same for any order of the images.

    Args:
        images: [N, ...]; the bytes of each image are what is hashed.
        key: at most 64 bytes; other keys give independent orders.
    """
    return [
        hashlib.blake2b(image.tobytes(), digest_size=16, key=key.encode()).digest()
        for image in images
    ]
