"""Images and vectors as networks take them, checked."""

import numpy as np

from bayesian_gan.errors import InputError


def check_images(images: np.ndarray, image_shape: tuple[int, ...]) -> np.ndarray:
    """Images as uint8 or float32 [N, height, width, channels]; or vectors as float32 [N, D].

    Args:
        images: uint8, or floats in [-1, 1]; vectors are finite floats of any range.
        image_shape: (height, width, channels), or (D,), as the networks take it.

    Raises:
        InputError: another shape, another type, or floats outside of the range.
    """
    images = np.asarray(images)
    if images.ndim not in (2, 4) or images.shape[1:] != image_shape or not len(images):
        raise InputError(
            f"images must have shape [N, {', '.join(map(str, image_shape))}], as the networks do, "
            f"not {list(images.shape)}"
        )
    if images.ndim == 2:
        return _check_vectors(images)
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind != "f":
        raise InputError(f"images must be uint8, or floats in [-1, 1], not {images.dtype}")
    if not np.all(np.abs(images) <= 1.0):
        raise InputError(
            f"float images must lie in [-1, 1], not {images.min():g}..{images.max():g}"
        )
    return images.astype(np.float32)


def _check_vectors(vectors: np.ndarray) -> np.ndarray:
    """Data that are no images have no range of their own: only what is not finite is refused."""
    if vectors.dtype.kind != "f":
        raise InputError(f"vectors must be floats, not {vectors.dtype}: convert them")
    with np.errstate(over="ignore"):  # Beyond float32 they become infinite, and are refused.
        checked = vectors.astype(np.float32)
    if not np.all(np.isfinite(checked)):
        raise InputError("vectors must be finite in float32: remove NaN, infinite and huge values")
    return checked
