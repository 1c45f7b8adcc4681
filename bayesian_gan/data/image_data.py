"""What every reader returns: images or vectors, some of them labelled, checked once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from bayesian_gan.data.features import Features
from bayesian_gan.errors import InputError

# The label of an image that has none.
UNLABELLED = -1
# Images that have no file of their own are named by this and their number.
NUMBERED = "train/"
# Training images that stand for a test set where a run is only watched, never scored.
PROBES = 500


@dataclass(frozen=True, eq=False)
class ImageData:
    """A data set with K classes, of which all, some or none of the examples are labelled.

    Without a test set nothing is held out, and no error can be measured.

    Attributes:
        images: training images, uint8 [N, H, W, C]; large ones are a read-only np.memmap. Or
            vectors [N, D]: float64 in a user's units, float32 where `features` has their scaling.
        labels: their classes, int32 [N], in [0, K), -1 where an image has none.
        test_images: likewise, [N_test, ...]; [0, ...] where there is no test set.
        test_labels: int32 [N_test], in [0, K).
        class_names: K different names; none where nothing is labelled.
        name: the canonical name, part of the names of label splits.
        provenance: one line that says which reader served, and from where.
        balance: how label splits share out the labels: "exact", as many for each class, or nothing;
            or "even", where a class that has too few gives all it has and the others more.
        cache: folder from which the images are mapped, where hashes of them may be kept; None for
            images in memory.
        notes: what a user should know of the data, a line each.
        features: what the numbers of vectors are; None of images.
        names: what a file of labels calls each training image, [N]; None stands for `train/0`,
            `train/1`, ...
        test_names: likewise of test images; None where no file of labels can name them.

    Raises:
        InputError: an array is of another type or shape, or empty, or the counts differ.
    """

    images: np.ndarray
    labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    name: str
    provenance: str
    balance: Literal["exact", "even"] = "exact"
    cache: Path | None = None
    notes: tuple[str, ...] = ()
    features: Features | None = None
    names: tuple[str, ...] | None = None
    test_names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if len(set(self.class_names)) < len(self.class_names):
            self._refuse(f"class_names must be different names: {self.class_names}")
        self._check("images", self.images, "labels", self.labels)
        self._check_labels("labels", self.labels, UNLABELLED)
        self._check("test_images", self.test_images, "test_labels", self.test_labels)
        self._check_labels("test_labels", self.test_labels, 0)
        if self.test_images.shape[1:] != self.images.shape[1:]:
            self._refuse(
                f"a test image is {self.test_images.shape[1:]}, a training image "
                f"{self.images.shape[1:]}; they must be of one shape"
            )
        for names, images in ((self.names, self.images), (self.test_names, self.test_images)):
            if names is not None and len(names) != len(images):
                self._refuse(f"{len(names)} names for {len(images)} images; each needs one")

    @property
    def image_names(self) -> tuple[str, ...]:
        """What a file of labels calls each training image, [N]."""
        if self.names is not None:
            return self.names
        return tuple(f"{NUMBERED}{i}" for i in range(len(self.images)))

    @property
    def num_classes(self) -> int:
        """K."""
        return len(self.class_names)

    @property
    def has_test(self) -> bool:
        """Whether there is a test set."""
        return len(self.test_images) > 0

    @property
    def num_labelled(self) -> int:
        """Training images that are labelled."""
        return int(np.count_nonzero(self.labels != UNLABELLED))

    @property
    def all_labelled(self) -> bool:
        """Whether every training image is."""
        return self.num_labelled == len(self.labels)

    @property
    def probe_images(self) -> np.ndarray:
        """Images to watch a run by: those of the test set, or without one training images."""
        if self.has_test:
            return self.test_images
        # Evenly spaced: files that are sorted by class begin with one class.
        count = min(len(self.images), PROBES)
        return self.images[np.linspace(0, len(self.images) - 1, count).round().astype(int)]

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(H, W, C), or (D,) of vectors."""
        return self.images.shape[1:]

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of images."""
        height, width, channels = self.image_shape
        return height, width, channels

    @property
    def noun(self) -> str:
        """What the examples are, in the plural."""
        return "images" if self.features is None else "rows"

    def _check(
        self, images_name: str, images: np.ndarray, labels_name: str, labels: np.ndarray
    ) -> None:
        examples: tuple[type, int] = (np.uint8, 4)
        if self.features is not None:
            examples = (np.float64 if self.features.scaling is None else np.float32, 2)
        for array_name, array, dtype, rank in (
            (images_name, images, *examples),
            (labels_name, labels, np.int32, 1),
        ):
            if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != rank:
                found = f"{getattr(array, 'dtype', type(array))} {list(np.shape(array))}"
                self._refuse(
                    f"{array_name} must be {np.dtype(dtype).name} of rank {rank}, not {found}"
                )
        if images_name == "images" and images.size == 0:
            self._refuse(f"images is empty: its shape is {list(images.shape)}")
        if len(images) != len(labels):
            self._refuse(
                f"{len(images)} {images_name} and {len(labels)} {labels_name}; "
                "each image needs one label"
            )

    def _check_labels(self, name: str, labels: np.ndarray, least: int) -> None:
        if len(labels) and (labels.min() < least or labels.max() >= self.num_classes):
            self._refuse(
                f"{name} lie in [{labels.min()}, {labels.max()}], "
                f"and its {self.num_classes} classes are 0 to {self.num_classes - 1}"
            )

    def _refuse(self, reason: str) -> None:
        raise InputError(f"data set {self.name!r}: {reason}")
