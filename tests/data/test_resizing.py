"""Pictures of any proportions, fitted to those of the networks."""

import numpy as np
import pytest
from PIL import Image

from bayesian_gan.data.resizing import fitted

H, W = 4, 8
# 16 wide and 16 high: the upper quarter black, the lower one white, grey between.
TALL = np.repeat(np.array([0, 100, 100, 255], np.uint8), 4)[:, None] * np.ones((1, 16), np.uint8)


def _fitted(fit: str, channels: int = 1) -> np.ndarray:
    found = fitted(Image.fromarray(TALL), (H, W, channels), fit, "white")
    assert found.shape == (H, W, channels)
    assert found.dtype == np.uint8
    assert (found == found[..., :1]).all()
    return found[..., 0]


@pytest.mark.parametrize("channels", [1, 3])
def test_a_crop_takes_the_middle(channels: int) -> None:
    found = _fitted("crop", channels)
    # Rows 4 to 11 of 16 are grey; the filter rings.
    assert np.abs(found.astype(int) - 100).max() < 30


def test_a_margin_is_where_the_picture_ends() -> None:
    found = _fitted("pad")
    assert (found[:, :2] == 255).all()
    assert (found[:, 6:] == 255).all()
    assert (found[0, 2:6] < 30).all()
    assert (found[1:3, 2:6] < 140).all()


def test_other_proportions_hold_all_of_it() -> None:
    found = _fitted("stretch")
    assert (found[0] < 30).all()
    assert (found[-1] > 225).all()


def test_one_of_the_right_size_stays_as_it_is() -> None:
    exact = np.arange(H * W, dtype=np.uint8).reshape(H, W)
    for fit in ("crop", "pad", "stretch"):
        found = fitted(Image.fromarray(exact), (H, W, 1), fit)
        np.testing.assert_array_equal(found[..., 0], exact)
