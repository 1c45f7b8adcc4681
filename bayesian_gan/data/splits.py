"""Label splits: which training examples keep their labels in semi-supervised learning.

A split is a name, `mnist.3@100`: data set, label seed, number of labelled examples. The name alone
says which images they are, whatever the reader, the order of its records, and the training's seed.
`pictures.all@40` is all the labels that the data have.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from bayesian_gan.data.content import digests, stored_digests
from bayesian_gan.data.image_data import UNLABELLED, ImageData
from bayesian_gan.errors import InputError
from bayesian_gan.storage import write_json


@dataclass(frozen=True, eq=False)
class LabelSplit:
    """The labelled examples of one split, in an order that depends on its name only.

    Attributes:
        name: such as `mnist.3@100`.
        label_seed: what drew them.
        indices: their places among the training images as they were read, int64 [N].
        images: uint8 [N, H, W, C].
        labels: int32 [N].
    """

    name: str
    label_seed: int
    indices: np.ndarray
    images: np.ndarray
    labels: np.ndarray


def label_split(data: ImageData, num_labelled: int | Literal["all"], label_seed: int) -> LabelSplit:
    """Draws exactly `num_labelled` labelled training examples, of each class as many as of any other.

    With "all" they are all that are labelled, whatever the numbers of the classes, and nothing is
    drawn.

    Each class has floor(N / K) or ceil(N / K) examples; the seed draws which classes have one more.
    Where `data.balance` is "even", a class with fewer gives all it has and the others share what is
    left. Of a class they are those whose image hashes smallest with the seed as key, so that the
    order of the data does not matter, and the split of N is part of the split of N + 1 with the
    same seed. Of images that are equal to the byte, the earlier is taken first.

    Args:
        data: the data set.
        num_labelled: N, at least the number of classes K; or "all".
        label_seed: not negative.

    Raises:
        InputError: there is no such split of these data; the line names `--N` or `--label_seed`.
    """
    if not 0 <= label_seed < 2**63:
        raise InputError(f"--label_seed {label_seed}: it must lie in [0, 2^63)")
    _check_classes(data, num_labelled)
    if num_labelled == "all":
        chosen, which = np.flatnonzero(data.labels != UNLABELLED).tolist(), "all"
        hashes = dict(zip(chosen, digests(data.images[chosen], which), strict=True))
    else:
        quotas, which = _quotas(data, num_labelled, label_seed), str(label_seed)
        hashes, chosen = dict(enumerate(_hashes(data, label_seed))), []
        for k, quota in enumerate(quotas):
            members = np.flatnonzero(data.labels == k).tolist()
            chosen += sorted(members, key=hashes.__getitem__)[:quota]
    indices = np.array(sorted(chosen, key=hashes.__getitem__), np.int64)
    return LabelSplit(
        name=f"{data.name}.{which}@{len(indices)}",
        label_seed=int(label_seed),
        indices=indices,
        images=data.images[indices],
        labels=data.labels[indices],
    )


def save_split(path: Path, split: LabelSplit) -> None:
    """Writes a split as JSON, atomically.

    The keys are `name`, `label_seed`, and, one entry for each example, `indices`, `labels` and
    `content`: the unkeyed BLAKE2b hash of the image's bytes, 16 bytes in hexadecimal, by which an
    image is found in another copy of the data.

    Args:
        path: the file, in a folder that exists.
        split: what `label_split` drew.

    Raises:
        OSError: the file could not be written; an earlier one is left as it was.
    """
    write_json(
        path,
        {
            "name": split.name,
            "label_seed": split.label_seed,
            "indices": split.indices.tolist(),
            "labels": split.labels.tolist(),
            "content": [digest.hex() for digest in digests(split.images)],
        },
    )


def _hashes(data: ImageData, label_seed: int) -> list[bytes]:
    """The hash of each training image with the seed as key."""
    if data.cache is None:
        return digests(data.images, str(label_seed))
    return stored_digests(data.images, str(label_seed), data.cache / f"digests_{label_seed}.bin")


def _check_classes(data: ImageData, num_labelled: int | str) -> None:
    """Raises InputError where there is nothing to tell apart, or a class has no label."""
    if not data.num_labelled:
        how = "put pictures into labelled/CLASS/, give --labels FILE.csv"
        if data.features is not None:
            how = "give some rows a label"
        raise InputError(
            f"--N {num_labelled}: nothing in {data.name} is labelled; {how}, or --nosemi to learn "
            "without labels"
        )
    if data.num_classes < 2:
        raise InputError(
            f"--N {num_labelled}: {data.name} has one class only, {data.class_names[0]!r}, so there is "
            "nothing to classify; give data of several classes, or --nosemi"
        )
    if data.balance == "even":
        return
    counts = np.bincount(data.labels[data.labels != UNLABELLED], minlength=data.num_classes)
    for k in np.flatnonzero(counts == 0):
        raise InputError(
            f"--N {num_labelled}: {data.name} has no labelled training example of class "
            f"{data.class_names[k]!r}; give data, or labels, in which every class occurs"
        )


def _quotas(data: ImageData, num_labelled: int, label_seed: int) -> list[int]:
    """How many labelled examples each class has.

    Raises:
        InputError: they cannot be had.
    """
    N, K = num_labelled, data.num_classes
    labels = data.labels[data.labels != UNLABELLED]
    counts = np.bincount(labels, minlength=K)
    if N < 1:
        raise InputError(f"--N {N}: at least one labelled example of each class is needed, --N {K}")
    even = data.balance == "even"
    most = len(labels) if even else K * counts.min()
    advice = "" if even else f", {counts.min()} of each class"
    if len(labels) < N:
        what = "training" if data.all_labelled else "labelled"
        raise InputError(
            f"--N {N}: {data.name} has {len(labels)} {what} examples; give at most --N {most}{advice}"
        )
    if N < K:
        raise InputError(
            f"--N {N}: {data.name} has {K} classes, and a class with no example cannot be learnt; "
            f"give at least --N {K}"
        )
    order = np.argsort(digests(np.arange(K, dtype="<i8"), str(label_seed)))
    if even:
        return _even_quotas(counts, N, order)
    quotas = np.full(K, N // K)
    quotas[order[: N % K]] += 1
    for k in np.flatnonzero(quotas > counts):
        raise InputError(
            f"--N {N}: {quotas[k]} examples of class {data.class_names[k]!r} are needed, and "
            f"{data.name} has {counts[k]}; give at most --N {most}{advice}"
        )
    return quotas.tolist()


def _even_quotas(counts: np.ndarray, num_labelled: int, order: np.ndarray) -> list[int]:
    """Gives each class one example in turn, until there are N.

    It passes over a class that has no more.
    """
    quotas = np.zeros(len(counts), int)
    left = num_labelled
    while left:
        open_classes = [k for k in order if quotas[k] < counts[k]]
        for k in open_classes[:left]:
            quotas[k] += 1
        left -= min(left, len(open_classes))
    return quotas.tolist()
