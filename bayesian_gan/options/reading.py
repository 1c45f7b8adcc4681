"""How a data set is to be read, apart from its name and its folder."""

from dataclasses import dataclass

from bayesian_gan.errors import InputError

CELEB_TRAIN = 75_000
DOWNLOAD_SECONDS = 3600.0


@dataclass(frozen=True)
class Options:
    """Options of the readers; each has a command-line flag of the same name.

    Attributes:
        image_size: height and width in pixels of the images, at least 8; None for the data set's own (CelebA:
            32, ImageNet: 64). CelebA is cropped and ImageNet subsampled to it; all other data must have it,
            or be resized.
        resize: whether images of another size or channel count than the network's are resized; otherwise
            they are refused.
        celeb_train: training images of CelebA, at least 1.
        cache_dir: folder of decoded images; None for ~/.cache/bayesian_gan (or $XDG_CACHE_HOME/bayesian_gan).
        download: whether data that are not there may be downloaded (by TensorFlow Datasets).
        download_seconds: time limit of a download, greater than 0.

    Raises:
        InputError: a value out of its range.
    """

    image_size: int | None = None
    resize: bool = False
    celeb_train: int = CELEB_TRAIN
    cache_dir: str | None = None
    download: bool = False
    download_seconds: float = DOWNLOAD_SECONDS

    def __post_init__(self) -> None:
        if self.image_size is not None and not 8 <= self.image_size <= 1024:
            raise InputError(f"--image_size {self.image_size}: give a size in [8, 1024]")
        if self.celeb_train < 1:
            raise InputError(f"--celeb_train {self.celeb_train}: give at least 1")
        if not self.download_seconds > 0:
            raise InputError(f"--download_seconds {self.download_seconds}: give more than 0")


DEFAULTS = Options()
