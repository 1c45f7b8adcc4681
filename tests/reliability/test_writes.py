"""Writes that wait for a full disk."""

import errno
import logging
from pathlib import Path

import pytest

from bayesian_gan.errors import RunStopped
from bayesian_gan.reliability.writes import Writes
from bayesian_gan.storage import append


class _Disk:
    """A disk that refuses the files named here."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.refuses = folder, set[str]()

    def append(self, name: str, text: str) -> None:
        if name in self.refuses:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(self.folder / name, text.encode())


def test_what_waits_is_written_in_order_and_warned_of_once_a_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now, disk = [0.0], _Disk(tmp_path)
    writes = Writes(logging.getLogger("test_writes"), retry_seconds=10.0, clock=lambda: now[0])

    def write(name: str, text: str) -> None:
        writes.write(name, lambda: disk.append(name, text))

    with caplog.at_level(logging.INFO, "test_writes"):
        write("a", "1")
        disk.refuses = {"a"}
        for second in range(130):
            now[0] = float(second)
            if second in (3, 50):
                write("a", str(second))
                write("b", str(second))
            writes.retry()
        assert len([r for r in caplog.records if "No space" in r.message]) == 3
        assert writes.pending == ["a", "a"]
        assert (tmp_path / "a").read_text() == "1"
        assert (tmp_path / "b").read_text() == "350"  # One file's trouble is not another's.
        assert not writes.clear()
        disk.refuses = set()
        assert writes.clear()
    assert writes.pending == []
    assert (tmp_path / "a").read_text() == "1350"
    assert "all that waited is written now" in caplog.text


def test_the_run_stops_when_too_much_waits(tmp_path: Path) -> None:
    disk = _Disk(tmp_path)
    disk.refuses = {"a"}
    writes = Writes(logging.getLogger("test_writes"))
    writes.write("a", lambda: disk.append("a", "1"), num_bytes=2**29)
    with pytest.raises(RunStopped, match="2 files could not be written") as stopped:
        writes.write("a", lambda: disk.append("a", "2"), num_bytes=2**29 + 1)
    assert stopped.value.status == 4


def test_what_is_discarded_is_not_written(tmp_path: Path) -> None:
    disk = _Disk(tmp_path)
    disk.refuses = {"a"}
    writes = Writes(logging.getLogger("test_writes"))
    writes.write("a", lambda: disk.append("a", "1"))
    writes.discard()
    disk.refuses = set()
    assert writes.clear()
    assert not (tmp_path / "a").exists()


def test_a_short_write_does_not_overtake_a_long_one_that_finds_no_room(tmp_path: Path) -> None:
    now, room = [0.0], [1]
    writes = Writes(logging.getLogger("test_writes"), clock=lambda: now[0])

    def write(text: str) -> None:
        def action() -> None:
            if len(text) > room[0]:
                raise OSError(errno.ENOSPC, "No space left on device")
            append(tmp_path / "a", text.encode())

        writes.write("a", action)

    write("long")
    now[0] = 20.0  # Time to try again: now both in one turn.
    write("s")
    assert not (tmp_path / "a").exists()
    assert writes.pending == ["a", "a"]
    room[0] = 10
    assert writes.clear()
    assert (tmp_path / "a").read_text() == "longs"
