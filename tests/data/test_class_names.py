"""Which names are classes, and which say that there is none."""

import pytest

from bayesian_gan.data.class_names import check_class_names
from bayesian_gan.errors import InputError


@pytest.mark.parametrize(
    "names", [("-1", "1"), ("none", "scratch"), ("0", "1", "-2"), ("NaN's", "b")]
)
def test_names_of_classes_are_taken(names: tuple[str, ...]) -> None:
    check_class_names(dict.fromkeys(names, "line 2"))


@pytest.mark.parametrize(
    ("names", "refused"), [(("-1", "0", "1"), "-1"), (("-1", "cat"), "-1"), (("NaN", "cat"), "NaN")]
)
def test_names_that_say_no_label_are_refused(names: tuple[str, ...], refused: str) -> None:
    with pytest.raises(
        InputError, match=f"the label '{refused}' \\(line 2\\) often means none; leave"
    ):
        check_class_names(dict.fromkeys(names, "line 2"))
