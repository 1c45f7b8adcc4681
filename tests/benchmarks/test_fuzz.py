"""The fuzzer tells what a reader makes of damage, and its damages are those of its seed."""

import gzip
import io
import json
import random
import time
import zipfile
from pathlib import Path

import pytest

from bayesian_gan.errors import InputError
from benchmarks.faults import damage, fuzz
from benchmarks.faults.fuzzed import Reader, resigned

PLAIN = (damage.flip, damage.overwrite, damage.cut, damage.swap, damage.grow, damage.number)
WORDS = b"1234567 words, and 89 more of them\n" * 9


@pytest.mark.parametrize("each", PLAIN)
def test_damages_are_those_of_the_seed_and_take_every_file(each: damage.Damage) -> None:
    found = [each(WORDS, random.Random(seed)) for seed in range(30)]
    assert found == [each(WORDS, random.Random(seed)) for seed in range(30)]
    assert sum(one != WORDS for one in found) >= 25
    assert len(set(found)) >= 20
    for data in (b"", b"x", b"12"):
        each(data, random.Random(1))


def test_damage_within_is_whole_without() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a", WORDS)
    for seed in range(20):
        chance = random.Random(seed)
        for each in (damage.inside_zip, resigned):
            with zipfile.ZipFile(io.BytesIO(each(packed.getvalue(), chance))) as archive:
                assert archive.testzip() is None
        gzip.decompress(damage.inside_gzip(gzip.compress(WORDS), chance))
        json.loads(damage.value(b'{"a": [1, {"b": "c"}], "d": null}', chance))


def _outcome(folder: Path, read: object, checked: bool = False) -> str:
    (folder / "whole").mkdir()
    reader = Reader(
        lambda place: (place / "x").write_bytes(WORDS),
        read,  # type: ignore[arg-type]
        {"x": (damage.flip,)},
        checked,
    )
    whole = fuzz._prepared(reader, folder / "whole" / "x")
    return fuzz._trial(reader, folder, whole, random.Random(0))[0]


def _reads(path: Path) -> bytes:
    return (path / "x").read_bytes()


def _damaged(path: Path) -> bool:
    return _reads(path) != WORDS


def _refuses(path: Path) -> int:
    if _damaged(path):
        raise InputError("it is damaged")
    return 0


def _raises(path: Path) -> int:
    return 1 // (not _damaged(path))


def _hangs(path: Path) -> int:
    if _damaged(path):
        time.sleep(60)
    return 0


def _holds(path: Path) -> int:
    return len(b"x" * (2**20 * (300 if _damaged(path) else 1))) * 0


def test_what_a_reader_does_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "WAIT", 1)
    monkeypatch.setattr(fuzz, "BYTES", 2**27)
    expected = {
        "same": (lambda path: 0, False),
        "other": (_reads, False),
        "refused": (_refuses, True),
        "another result": (_reads, True),
        "raises": (_raises, False),
        "hangs": (_hangs, False),
        "holds too much": (_holds, False),
    }
    for name, (read, checked) in expected.items():
        folder = tmp_path / name
        folder.mkdir()
        found = _outcome(folder, read, checked)
        assert found == (name if name in ("same", "other", "refused") else "FAILED"), name
