"""Pictures and bodies for the serving example: those that it answers, and those that it refuses."""

import base64
import io
import json
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

SHAPE = (8, 8, 1)


def b64(data: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(data).decode()}


def picture(array: np.ndarray, mode: str = "L", kind: str = "PNG", **more: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(array).convert(mode).save(file, kind, **more)
    return file.getvalue()


def _bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header says that it is large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def _scans(count: int) -> bytes:
    """A progressive JPEG whose last pass over all pixels comes many times."""
    data = picture(np.zeros((64, 64), np.uint8), kind="JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * count + data[-2:]


def as_json(**request: Any) -> str:
    return json.dumps(request)


BLANK = np.zeros(SHAPE, int).tolist()
GREY_PNG = picture(np.arange(64, dtype=np.uint8).reshape(8, 8))
BAD = {
    "empty": ("", 400, "no JSON"),
    "no JSON": ("{", 400, "no JSON"),
    "not UTF-8": (b"\xff\xfe{", 400, "no JSON"),
    "deep": ("[" * 1_000_000, 400, "no JSON"),
    "NaN": ('{"instances": [NaN]}', 400, "NaN"),
    "a long number": ('{"instances": [' + "9" * 5000 + "]}", 400, "no JSON"),
    "a list": ("[1]", 400, '{"instances"'),
    "columns": (as_json(inputs=[BLANK]), 400, '{"instances"'),
    "unknown": (as_json(instances=[BLANK], signature="x"), 400, "'signature'"),
    "signature": (as_json(instances=[BLANK], signature_name="embed"), 400, "'embed'"),
    "signature's type": (as_json(instances=[BLANK], signature_name=1), 400, "signature_name"),
    "none": (as_json(instances=[]), 400, "empty"),
    "shape": (as_json(instances=[BLANK, BLANK[:-1]]), 400, "instances[1]: must be 8x8x1"),
    "ragged": (as_json(instances=[[*BLANK[:-1], [[0]]]]), 400, "instances[0]: must be 8x8x1"),
    "texts": (as_json(instances=[[[["0"]] * 8] * 8]), 400, "whole numbers from 0 to 255"),
    "booleans": (as_json(instances=[[[[True]] * 8] * 8]), 400, "whole numbers from 0 to 255"),
    "null": (as_json(instances=[[[[None]] * 8] * 8]), 400, "whole numbers from 0 to 255"),
    "halves": (as_json(instances=[[[[0.5]] * 8] * 8]), 400, "whole numbers from 0 to 255"),
    "256": (as_json(instances=[[[[256]] * 8] * 8]), 400, "whole numbers from 0 to 255"),
    "-1": (as_json(instances=[[[[-1]] * 8] * 8]), 400, "whole numbers from 0 to 255"),
    "range": (
        as_json(instances=[[[[255.0]] * 8] * 8], signature_name="classify_float"),
        400,
        "must lie in [-1, 1]",
    ),
    "huge": (
        as_json(instances=[[[[10**400]] * 8] * 8], signature_name="classify_float"),
        400,
        "too large",
    ),
    "a picture as floats": (
        as_json(instances=[b64(GREY_PNG)], signature_name="classify_float"),
        400,
        "uint8",
    ),
    "other keys": (as_json(instances=[{"png": "AAAA"}]), 400, "b64"),
    "no text": (as_json(instances=[{"b64": 1}]), 400, "b64"),
    "no base64": (as_json(instances=[{"b64": "%%%%"}]), 400, "no base64"),
    "no picture": (as_json(instances=[b64(b"GIF89a" + bytes(50))]), 400, "no PNG or JPEG"),
    "cut short": (as_json(instances=[b64(GREY_PNG[:-30])]), 400, "cannot be decoded"),
    "16 bits": (
        as_json(instances=[b64(picture(np.zeros((8, 8), np.uint16), "I;16"))]),
        400,
        "mode I;16",
    ),
    "bomb": (as_json(instances=[b64(_bomb(15_000, 15_000))]), 413, "pixels"),
    "long": (as_json(instances=[b64(_bomb(100_000, 1))]), 413, "100000 x 1"),
    "scans": (as_json(instances=[b64(_scans(200))]), 413, "64 scans"),
    "many": (as_json(instances=[BLANK] * 257), 413, "256 are the most"),
    "large": (" " * (2**23 + 1), 413, "8388608 bytes"),
    "30 MB": (b" " * 30_000_000, 413, "8388608 bytes"),
    "30 MB in chunks": (iter([b" " * 1_000_000] * 30), 413, "8388608 bytes"),
}
