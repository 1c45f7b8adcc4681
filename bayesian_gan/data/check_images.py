"""Images as they are given, checked to have the range that they are taken to have."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from bayesian_gan.data.batches import to_unit
from bayesian_gan.data.input_range import UNIT, InputRange
from bayesian_gan.data.source import is_mapped
from bayesian_gan.errors import InputError

# Images of a mapped file that `doubt` looks at, which would else read all of it.
GLANCE = 1000


def check_images(
    images: Any, image_shape: Sequence[int], input_range: InputRange = UNIT, where: str = "images"
) -> np.ndarray:
    """Images as uint8, or float32 of the range; or vectors as float32 [N, D].

    Args:
        images: uint8 [N, height, width, channels], or floats in the range, or other integers where
            the range is that of 0 to 255; vectors are finite floats [N, D] of any range.
        image_shape: (height, width, channels), or (D,), as the networks take it.
        input_range: of floats. They are not scaled here.
        where: what is refused, such as "x".

    Raises:
        InputError: another shape, another type, or floats outside of the range.
    """
    images = np.asarray(images)
    shape = tuple(image_shape)
    if images.ndim not in (2, 4) or images.shape[1:] != shape or not len(images):
        raise InputError(
            f"{where} must have shape [N, {', '.join(map(str, shape))}], as the networks do, "
            f"not {list(images.shape)}"
        )
    if images.ndim == 2:
        return _check_vectors(images, where)
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind in "iu" and input_range == InputRange(0.0, 255.0):
        low, high = images.min(), images.max()
        if low < 0 or high > 255:
            raise InputError(input_range.refusal(where, f"{low}..{high}"))
        return images.astype(np.uint8)
    if images.dtype.kind != "f":
        raise InputError(
            f"{where} must be uint8, or floats in {input_range}, not {images.dtype}; for integers "
            "from 0 to 255: x.astype('uint8')"
        )
    low, high = float(images.min()), float(images.max())  # NaN where one is.
    if not (
        low >= input_range.low - input_range.tolerance
        and high <= input_range.high + input_range.tolerance
    ):
        raise InputError(input_range.refusal(where, f"{low:g}..{high:g}"))
    return images.astype(np.float32, copy=False)


def doubt(images: np.ndarray, input_range: InputRange, where: str = "images") -> str | None:
    """Why checked images may have another range than the one they are taken to have; None if not.

    Args:
        images: of `check_images`.
        input_range: of floats.
        where: what holds them.
    """
    if images.ndim != 4:
        return None
    if is_mapped(images):
        images = images[:GLANCE]
    if images.dtype == np.uint8:
        if images.max() > 1:
            return None
        return (
            f"{where} is uint8 and holds no value above 1; uint8 is taken to mean 0 to 255: multiply "
            "it by 255 if 1 is white"
        )
    if input_range.low < 0 and images.min() >= 0:
        return (
            f"{where} holds no value below 0; float images are taken to lie in {input_range}: if "
            "black is 0 and white 1, give BayesianGAN(..., input_range=(0, 1))"
        )
    if input_range.high > 1 and images.max() <= 1:
        return (
            f"{where} holds no value above 1; float images are taken to lie in {input_range}: if "
            "white is 1, give BayesianGAN(..., input_range=(0, 1))"
        )
    return None


def checked_unit(images: tf.Tensor, input_range: InputRange) -> tf.Tensor:
    """Images as the networks take them, float32 in [-1, 1], checked in the graph.

    Args:
        images: uint8, or floats of the range, [batch, height, width, channels]; vectors [batch, D]
            are floats of any range.
        input_range: of floats.

    Raises:
        InputError: another type.
        tf.errors.InvalidArgumentError: values beyond the range, with `InputRange.refusal`.
    """
    images = tf.convert_to_tensor(images)
    if images.dtype.is_integer and images.dtype != tf.uint8:
        if input_range != InputRange(0.0, 255.0):
            raise InputError(
                f"images are {images.dtype.name}: give uint8, or floating point in {input_range}"
            )
        images = tf.cast(images, tf.float32)
    if not images.dtype.is_floating or images.shape.rank != 4:
        return to_unit(images)
    low, high = (
        tf.cast(bound, images.dtype)
        for bound in (
            input_range.low - input_range.tolerance,
            input_range.high + input_range.tolerance,
        )
    )
    inside = tf.reduce_all((images >= low) & (images <= high))  # False where one is NaN.
    check = tf.debugging.Assert(inside, [input_range.refusal("images", "values beyond it")])
    with tf.control_dependencies([] if check is None else [check]):
        return input_range.to_unit(tf.identity(images))


def _check_vectors(vectors: np.ndarray, where: str) -> np.ndarray:
    """Data that are no images have no range of their own: only what is not finite is refused."""
    if vectors.dtype.kind != "f":
        raise InputError(f"{where}: vectors must be floats, not {vectors.dtype}: convert them")
    with np.errstate(over="ignore"):  # Beyond float32 they become infinite, and are refused.
        checked = vectors.astype(np.float32)
    if not np.all(np.isfinite(checked)):
        raise InputError(
            f"{where}: vectors must be finite in float32: remove NaN, infinite and huge values"
        )
    return checked
