"""The instances of a request's JSON, as the array that the model takes, within bounds."""

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageColor, ImageOps

MAX_BODY = 2**23  # Bytes.
MAX_INSTANCES = 256
MAX_PIXELS = 2**24  # Of all pictures of a request together.
MAX_SIDE = 2**14  # Of a picture: resizing keeps much for every row and column.
# A progressive JPEG has about ten; each goes over all pixels, and may be a few bytes.
MAX_SCANS = 64
GREY = ("1", "L", "LA", "La")
COLOUR = ("RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "P", "PA")
WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")

Image.MAX_IMAGE_PIXELS = None  # `to_array` has a bound of its own, before it decodes.


class RequestError(Exception):
    """A request that is not answered: a status of HTTP, and why in one line."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def read_request(body: bytes) -> tuple[str, list[Any]]:
    """The signature and the instances that a body asks for: TensorFlow Serving's row format.

    Raises:
        RequestError: it is no JSON, or JSON of something else.
    """
    try:
        request = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"the body is no JSON: {str(error)[:200]}") from error
    if not isinstance(request, dict) or not isinstance(request.get("instances"), list):
        raise RequestError(400, 'the body must be {"instances": [IMAGE, ...]}')
    if unknown := set(request) - {"instances", "signature_name"}:
        raise RequestError(
            400, f"unknown key {min(unknown)[:50]!r}; give instances, signature_name"
        )
    signature, instances = request.get("signature_name", "serving_default"), request["instances"]
    if not isinstance(signature, str):
        raise RequestError(400, "signature_name must be a text")
    if not instances:
        raise RequestError(400, "instances is empty; give at least one")
    if len(instances) > MAX_INSTANCES:
        raise RequestError(413, f"{len(instances)} instances, and {MAX_INSTANCES} are the most")
    return signature, instances


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def to_array(
    instances: Sequence[Any], shape: tuple[int, ...], dtype: Any, fit: str, background: str
) -> np.ndarray:
    """The instances as one array [n, *shape].

    Args:
        instances: nested lists of numbers; or {"b64": TEXT} of a PNG's or JPEG's bytes, in uint8
            only. {"images": EITHER} names the input, which is the only one.
        shape: (H, W, C), or (D,) of vectors.
        dtype: uint8, whose numbers are whole and 0 to 255, or float32, whose range the model checks.
        fit: how pictures get their size: "crop", "pad" or "stretch".
        background: what transparent pictures are laid on, and margins are made of.

    Raises:
        RequestError: the first instance that is not so.
    """
    arrays, pixels = [], MAX_PIXELS
    for k, instance in enumerate(instances):
        if isinstance(instance, dict) and set(instance) == {"images"}:
            instance = instance["images"]
        try:
            if not isinstance(instance, dict):
                arrays.append(_numbers(instance, shape, dtype))
                continue
            if len(shape) != 3 or dtype != np.uint8:
                raise RequestError(
                    400, "only a signature of uint8 images takes pictures; give numbers"
                )
            picture = _opened(instance)
            pixels -= picture.width * picture.height
            if pixels < 0:
                raise RequestError(413, f"the pictures have more than {MAX_PIXELS} pixels together")
            arrays.append(_decoded(picture, shape, fit, background))
        except RequestError as error:
            raise RequestError(error.status, f"instances[{k}]: {error}") from error
    return np.stack(arrays)


def _numbers(value: Any, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    whole = dtype == np.uint8
    wanted = f"{'x'.join(map(str, shape))} {'whole numbers from 0 to 255' if whole else 'numbers'}"
    # Objects first: of a long text among numbers any other type would make as many long texts.
    try:
        found = np.array(value, dtype=object)
    except ValueError:
        found = np.empty(0, object)
    if found.shape != shape:
        raise RequestError(
            400, f"must be {wanted} as nested lists, or a picture as {{'b64': TEXT}}"
        )
    kinds = set(map(type, found.ravel()))
    if not kinds <= ({int} if whole else {int, float}) or (whole and not _in_bytes(found)):
        raise RequestError(400, f"must be {wanted}")
    try:
        return found.astype(dtype)
    except OverflowError as error:
        raise RequestError(400, "holds a number that is too large") from error


def _in_bytes(found: np.ndarray) -> bool:
    return found.min() >= 0 and found.max() <= 255


def _opened(instance: dict[str, Any]) -> Image.Image:
    """A picture whose header alone has been read."""
    if set(instance) != {"b64"} or not isinstance(instance["b64"], str):
        raise RequestError(400, 'must be nested lists, or {"b64": TEXT}')
    try:
        data = base64.b64decode(instance["b64"], validate=True)
    except ValueError as error:
        raise RequestError(400, f"is no base64: {error}") from error
    try:
        picture = Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))
    except Exception as error:  # Of damaged files Pillow raises many kinds.
        raise RequestError(400, "is no PNG or JPEG that can be read") from error
    if picture.format != "PNG" and data.count(b"\xff\xda") > MAX_SCANS:
        raise RequestError(413, f"is a JPEG of more than {MAX_SCANS} scans")
    if max(picture.size) > MAX_SIDE:
        raise RequestError(413, f"is {picture.width} x {picture.height}, and {MAX_SIDE} the most")
    if picture.mode not in (*GREY, *COLOUR):
        raise RequestError(400, f"has values of mode {picture.mode}; give 8-bit grey or RGB")
    return picture


def _decoded(picture: Image.Image, shape: tuple[int, ...], fit: str, background: str) -> np.ndarray:
    try:
        return _fitted(_seen(picture, background), shape, fit, background)
    except Exception as error:  # As above.
        raise RequestError(400, f"cannot be decoded: {str(error)[:200]}") from error


def _seen(picture: Image.Image, background: str) -> Image.Image:
    """The picture upright and on a background, as the package's `predict` sees it."""
    mode = "L" if picture.mode in GREY else "RGB"
    picture = ImageOps.exif_transpose(picture)
    picture.load()
    if picture.mode in WITH_ALPHA or "transparency" in picture.info:
        ground = Image.new("RGBA", picture.size, ImageColor.getrgb(background)[:3])
        picture = Image.alpha_composite(ground, picture.convert("RGBA"))
    return picture.convert(mode)


def _fitted(picture: Image.Image, shape: tuple[int, ...], fit: str, background: str) -> np.ndarray:
    """A picture of any proportions as uint8 [H, W, C], as the package's `predict` makes it."""
    size, lanczos = (shape[1], shape[0]), Image.Resampling.LANCZOS
    mode = "L" if shape[2] == 1 else "RGB"
    picture = picture.convert(mode)
    if picture.size != size and fit == "crop":
        picture = ImageOps.fit(picture, size, lanczos)
    elif picture.size != size and fit == "pad":
        inside = ImageOps.contain(picture, size, lanczos)
        picture = Image.new("RGB", size, ImageColor.getrgb(background)[:3]).convert(mode)
        picture.paste(inside, ((size[0] - inside.width) // 2, (size[1] - inside.height) // 2))
    elif picture.size != size:
        picture = picture.resize(size, lanczos)
    return np.asarray(picture).reshape(shape)
