"""How a data set is to be read, apart from its name and its folder."""

from dataclasses import dataclass
from typing import Literal

from bayesian_gan.errors import InputError
from bayesian_gan.options.option import Group, Need, option, options_of

TABLE = Need(
    lambda config: config.dataset.startswith("table:"),
    "a table, --data FILE.csv: give one, or leave --{name} out",
)


@dataclass(frozen=True)
class ReadingOptions(Group):
    """Options of the readers. A run's `Config` is one; others make their own.

    Raises:
        InputError: a value out of its range.
    """

    title = "data"

    image_size: int | None = option(
        None, low=8, high=1024, unit="pixels", noun="size", at_parse=False, kind="pictures"
    )
    """Side of the images. By default the data set's own: 32 for celeb (50 in the paper; 32, 50
    and 64 are cropped), 64 for imagenet_K; for a folder of pictures of one size that size, and of
    mixed sizes the median of their shorter sides, at most 64. Other data need --resize to have
    another.
    """

    resize: bool = option(False, kind="pictures")
    """Resize images of another size or channel count than the network's; without it they are
    refused. A folder of pictures needs no such leave: see --fit.
    """

    fit: Literal["crop", "pad", "stretch"] = option("crop", kind="pictures")
    """How a folder's pictures become square: crop, their middle; pad, whole, with margins of
    --background; stretch, whole, in other proportions.
    """

    background: str = option("white", kind="pictures")
    """Colour under transparent pictures, and around padded ones: a name, such as white, or
    #rrggbb.
    """

    labels: str | None = option(None)
    """CSV file of labels: columns path (or file_name, filename, image) and label (or class,
    category), and split (train or test) if you like; an empty label is none. For a folder of
    pictures by default metadata.csv in it, if it is there. Pictures without files of their own
    are train/0, train/1, ...; of a data set that is labelled throughout the others lose their
    labels.
    """

    label_column: str | None = option(None, needs=(TABLE,), since="2.0.0")
    """Column of a table that holds the classes; an empty cell is no label."""

    category_columns: str | None = option(None, needs=(TABLE,), since="2.0.0")
    """Columns of a table whose numbers are categories, as A,B; columns of texts are anyway."""

    ignore_columns: str | None = option(None, needs=(TABLE,), since="2.0.0")
    """Columns of a table that are left out, as A,B: names, numbers of the rows."""

    celeb_train: int = option(75000, low=1, at_parse=False)
    """Training images of celeb: 75000 in the authors' program, 100000 in the paper."""

    cache_dir: str | None = option(None, may_differ=("resume",))
    """Folder of decoded images, shared by runs. By default ~/.cache/bayesian_gan, or
    $XDG_CACHE_HOME/bayesian_gan.
    """

    download: bool = option(True, may_differ=("resume",))
    """Have TensorFlow Datasets download into DATA_PATH what is not there."""

    download_seconds: float = option(
        3600.0, above=0.0, unit="seconds", at_parse=False, may_differ=("resume",)
    )
    """Time limit of a download."""

    def __post_init__(self) -> None:
        for name, declared in options_of(ReadingOptions).items():
            value, rule = getattr(self, name), declared.option
            if value is not None and not rule.holds(value):
                allowed = f"a {rule.noun} {rule.range}" if rule.interval else rule.range
                raise InputError(f"--{name} {value}: give {allowed}")


# What is there already: the readers' default.
NO_DOWNLOAD = ReadingOptions(download=False)
