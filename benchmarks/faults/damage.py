"""Ways in which the bytes of a file go wrong, each a function of a random number generator."""

import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from typing import Any

# What stands where a number, a text or a list should: of another type, empty, or too large.
STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 0, 1.5, 10**30, 1e999, float("nan"), "", "x", "\u202e<script>", "../x"),
    *([], [None], [[1, [2]]], {}, {"x": 1}, "x" * 1000),
)
WORDS = (
    b"-1",
    b"1e999",
    b"nan",
    b"99999999999999999999",
    b"",
    b'"',
    b"\x00",
    b"\xff",
    b"=1",
    b"\r",
)
MOST_FLIPS = 8

Damage = Callable[[bytes, random.Random], bytes]


def flip(data: bytes, chance: random.Random) -> bytes:
    """One to eight bits the other way round."""
    found = bytearray(data or b"\0")
    for _ in range(chance.randint(1, MOST_FLIPS)):
        place = _place(data, chance)
        found[place] ^= 1 << chance.randrange(8)
    return bytes(found)


def overwrite(data: bytes, chance: random.Random) -> bytes:
    """Four bytes, such as a size in a header, the largest or the least number, or noise."""
    place = _place(data, chance)
    word = chance.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", bytes(4)))
    word = chance.choice((word, chance.randbytes(4)))
    return data[:place] + word + data[place + 4 :]


def cut(data: bytes, chance: random.Random) -> bytes:
    """The end, or a piece of the middle, is not there."""
    start, end = sorted(chance.choices(range(len(data) + 1), k=2))
    return data[:start] if chance.random() < 0.5 else data[:start] + data[end:]


def swap(data: bytes, chance: random.Random) -> bytes:
    """Two pieces of one length stand in each other's place."""
    first, second = sorted((_place(data, chance), _place(data, chance)))
    size = chance.randint(1, max(1, min(second - first, len(data) - second, 512)))
    parts = (data[second : second + size], data[first + size : second], data[first : first + size])
    return data[:first] + b"".join(parts) + data[second + size :]


def grow(data: bytes, chance: random.Random) -> bytes:
    """More is there: noise, zeros or a piece of the file itself, at the end or within."""
    start, end = sorted((_place(data, chance), _place(data, chance)))
    more = chance.choice((chance.randbytes(chance.randint(1, 512)), bytes(4096), data[start:end]))
    place = len(data) if chance.random() < 0.5 else start
    return data[:place] + more + data[place:]


def number(data: bytes, chance: random.Random) -> bytes:
    """A number that is written in digits becomes something else."""
    found = list(re.finditer(rb"-?\d+", data[: 2**20]))
    if not found:
        return overwrite(data, chance)
    match = chance.choice(found)
    return data[: match.start()] + chance.choice(WORDS) + data[match.end() :]


def value(data: bytes, chance: random.Random) -> bytes:
    """A value of JSON is of another kind, or its key is gone; whole JSON all the same."""
    whole = json.loads(data)
    places = list(_places(whole))
    if not places:
        return flip(data, chance)
    owner, key = chance.choice(places)
    if chance.random() < 0.25:
        del owner[key]
    else:
        owner[key] = chance.choice(STRANGE)
    return json.dumps(whole).encode()


def inside_zip(data: bytes, chance: random.Random) -> bytes:
    """A member is damaged, and the archive's own checksums are right."""
    members = _members(data)
    name = chance.choice(list(members))
    members[name] = chance.choice((flip, overwrite, cut, grow, number))(members[name], chance)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, contents in members.items():
            archive.writestr(member, contents)
    return out.getvalue()


def inside_gzip(data: bytes, chance: random.Random) -> bytes:
    """What is packed is damaged, and the packing is whole."""
    return gzip.compress(chance.choice((flip, overwrite, cut, grow))(gzip.decompress(data), chance))


ANY: tuple[Damage, ...] = (flip, overwrite, cut, swap, grow)
TEXT: tuple[Damage, ...] = (*ANY, number, number)
JSON: tuple[Damage, ...] = (*ANY, number, value, value, value, value)


def _place(data: bytes, chance: random.Random) -> int:
    """A place in a file; every second one near its beginning, where headers are."""
    end = len(data) if chance.random() < 0.5 else min(len(data), 256)
    return chance.randrange(max(1, end))


def _places(part: Any) -> Any:
    """Every value in JSON: what holds it, and where."""
    keys = part.keys() if isinstance(part, dict) else range(len(part))
    for key in list(keys):
        yield part, key
        if isinstance(part[key], (dict, list)):
            yield from _places(part[key])


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
