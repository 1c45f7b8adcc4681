"""Files of pictures, decoded within bounds, by all processors, in order, in little memory."""

import io
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image, UnidentifiedImageError
from tqdm import tqdm

from bayesian_gan.data.paths import REMEDY, check_file, reason
from bayesian_gan.errors import InputError

# Formats that Pillow decodes itself; EPS, for one, would start another program.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
MAX_PIXELS = 2**25
MAX_BYTES = 2**28
CHUNK = 128

Item = TypeVar("Item")


def read_picture(source: Path | bytes, name: str = "") -> Image.Image:
    """Decodes a picture; what it is is seen from its bytes, not from its name.

    Args:
        source: a file, or its contents.
        name: what to call contents in a message.

    Raises:
        InputError: it is missing, no picture, cut short, or larger than 2^25 pixels; the line names
            it.
    """
    called = repr(str(source)) if isinstance(source, Path) else name
    try:
        opened = source if isinstance(source, Path) else io.BytesIO(source)
        with Image.open(opened, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise InputError(
                    f"{called} has {picture.width} x {picture.height} pixels, and {MAX_PIXELS} are "
                    f"the most; {REMEDY}"
                )
            picture.load()
            return picture
    except (MemoryError, InputError):
        raise
    except Exception as error:
        # Of damaged files Pillow raises OSError, SyntaxError, ValueError, struct.error, ...
        if isinstance(source, Path):
            check_file(source, MAX_BYTES)
        why = "of no known format" if isinstance(error, UnidentifiedImageError) else reason(error)
        raise InputError(f"{called} is no picture that can be read ({why}); {REMEDY}") from error


def decode(
    items: Iterable[Item], total: int, decode_one: Callable[[Item], np.ndarray], what: str
) -> Iterator[np.ndarray]:
    """Decodes many items on all processors, with a progress bar where somebody is looking.

    Args:
        items: what to decode, such as paths; taken as they are needed.
        total: how many they are.
        decode_one: gives a uint8 array [H, W, C], the same shape for all.
        what: beside the progress bar.

    Yields:
        uint8 [n, H, W, C], n at most 128, in the order of the items. A few such chunks are in
        memory.

    Raises:
        InputError: `decode_one` did; the first in the order of the items.
    """

    def decode_some(some: list[Item]) -> np.ndarray:
        return np.stack([decode_one(item) for item in some])

    workers = os.cpu_count() or 1
    waiting: deque[Future[np.ndarray]] = deque()
    iterator = iter(items)
    # Threads serve: Pillow gives up Python's lock while it decodes and resizes.
    with (
        quiet_pillow(),
        tqdm(total=total, desc=what, unit="image", disable=None, leave=False) as bar,
        ThreadPoolExecutor(workers) as pool,
    ):
        try:
            while some := list(islice(iterator, CHUNK)):
                waiting.append(pool.submit(decode_some, some))
                if len(waiting) > 2 * workers:
                    yield _next(waiting, bar)
            while waiting:
                yield _next(waiting, bar)
        finally:
            for future in waiting:
                future.cancel()


def _next(waiting: "deque[Future[np.ndarray]]", bar: tqdm) -> np.ndarray:
    chunk = waiting.popleft().result()
    bar.update(len(chunk))
    return chunk


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Leaves out Pillow's warnings of metadata, and of sizes that `read_picture` bounds."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield
