"""Files of pictures, decoded within bounds, by all processors, in order, in little memory."""

import io
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
from PIL import ExifTags, Image, ImageColor, ImageOps, UnidentifiedImageError
from tqdm import tqdm

from bayesian_gan.data.paths import REMEDY, check_file
from bayesian_gan.errors import InputError, reason

# Formats that Pillow decodes itself; EPS, for one, would start another program.
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp")
MAX_PIXELS = 2**25
MAX_BYTES = 2**28
CHUNK = 128
SMALLER = "put a smaller copy in its place"
# What an 8-bit picture becomes: grey, or colour. Pillow clips values of more bits to 8.
GREY = ("1", "L", "LA", "La")
COLOUR = ("RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "P", "PA", "LAB", "HSV")
WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
# EXIF orientations from 5 on are of cameras that were held upright.
TURNED = 5

Item = TypeVar("Item")
Result = TypeVar("Result")


class Header(NamedTuple):
    """What a picture's file says of it before its pixels are decoded.

    Attributes:
        width: as it is to be seen, after the orientation that a camera noted.
        height: likewise.
        channels: 1 for grey, 3 for colour.
        alpha: whether parts of it may be transparent.
    """

    width: int
    height: int
    channels: int
    alpha: bool


def read_picture(source: Path | bytes, name: str = "", *, background: str = "white") -> Image.Image:
    """Decodes a picture as it is to be seen: upright, and on a background where it is transparent.

    What it is is seen from its bytes, not from its name.

    Args:
        source: a file, or its contents.
        name: what to call contents in a message.
        background: see `colour`.

    Returns:
        A picture of mode "L" or "RGB".

    Raises:
        InputError: it is missing, no picture, cut short, larger than 2^25 pixels, or has values
            of more than 8 bits; the line names it.
    """
    with _opened(source, name) as opened:
        channels = _channels(opened, repr(str(source)) if isinstance(source, Path) else name)
        mode = "L" if channels == 1 else "RGB"
        picture = ImageOps.exif_transpose(opened)
        picture.load()
        if _has_alpha(picture):
            ground = Image.new("RGBA", picture.size, colour(background))
            picture = Image.alpha_composite(ground, picture.convert("RGBA"))
        return picture if picture.mode == mode else picture.convert(mode)


def read_header(path: Path) -> Header:
    """Reads what `read_picture` will give, but for the pixels.

    Raises:
        InputError: as `read_picture` does, but for what is wrong with the pixels.
    """
    with _opened(path, "") as picture:
        channels = _channels(picture, repr(str(path)))
        size = picture.size
        turned = picture.getexif().get(ExifTags.Base.Orientation, 1) >= TURNED
        if turned and picture.format != "TIFF":  # Of which Pillow turns the size itself.
            size = size[::-1]
        return Header(*size, channels, _has_alpha(picture))


def colour(background: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of a colour's name or of #rrggbb.

    Raises:
        InputError: it is no colour.
    """
    try:
        return ImageColor.getrgb(background)[:3]
    except ValueError as error:
        raise InputError(
            f"--background {background!r}: no colour; give a name, such as white, or #rrggbb"
        ) from error


def _channels(picture: Image.Image, called: str) -> int:
    if picture.mode in GREY:
        return 1
    if picture.mode not in COLOUR:
        raise InputError(
            f"{called} has values of mode {picture.mode}, not 8 bits; convert it to 8-bit grey or RGB"
        )
    return 3


def _has_alpha(picture: Image.Image) -> bool:
    return picture.mode in WITH_ALPHA or "transparency" in picture.info


def read_as_stored(source: Path | bytes, name: str = "") -> Image.Image:
    """Decodes a picture as its file has it, in any mode: benchmark sets are taken as they are.

    Args:
        source: a file, or its contents.
        name: what to call contents in a message.

    Raises:
        InputError: it is missing, no picture, cut short, or larger than 2^25 pixels; the line names
            it.
    """
    with _opened(source, name) as picture:
        picture.load()
        return picture


@contextmanager
def _opened(source: Path | bytes, name: str) -> Iterator[Image.Image]:
    """A picture whose size is within bounds; whatever goes wrong with it is said in one line."""
    called = repr(str(source)) if isinstance(source, Path) else name
    if isinstance(source, Path) and not source.is_file():
        check_file(source, MAX_BYTES)  # A pipe would be waited for, a device read without an end.
    try:
        opened = source if isinstance(source, Path) else io.BytesIO(source)
        with Image.open(opened, formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise InputError(
                    f"{called} has {picture.width} x {picture.height} pixels, and {MAX_PIXELS} are "
                    f"the most; {SMALLER}"
                )
            yield picture
    except (MemoryError, InputError):
        raise
    except Image.DecompressionBombError as error:
        raise InputError(
            f"{called} is too large ({reason(error)}), and {MAX_PIXELS} pixels are the most; {SMALLER}"
        ) from error
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
    for chunk in _chunks(items, total, decode_one, what):
        yield np.stack(chunk)


def each(items: Sequence[Item], do: Callable[[Item], Result], what: str) -> Iterator[Result]:
    """Does something with many items on all processors; the results in the order of the items.

    Args:
        items: such as paths.
        do: what is done with each.
        what: beside the progress bar.

    Raises:
        InputError: `do` did; the first in the order of the items.
    """
    for chunk in _chunks(items, len(items), do, what):
        yield from chunk


def _chunks(
    items: Iterable[Item], total: int, do: Callable[[Item], Result], what: str
) -> Iterator[list[Result]]:
    """Results in lists of at most `CHUNK`, a few of which are in memory."""

    def do_some(some: list[Item]) -> list[Result]:
        return [do(item) for item in some]

    workers = os.cpu_count() or 1
    waiting: deque[Future[list[Result]]] = deque()
    iterator = iter(items)
    # Threads serve: Pillow gives up Python's lock while it decodes and resizes.
    with (
        quiet_pillow(),
        tqdm(total=total, desc=what, unit="image", disable=None, leave=False) as bar,
        ThreadPoolExecutor(workers) as pool,
    ):
        try:
            while some := list(islice(iterator, CHUNK)):
                waiting.append(pool.submit(do_some, some))
                if len(waiting) > 2 * workers:
                    yield _next(waiting, bar)
            while waiting:
                yield _next(waiting, bar)
        finally:
            for future in waiting:
                future.cancel()


def _next(waiting: "deque[Future[list[Result]]]", bar: tqdm) -> list[Result]:
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
