"""A part of the training set in the place of the test set, to tune on."""

from dataclasses import replace

import numpy as np

from bayesian_gan.data.image_data import ImageData
from bayesian_gan.errors import InputError


def hold_out(data: ImageData, num: int) -> ImageData:
    """The data set without its last `num` training images, which stand for its test set.

    They serve neither as labelled nor as unlabelled images, and the real test set is gone.

    Args:
        data: a data set whose images are in no order of classes.
        num: training images to take, at least 1.

    Raises:
        InputError: too few images, or a class that occurs in only one of the two parts.
    """
    left = len(data.images) - num
    if left < 1:
        raise InputError(
            f"--validation {num}: {data.name} has {len(data.images)} training images; give fewer"
        )
    for part in (data.labels[:left], data.labels[left:]):
        missing = np.setdiff1d(data.labels, part)
        if len(missing):
            raise InputError(
                f"--validation {num}: class {data.class_names[missing[0]]!r} of {data.name} would be in one "
                "part only; give another number, or data that is not sorted by class"
            )
    return replace(
        data,
        images=data.images[:left],
        labels=data.labels[:left],
        test_images=data.images[left:],
        test_labels=data.labels[left:],
        name=f"{data.name}-{num}",
        cache=None,
    )
