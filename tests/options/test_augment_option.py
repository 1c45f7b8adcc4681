"""What `--augment` takes."""

import pytest
from conftest import parse_flags

from bayesian_gan.errors import InputError

OUT = ("--out_dir", "O")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("shift,flip", "flip,shift"), ("AFFINE , flip", "flip,affine"), ("none", "none")],
)
def test_every_spelling_is_kept_as_one(given: str, kept: str) -> None:
    assert parse_flags(*OUT, "--augment", given).augment == kept
    assert parse_flags(*OUT).augment == "none"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--augment", "flip,none"), "--augment flip,none: give none, or some of flip, shift"),
        (("--augment", ""), "--augment : give none, or some of"),
        (("--augment", "crop"), "--augment crop: give none"),
        (("--augment", "shift,shift"), "with commas, each once"),
        (("--augment", "affine", "--jit"), "no --jit where it has affine, which XLA cannot"),
        (
            ("--augment", "flip", "--data", "t.csv"),
            "--augment needs pictures: the data are a table",
        ),
    ],
)
def test_what_is_none_is_refused_in_one_line(given: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_flags(*OUT, *given)
