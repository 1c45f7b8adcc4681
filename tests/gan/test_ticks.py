"""What drives Keras's loop: as many elements as iterations, and no thread of tf.data beside them."""

from bayesian_gan.gan.ticks import ticks


def test_there_are_as_many_as_asked_for_and_nothing_is_tuned() -> None:
    given = ticks(3)
    assert [int(tick) for tick in given] == [0, 0, 0]
    assert int(given.cardinality()) == 3
    assert given.options().autotune.enabled is False
