"""Options of the data once they are read: what of them is held out, and what has labels."""

from dataclasses import dataclass

from bayesian_gan.options.option import Group, option
from bayesian_gan.options.reading import ReadingOptions


@dataclass(frozen=True)
class DataOptions(Group):
    """How the data are divided; `ReadingOptions` says how they are read."""

    title = ReadingOptions.title

    validation: int = option(0, low=0)
    """For tuning: the last so many training images leave the training set and stand for the
    test set, which is then not looked at.
    """

    test_fraction: float = option(0.0, low=0.0, below=1.0)
    """Share of each class's labelled pictures that is held out as test set, chosen by content,
    for data that have none.
    """

    label_seed: int = option(0, low=0)
    """Seed that chooses the labelled examples, apart from --random_seed."""
