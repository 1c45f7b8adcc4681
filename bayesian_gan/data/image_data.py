"""What every reader returns: labelled images, in memory or mapped into it, checked once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from bayesian_gan.errors import InputError


@dataclass(frozen=True, eq=False)
class ImageData:
    """A data set of images with K classes.

    Attributes:
        images: training images, uint8 [N, H, W, C]; large ones are a read-only np.memmap.
        labels: their classes, int32 [N], in [0, K).
        test_images: uint8 [N_test, H, W, C].
        test_labels: int32 [N_test], in [0, K).
        class_names: K different names.
        name: the canonical name, part of the names of label splits.
        provenance: one line that says which reader served, and from where.
        balance: how label splits share out the labels: "exact", as many for each class, or nothing;
            or "even", where a class that has too few gives all it has and the others more.
        cache: folder from which the images are mapped, where hashes of them may be kept; None for
            images in memory.

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

    def __post_init__(self) -> None:
        if not self.class_names or len(set(self.class_names)) < len(self.class_names):
            self._refuse(f"class_names must be different names, at least one: {self.class_names}")
        self._check("images", self.images, "labels", self.labels)
        self._check("test_images", self.test_images, "test_labels", self.test_labels)
        if self.test_images.shape[1:] != self.images.shape[1:]:
            self._refuse(
                f"a test image is {self.test_images.shape[1:]}, a training image "
                f"{self.images.shape[1:]}; they must be of one shape"
            )

    @property
    def num_classes(self) -> int:
        """K."""
        return len(self.class_names)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""
        _, height, width, channels = self.images.shape
        return height, width, channels

    def _check(
        self, images_name: str, images: np.ndarray, labels_name: str, labels: np.ndarray
    ) -> None:
        for array_name, array, dtype, rank in (
            (images_name, images, np.uint8, 4),
            (labels_name, labels, np.int32, 1),
        ):
            if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != rank:
                found = f"{getattr(array, 'dtype', type(array))} {list(np.shape(array))}"
                self._refuse(
                    f"{array_name} must be {np.dtype(dtype).name} of rank {rank}, not {found}"
                )
        if images.size == 0:
            self._refuse(f"{images_name} is empty: its shape is {list(images.shape)}")
        if len(images) != len(labels):
            self._refuse(
                f"{len(images)} {images_name} and {len(labels)} {labels_name}; "
                "each image needs one label"
            )
        if labels.min() < 0 or labels.max() >= self.num_classes:
            self._refuse(
                f"{labels_name} lie in [{labels.min()}, {labels.max()}], "
                f"and its {self.num_classes} classes are 0 to {self.num_classes - 1}"
            )

    def _refuse(self, reason: str) -> None:
        raise InputError(f"data set {self.name!r}: {reason}")
