"""A part of the training set in the place of the test set: to tune on, or where there is none."""

from dataclasses import replace

import numpy as np

from bayesian_gan.data.content import digests
from bayesian_gan.data.image_data import UNLABELLED, ImageData
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
    if not data.all_labelled:
        raise InputError(
            f"--validation {num}: {len(data.images) - data.num_labelled} training {data.noun} of {data.name} "
            "have no label; give --test_fraction, which holds out labelled ones"
        )
    left = len(data.images) - num
    if left < 1:
        raise InputError(
            f"--validation {num}: {data.name} has {len(data.images)} training {data.noun}; give fewer"
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
        names=data.image_names[:left],
        test_names=data.image_names[left:],
    )


# Draws which labelled images are held out; no flag changes it.
TEST_KEY = "held-out test images"


def hold_out_labelled(data: ImageData, fraction: float) -> ImageData:
    """The data set with part of its labelled images as test set: of each class the same share.

    Which they are follows from their content alone, so neither the order of the files nor their
    names matter. Images that equal a held-out one leave the training set too, labelled or not.

    Args:
        data: without a test set.
        fraction: share of each class's labelled images, rounded, but at least one image.

    Raises:
        InputError: there is a test set, nothing is labelled, or a class would be in one part only.
    """
    flag = f"--test_fraction {fraction:g}"
    if data.has_test:
        raise InputError(
            f"{flag}: {data.name} has a test set of {len(data.test_images)} {data.noun}; leave the flag out"
        )
    if not data.num_labelled:
        raise InputError(f"{flag}: nothing in {data.name} is labelled; leave the flag out")
    hashes = digests(data.images, TEST_KEY)
    held: set[bytes] = set()
    for k, name in enumerate(data.class_names):
        members = sorted({hashes[i] for i in np.flatnonzero(data.labels == k)})
        taken = max(1, round(fraction * len(members)))
        if taken >= len(members):
            raise InputError(
                f"{flag}: class {name!r} of {data.name} has {len(members)} different labelled {data.noun}, and "
                "one at least is needed on either side; give more labels, or a smaller fraction"
            )
        held |= set(members[:taken])
    leaves = np.array([digest in held for digest in hashes])
    test = leaves & (data.labels != UNLABELLED)
    copies = int(leaves.sum() - test.sum())
    said = [f"{int(test.sum())} labelled {data.noun} held out as test set ({flag})"]
    if copies:
        said.append(f"{copies} unlabelled {data.noun} left out, being copies of held-out ones")
    return replace(
        data,
        images=data.images[~leaves],
        labels=data.labels[~leaves],
        test_images=data.images[test],
        test_labels=data.labels[test],
        name=f"{data.name}-{fraction:g}",
        cache=None,
        notes=(*data.notes, *said),
        names=_of(data, ~leaves),
        test_names=_of(data, test),
    )


def _of(data: ImageData, chosen: np.ndarray) -> tuple[str, ...]:
    """The names of some training images, a mask [N]."""
    return tuple(name for name, here in zip(data.image_names, chosen, strict=True) if here)
