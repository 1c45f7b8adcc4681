"""Options of the readers, made without a command line."""

from dataclasses import replace
from typing import Any

import pytest

from bayesian_gan.errors import InputError
from bayesian_gan.options.config import Config
from bayesian_gan.options.reading import NO_DOWNLOAD, ReadingOptions


def test_a_configuration_is_what_readers_take() -> None:
    assert isinstance(Config(), ReadingOptions)
    assert Config().download
    assert not NO_DOWNLOAD.download


@pytest.mark.parametrize("made", [ReadingOptions(), Config()])
@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"image_size": 5}, "--image_size 5: give a size in [8, 1024]"),
        ({"image_size": 1025}, "--image_size 1025: give a size in [8, 1024]"),
        ({"celeb_train": 0}, "--celeb_train 0: give at least 1"),
        ({"download_seconds": 0.0}, "--download_seconds 0.0: give more than 0"),
    ],
)
def test_values_out_of_range_are_refused_as_they_are_made(
    made: ReadingOptions, values: dict[str, Any], line: str
) -> None:
    with pytest.raises(InputError) as caught:
        replace(made, **values)
    assert str(caught.value) == line
