"""Items that are made one ahead: their order, their faults, and that they are made in the meantime."""

import gc
import threading
from collections.abc import Iterator

import pytest

from bayesian_gan.commands.ahead import one_ahead


def test_the_next_is_made_while_the_last_is_used() -> None:
    made = [threading.Event() for _ in range(3)]

    def items() -> Iterator[int]:
        for k, event in enumerate(made):
            event.set()
            yield k

    for k, item in enumerate(one_ahead(items())):
        assert item == k
        if k + 1 < len(made):
            # Nobody has asked for it yet.
            assert made[k + 1].wait(timeout=20)


def test_nothing_is_none() -> None:
    assert list(one_ahead(iter([]))) == []
    assert list(one_ahead(iter([None, 0, None]))) == [None, 0, None]


def test_a_fault_comes_in_its_place_and_the_end_is_clean() -> None:
    closed = []

    def items() -> Iterator[int]:
        try:
            yield 1
            raise ValueError("the second")
        finally:
            closed.append(threading.current_thread().name)

    found = one_ahead(items())
    assert next(found) == 1
    with pytest.raises(ValueError, match="the second"):
        next(found)
    assert len(closed) == 1
    for _ in one_ahead(iter(range(10))):
        break
    gc.collect()
    assert not any("ThreadPoolExecutor" in thread.name for thread in threading.enumerate())
