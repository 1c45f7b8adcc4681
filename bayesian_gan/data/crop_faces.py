"""Crops of faces from CelebA's aligned images, at the size asked for.

The aligned images are 178 x 218 with the eyes near (69, 111) and (109, 111). The crop is the square
of 128 pixels from (25, 50): from the hair line to the chin, so that all four attributes of the
classes can be seen. It is reduced by an antialiasing filter in one step.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from bayesian_gan.data.paths import REMEDY
from bayesian_gan.data.pictures import read_as_stored
from bayesian_gan.errors import InputError

ALIGNED_SIZE = (178, 218)
LEFT, TOP, SIDE = 25, 50, 128
SIZES = (32, 50, 64)


def crop_face(picture: Image.Image, size: int) -> np.ndarray:
    """The face of an aligned image.

    Args:
        picture: 178 x 218 pixels.
        size: side of the crop in pixels.

    Returns:
        uint8 [size, size, 3].
    """
    box = (LEFT, TOP, LEFT + SIDE, TOP + SIDE)
    # Cropped first: `resize(box=...)` would mix in what lies around the box.
    face = picture.convert("RGB").crop(box)
    return np.asarray(face.resize((size, size), Image.Resampling.LANCZOS))


def read_face(path: Path, size: int) -> np.ndarray:
    """The crop of an aligned image's file, or a file that is a crop of this size already.

    Raises:
        InputError: it cannot be read, or has another size.
    """
    picture = read_as_stored(path)
    if picture.size == (size, size):
        return np.asarray(picture.convert("RGB"))
    if picture.size != ALIGNED_SIZE:
        raise InputError(
            f"{str(path)!r} is {picture.width}x{picture.height}, and CelebA's aligned images are "
            f"{ALIGNED_SIZE[0]}x{ALIGNED_SIZE[1]}; {REMEDY}"
        )
    return crop_face(picture, size)
