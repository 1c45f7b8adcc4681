"""Images that are given in memory: which are taken, as what, and what is said of the others."""

import numpy as np
import pytest
import tensorflow as tf

from bayesian_gan.data.check_images import check_images, checked_unit, doubt
from bayesian_gan.data.input_range import InputRange
from bayesian_gan.errors import InputError

SHAPE = (2, 2, 1)
UNIT, BYTES = InputRange(-1.0, 1.0), InputRange(0.0, 255.0)


def _of(dtype: str, *values: float) -> np.ndarray:
    return np.resize(np.array(values, dtype), (3, *SHAPE))


@pytest.mark.parametrize(
    ("images", "input_range", "dtype"),
    [
        (_of("uint8", 0, 255), UNIT, "uint8"),
        (_of("int64", 0, 255), BYTES, "uint8"),
        (_of("float64", -1, 1), UNIT, "float32"),
        # Half a thousandth of the range beyond it, on both sides.
        (_of("float32", -1.0009, 1.0009), UNIT, "float32"),
    ],
)
def test_what_is_taken(images: np.ndarray, input_range: InputRange, dtype: str) -> None:
    found = check_images(images, SHAPE, input_range)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, images.astype(dtype))


@pytest.mark.parametrize(
    ("images", "input_range", "said"),
    [
        (_of("int16", -1, 255), BYTES, "-1..255"),
        (_of("int16", 0, 256), BYTES, "0..256"),
        (_of("int16", 0, 255), UNIT, "must be uint8, or floats"),
        (_of("bool", 0, 1), UNIT, "must be uint8, or floats"),
        (_of("float32", -1.002, 1), UNIT, r"-1.002..1\b"),
        (_of("float32", -1, 1.002), UNIT, r"-1..1.002"),
        (_of("float32", 0, np.nan), UNIT, "nan..nan"),
        (_of("uint8", 0)[..., 0], UNIT, r"must have shape \[N, 2, 2, 1\]"),
        (_of("uint8", 0)[:0], UNIT, r"must have shape \[N, 2, 2, 1\]"),
    ],
)
def test_what_is_refused(images: np.ndarray, input_range: InputRange, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_images(images, SHAPE, input_range)


@pytest.mark.parametrize(
    ("images", "input_range", "said"),
    [
        (_of("uint8", 0, 1), UNIT, "no value above 1"),
        (_of("uint8", 0, 2), UNIT, None),
        (_of("float32", 0, 1), UNIT, "no value below 0"),
        (_of("float32", -0.1, 1), UNIT, None),
        (_of("float32", 0, 1), BYTES, "no value above 1"),
        (_of("float32", 0, 1.5), BYTES, None),
    ],
)
def test_what_is_doubted(images: np.ndarray, input_range: InputRange, said: str | None) -> None:
    found = doubt(images, input_range)
    assert (found is None) == (said is None)
    assert said is None or said in str(found)


def test_a_range_is_scaled_to_that_of_the_networks_and_back() -> None:
    values = np.array([-2.0, 0.0, 2.0, 6.0], np.float32)
    unit = np.array([-1.0, -0.5, 0.0, 1.0], np.float32)
    odd = InputRange.of((-2, 6))
    np.testing.assert_array_equal(odd.to_unit(values), unit)
    np.testing.assert_array_equal(odd.from_unit(unit), values)
    assert odd.tolerance == 0.004
    np.testing.assert_array_equal(
        checked_unit(np.reshape(values, (2, 2, 1, 1)), odd)[..., 0, 0], unit.reshape(2, 2)
    )
    with pytest.raises(InputError, match="images are int32: give uint8, or floating point in"):
        checked_unit(tf.constant([[[[1]]]]), odd)
    whole = tf.constant([[[[0]], [[255]]]])
    np.testing.assert_array_equal(checked_unit(whole, BYTES)[0, :, 0, 0], [-1.0, 1.0])
    low = tf.constant([[[[-2.005]]]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="values beyond it"):
        checked_unit(low, odd)
    with pytest.raises(tf.errors.InvalidArgumentError, match="values beyond it"):
        checked_unit(tf.constant([[[[6.005]]]]), odd)


def test_a_range_that_is_one_stays_it() -> None:
    given = InputRange(0.0, 2.0)
    assert InputRange.of(given) is given
